"""Text as it comes: every kind of file gives its documents, and what cannot be used is skipped, said or refused."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from neuron_tui.engine.corpus import reading
from neuron_tui.engine.corpus.readers import compressed, records
from neuron_tui.engine.corpus.reading import CHARACTERS, Notes, announcement
from neuron_tui.engine.corpus.sources import chunks, documents
from neuron_tui.store.errors import CorpusError

TEXTS = ["one été", "two\nlines\n\nand more 日本", 'three "quoted", with\tmore', "four 🙂"]


def read(path: Path | str, key: str = "text") -> tuple[list[str], Notes]:
    """The documents of a source, and what was noted."""
    notes, found = Notes(), list[str]()
    for chunk in chunks(str(path), key, notes):
        assert len(chunk.text) <= CHARACTERS
        if chunk.begins:
            found.append("")
        found[-1] += chunk.text
    return found, notes


def refusal(path: Path | str, key: str = "text") -> str:
    with pytest.raises(CorpusError) as caught:
        read(path, key)
    message = str(caught.value)
    assert len(message.split("\n")) <= 2
    return message


def as_jsonl(texts: list[str], key: str = "text") -> bytes:
    return "".join(json.dumps({"id": 1, key: text}) + "\n" for text in texts).encode()


def as_csv(texts: list[str], key: str = "text") -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([("id", key), *((1, text) for text in texts)])
    return written.getvalue().encode()


def as_parquet(texts: list[str | None], key: str = "text", **options: object) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pa.table({"id": list(range(len(texts))), key: texts}), written, **options)
    return written.getvalue()


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKED: dict[Callable[[bytes], bytes], str] = {bytes: "", gzip.compress: ".gz", zst: ".zst"}


# Kinds of files


@pytest.mark.parametrize("pack", PACKED, ids=PACKED.get)
@pytest.mark.parametrize(
    ("suffix", "content", "expected"),
    [
        (".txt", "\n\n".join(TEXTS).encode(), ["\n\n".join(TEXTS)]),
        (".txt", codecs.BOM_UTF8 + b"marked", ["marked"]),
        (".md", b"# Title\n\nwords\n", ["# Title\n\nwords\n"]),
        (".jsonl", as_jsonl(TEXTS), TEXTS),
        (".jsonl", as_jsonl(TEXTS).rstrip(), TEXTS),
        (".csv", as_csv(TEXTS), TEXTS),
        (".csv", codecs.BOM_UTF8 + as_csv(TEXTS), TEXTS),
    ],
)
def test_documents_of_a_file(
    suffix: str, content: bytes, expected: list[str], pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / f"a{suffix}{PACKED[pack]}"
    path.write_bytes(pack(content))
    found, notes = read(path)
    assert found == expected
    assert announcement({"a": notes}) == ""


@pytest.mark.parametrize("name", ["a.py", "a.rs", "A.TXT", "a.MD", "a.tex"])
def test_source_code_and_other_plain_text(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x = 1\n")
    assert read(tmp_path / name)[0] == ["x = 1\n"]


@pytest.mark.parametrize(
    "options",
    [{}, {"row_group_size": 3}, {"compression": "zstd", "use_dictionary": False}, {"data_page_version": "2.0"}],
)
def test_parquet(options: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(as_parquet([*TEXTS * 10, None, " "], "body", **options))
    found, notes = read(tmp_path / "a.parquet", "body")
    assert found == TEXTS * 10
    assert notes.describe() == "2 documents without text"


def test_frames_that_hold_no_text_are_passed_over(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    (tmp_path / "a.txt.zst").write_bytes(skippable + zst(b"one ") + zst(b"") + skippable + zst(b"two") + skippable)
    found, notes = read(tmp_path / "a.txt.zst")
    assert (found, notes.broken) == (["one two"], 0)


def test_parts_of_compressed_files_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one ") + bytes(512) + gzip.compress(b"two"))
    (tmp_path / "a.txt.zst").write_bytes(zst(b"one ") + zst(b"two"))
    for packing in ("gz", "zst"):
        found, notes = read(tmp_path / f"a.txt.{packing}")
        assert (found, notes.broken) == (["one two"], 0)


@settings(deadline=None, max_examples=30)
@given(block=st.integers(1, 50), text=st.text(st.sampled_from("ab\n é日🙂"), min_size=1, max_size=200))
def test_text_does_not_depend_on_the_blocks_it_comes_in(
    block: int, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("blocks")
    (folder / "a.txt").write_text("x" + text, encoding="utf-8", newline="")
    (folder / "a.txt.gz").write_bytes(gzip.compress(("x" + text).encode()))
    (folder / "a.jsonl").write_bytes(as_jsonl(["x" + text] * 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressed, "BLOCK", block)
        patch.setattr(compressed, "_ZST_STEP", block)
        assert read(folder / "a.txt")[0] == read(folder / "a.txt.gz")[0] == ["x" + text]
        assert read(folder / "a.jsonl")[0] == ["x" + text] * 3


def test_a_directory_is_read_in_the_order_of_its_paths_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.py", "a/.hidden.txt", ".git/c.txt", "c.png", "a.b/d.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert read(tmp_path)[0] == ["a/z.py", "a.b/d.md", "b.txt"]
    assert list(documents(str(tmp_path))) == ["a/z.py", "a.b/d.md", "b.txt"]


def test_what_is_named_as_a_text_in_a_directory_and_is_none_is_not_left_out_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").symlink_to("absent")
    with pytest.raises(CorpusError, match=r"b\.txt: there is no such file"):
        read(tmp_path)
    (tmp_path / "b.txt").unlink()
    os.mkfifo(tmp_path / "b.txt")
    with pytest.raises(CorpusError, match=r"b\.txt: this is a named pipe"):
        read(tmp_path)


# What is skipped or said


def test_documents_without_text_are_skipped_and_counted(tmp_path: Path) -> None:
    rows = [{"text": "one"}, {"text": None}, {"text": ""}, {"text": " \n"}, {"text": "two"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, notes = read(tmp_path / "a.jsonl")
    assert found == ["one", "two"]
    assert announcement({"wiki": notes}) == "Skipped: 3 documents without text (wiki)."
    (tmp_path / "a.csv").write_text('id,text\n1,one\n2,\n3\n\n4,"two"\n')
    found, notes = read(tmp_path / "a.csv")
    assert (found, notes.skipped.empty) == (["one", "two"], 2)


@pytest.mark.parametrize("tail", [b'{"text": "tw', b'{"text": "\xc3', b"{", b'{"text": "two"'])
def test_a_cut_last_line_is_skipped_and_counted(tail: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "one"}\n' + tail)
    found, notes = read(tmp_path / "a.jsonl")
    assert found == ["one"]
    assert announcement({"a": notes}) == "Skipped: 1 cut last line (a)."


def test_a_cut_last_row_is_skipped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text\n"one"\n"two\nand')
    assert read(tmp_path / "a.csv")[0] == ["one"]
    assert read(tmp_path / "a.csv")[1].skipped.cut == 1


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_broken_end_is_skipped_and_counted(packing: str, tmp_path: Path) -> None:
    lines = [f"line {i * 7919} of {i}é" for i in range(100_000)]
    data = as_jsonl(lines)
    packed = gzip.compress(data, mtime=0) if packing == "gz" else zst(data)
    for number, broken in enumerate((packed[:-4], packed[: len(packed) // 2], packed + b"more")):
        path = tmp_path / f"{number}.jsonl.{packing}"
        path.write_bytes(broken)
        found, notes = read(path)
        assert 10_000 < len(found) <= len(lines)
        assert found == lines[: len(found)]
        assert notes.broken == 1
        assert "the broken end of 1 compressed file" in announcement({"a": notes})


def test_a_stray_control_character_is_text_and_its_place_is_said(tmp_path: Path) -> None:
    words = "words été " * 20_000
    (tmp_path / "a.txt").write_text(f"{words}\0{words}\x1b{words}")
    found, notes = read(tmp_path / "a.txt")
    assert found == [f"{words}\0{words}\x1b{words}"]
    said = f"2 control characters were read as text: the first is U+0000 in {tmp_path}/a.txt at byte 240,000."
    assert announcement({"a": notes}) == said
    (tmp_path / "a.jsonl").write_bytes(as_jsonl(["one", "t\0wo"]))
    assert announcement({"a": read(tmp_path / "a.jsonl")[1]}).endswith(f"U+0000 in line 2 of {tmp_path}/a.jsonl.")


# What is refused


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_is_named_with_what_to_do(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Some words in Latin letters\n".encode(encoding) * 3)
    message = refusal(tmp_path / "a.txt")
    assert "iconv -f UTF-" in message
    assert encoding[:6].upper() in message


def test_text_that_is_not_utf_8_is_named_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"words\n" * 50_000 + b"sch\xf6n")
    assert "not UTF-8 at byte 300,003, in line 50,001" in refusal(tmp_path / "a.txt")
    (tmp_path / "a.txt").write_bytes("wordsé".encode()[:-1])
    assert "not UTF-8 at byte 5, in line 1" in refusal(tmp_path / "a.txt")
    (tmp_path / "a.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    assert "binary data" in refusal(tmp_path / "a.txt")


def test_pipes_devices_and_sockets_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert "a named pipe (FIFO)" in refusal(tmp_path / "a.txt")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("b.txt")
        assert "a socket" in refusal(tmp_path / "b.txt")
    assert "a device" in refusal("/dev/zero")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", as_jsonl(["x"], "body")), ("a.csv", as_csv(["x"], "body")), ("a.parquet", as_parquet(["x"], "body"))],
)
def test_the_keys_that_are_there_are_listed(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    message = refusal(tmp_path / name)
    assert "no key `text`; there are `id`, `body`" in message
    assert "--text-key" in message
    assert read(tmp_path / name, "body")[0] == ["x"]


@pytest.mark.parametrize(
    ("name", "content", "saying"),
    [
        ("a.jsonl", b'{"text": "one"}\n{"text": [1]}\n', "line 2: `text` is not a string but a list"),
        ("a.jsonl", b'{"text": ' + b"1" * 5000 + b"}\n", "line 1: not JSON"),
        ("a.csv", b'text\n"one" two\n', "line 2: not CSV"),
        ("a.parquet", b"PAR1 and more", "not a whole Parquet file"),
        ("a.parquet", as_parquet(["x"] * 100)[:-20], "not a whole Parquet file"),
        ("a.parquet", as_parquet([1, 2]), "holds int64, not text"),  # type: ignore[list-item]
        ("a.txt.gz", b"plain text", "not a whole gzip file"),
        ("a.txt.zst", b"plain text", "not a whole zstd file"),
    ],
)
def test_malformed_files_are_named(name: str, content: bytes, saying: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert saying in refusal(tmp_path / name)


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", as_jsonl(["x" * 9000])), ("a.csv", as_csv(["x\n" * 500]))])
def test_a_record_without_end_is_refused(
    name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "LONGEST_RECORD", 300)
    monkeypatch.setattr("neuron_tui.engine.corpus.readers.table.LONGEST_RECORD", 300)
    (tmp_path / name).write_bytes(content)
    assert "line" in refusal(tmp_path / name)


@pytest.mark.parametrize(("module", "name"), [("pyarrow", "a.parquet"), ("zstandard", "a.txt.zst")])
def test_a_library_that_is_missing_is_named(
    module: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(b"x")
    monkeypatch.setitem(sys.modules, module, None)
    assert f"pip install {module}" in refusal(tmp_path / name)


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no such file" in refusal(tmp_path / "gone.txt")
    assert "no such file" in refusal(f"{tmp_path}/a\0b.txt")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    assert "loop.txt" in refusal(tmp_path / "loop.txt")

    def refuse(self: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(self))

    (tmp_path / "secret.txt").touch()
    monkeypatch.setattr(Path, "stat", refuse)
    assert "no permission" in refusal(tmp_path / "secret.txt")


def test_blank_beginnings_are_held_back_only_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LONGEST_BLANK", 100)
    (tmp_path / "a.txt").write_text(" " * 90 + "text")
    assert read(tmp_path / "a.txt")[0] == [" " * 90 + "text"]
    (tmp_path / "a.txt").write_text(" " * 90)
    assert "no text (1 document without text)" in refusal(tmp_path / "a.txt")


def test_libraries_are_loaded_only_for_files_that_need_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    code = (
        "import sys; from neuron_tui.engine.corpus.sources import documents; "
        f"print(list(documents({str(tmp_path / 'a.txt')!r}))); "
        "print([m for m in ('pyarrow', 'zstandard', 'datasets', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['text']", "[]"]
