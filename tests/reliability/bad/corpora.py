"""Text that cannot be read, is no text, never ends, is far larger than it looks, or changes while it is read."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import zstandard

from tests.reliability.bad.case import BUDGET, Case, Place, instead, text

_WORDS = b"The quick brown fox jumps over the lazy dog of the house. "
_LARGE = 10 << 30
"""Bytes that a small file becomes."""


def _source(*sources: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        place.corpus = [f"d={source}" for source in sources]

    return make


def _special(name: str, what: str) -> Callable[[Place], None]:
    """A source that is no file; below a folder where its name says so."""

    def make(place: Place) -> None:
        path = place.folder / name
        path.parent.mkdir(exist_ok=True)
        if path.parent != place.folder:
            (path.parent / "a.txt").write_bytes(_WORDS * 9)
        instead(path, what)
        place.corpus = [f"d={path if path.parent == place.folder else path.parent}"]

    return make


def _gzip_bomb(begin: bytes, unit: bytes, size: int = _LARGE) -> Callable[[], bytes]:
    return lambda: _gzipped(begin, unit, size)


def _zstd_bomb(begin: bytes, unit: bytes, size: int = _LARGE) -> Callable[[], bytes]:
    return lambda: _zstded(begin, unit, size)


def _gzipped(begin: bytes, unit: bytes, size: int) -> bytes:
    """A gzip file of `size` bytes: one unit again and again. A deflated block that was made once is repeated."""
    unit *= max(1, (1 << 20) // len(unit))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (size // len(unit))


def _zstded(begin: bytes, unit: bytes, size: int) -> bytes:
    unit *= max(1, (1 << 20) // len(unit))
    packer = zstandard.ZstdCompressor(level=3)
    return packer.compress(begin) + packer.compress(unit) * (size // len(unit))


def _wide_window() -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(_WORDS * 1000) + packer.flush()


def _sparse(name: str, begin: bytes, size: int, *options: str) -> Callable[[Place], None]:
    """A file of which nearly all is a hole, which reads as NULs."""

    def make(place: Place) -> None:
        os.truncate(place.text(name, begin), size)
        place.options += options

    return make


def _lines(rows: Iterable[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _folder(fill: Callable[[Path], object]) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        folder = place.folder / "texts"
        folder.mkdir()
        (folder / "a.txt").write_bytes(_WORDS * 9)
        fill(folder)
        place.corpus = [f"d={folder}"]

    return make


def _cycle(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "above").symlink_to(folder)
    (folder / "itself").symlink_to(folder)


def _deep(folder: Path) -> None:
    """Folders in folders beyond the longest path that there may be."""
    before = Path.cwd()
    try:
        os.chdir(folder)
        for _ in range(60):
            Path("d" * 100).mkdir()
            os.chdir("d" * 100)
        Path("b.txt").write_bytes(_WORDS)
    finally:
        os.chdir(before)


def _hostile_names(folder: Path) -> None:
    for name in ("\x1b[2J.txt", "a\nb.txt", "\u202e.txt", "-rf.txt", "$(touch x).txt", " .txt", "日本.txt"):
        (folder / name).write_bytes(_WORDS)
    (folder / "\x1b[31mno\n.jsonl").write_bytes(b"not JSON\n")


def _not_utf8_name(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff\xfe.txt")).write_bytes(b"\xff")


def _closed(name: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        path = place.text(name, _WORDS * 9)
        path.chmod(0)
        place.options += ["--unprivileged"]

    return make


def _closed_below(place: Place) -> None:
    _folder(lambda folder: (folder / "closed.txt").write_bytes(_WORDS))(place)
    (place.folder / "texts" / "closed.txt").chmod(0)
    place.options += ["--unprivileged"]


def _closed_folder(place: Place) -> None:
    _folder(lambda folder: (folder / "closed").mkdir(mode=0))(place)
    place.options += ["--unprivileged"]


def _while_read(name: str, content: bytes, change: str) -> Callable[[Place], None]:
    """A file that another process changes all the time: it grows, is cut short, goes and comes back."""

    def make(place: Place) -> None:
        place.text(name, content)
        place.options += [f"--meanwhile={change}"]

    return make


_SPECIAL = tuple(
    Case(f"{where} that is a {what}", _special(name, what), saying)
    for where, name in (("text", "x.txt"), ("jsonl", "x.jsonl.gz"), ("parquet", "x.parquet"), ("text below", "f/x.txt"))
    for what, saying in (
        *(("fifo", "a named pipe"), ("device", "a device"), ("random", "a device")),
        *(("loop", "x."), ("nothing", "there is no such file")),
    )
)

_SOURCES = (
    Case("/dev/zero", _source("/dev/zero"), "a device"),
    Case("/dev/random", _source("/dev/random"), "a device"),
    Case("/dev/stdin", _source("/dev/stdin"), "/dev/stdin"),
    Case("/proc/kmsg", _source("/proc/kmsg"), "not a kind of file"),
    Case("a glob that nothing expanded", _source("/tmp/no*.txt"), "there is no such file"),
    Case("a path of 9,000 characters", _source("/x" * 4500), "corpus "),
    Case("a name with control characters", _source("/a\x1b[2J\nb.txt"), "there is no such file"),
    *(
        Case(f"dataset {name!r}", _source(name), "corpus hf:")
        for name in (
            *(
                "hf:/etc/passwd:train",
                "hf:../../etc:train",
                "hf:a",
                "hf::train",
                "hf:",
                "hf:a:b:c:d:e",
                "hf:/dev/zero:x",
            ),
            *("hf:./x\x1b[2J:train", "hf:~root:train", "hf:" + "x" * 5000 + ":train"),
        )
    ),
)

_PACKED = (
    Case("gzip of 10 GB, little wanted", text("x.txt.gz", _gzip_bomb(_WORDS, _WORDS), *BUDGET), "Done", 0),
    Case("zstd of 10 GB, little wanted", text("x.txt.zst", _zstd_bomb(_WORDS, _WORDS), *BUDGET), "Done", 0),
    Case("gzip of 10 GB of one word", text("x.txt.gz", _gzip_bomb(b"", b"a"), *BUDGET), "Done", 0),
    Case("gzip of 2 GB of blanks", text("x.txt.gz", _gzip_bomb(b"", b" ", 2 << 30), *BUDGET), "", 0, slow=True),
    Case(
        "gzip of 2 GB in a line",
        text("x.jsonl.gz", _gzip_bomb(b'{"text": "', b"a ", 2 << 30), *BUDGET),
        "characters in one line",
        slow=True,
    ),
    Case(
        "zstd of 2 GB in a line",
        text("x.jsonl.zst", _zstd_bomb(b'{"text": "', b"a ", 2 << 30), *BUDGET),
        "characters in one line",
        slow=True,
    ),
    Case(
        "gzip of 2 GB in a field",
        text("x.csv.gz", _gzip_bomb(b'text\n"', b"a ", 2 << 30), *BUDGET),
        "x.csv.gz",
        slow=True,
    ),
    Case("zstd with a window of 2 GB", text("x.txt.zst", _wide_window), "not a whole zstd file"),
    Case("gzip in gzip", text("x.txt.gz", gzip.compress(gzip.compress(_WORDS))), "x.txt.gz"),
    Case("gzip end to end", text("x.txt.gz", gzip.compress(_WORDS * 9) * 9), "Done", 0),
    Case("zstd end to end", text("x.txt.zst", zstandard.compress(_WORDS * 9) * 9), "Done", 0),
    Case("gzip, then noise", text("x.txt.gz", gzip.compress(_WORDS * 9) + b"noise"), "the broken end of 1", 0),
    Case("gzip cut off", text("x.txt.gz", gzip.compress(os.urandom(9) + _WORDS * 999)[:-9]), "x.txt.gz"),
    Case(
        "gzip with another checksum",
        text("x.txt.gz", gzip.compress(_WORDS * 9)[:-8] + b"12345678"),
        "incorrect data check",
    ),
    Case(
        "zstd cut off",
        text("x.jsonl.zst", zstandard.compress(_lines({"text": str(n)} for n in range(9999)))[:-9]),
        "the broken end",
        0,
    ),
    Case("zip with another name", text("x.txt.gz", b"PK\3\4" + b"\0" * 99), "not a whole gzip file"),
    Case("tar in gzip", text("x.txt.gz", gzip.compress(b"x.txt\0" + b"\0" * 9999 + b"\xff")), "binary data"),
)

_JSONL = (
    Case("a line of 1 GB of nothing", _sparse("x.jsonl", b'{"text": "', 1 << 30), "characters in one line", slow=True),
    Case("a text of 1 TB of nothing", _sparse("x.txt", _WORDS * 99, 1 << 40, *BUDGET), "Done", 0),
    Case("half surrogate pairs", text("x.jsonl", b'{"text": "a \\ud800 b \\udc00 c"}\n' * 9), "Done", 0),
    Case("a key that is half a pair", text("x.jsonl", b'{"\\ud800": "a"}\n'), "no key `text`"),
    Case("keys with control characters", text("x.jsonl", b'{"\\u001b[2J\\n": "a"}\n'), "no key `text`"),
    Case("a number of 10,000 digits", text("x.jsonl", b'{"text": "a b", "n": ' + b"9" * 10_000 + b"}\n"), "line 1"),
    Case("lists in lists", text("x.jsonl", b'{"text": ' + b"[" * 10**6 + b"\n"), "line 1: not JSON"),
    Case("a text twice", text("x.jsonl", b'{"text": "one two", "text": "three four"}\n' * 9), "Done", 0),
    Case("NaN for a text", text("x.jsonl", b'{"text": NaN}\n'), "is not a string but a number"),
    Case(
        "a million documents without text",
        text("x.jsonl", lambda: b'{"text": ""}\n' * 10**6),
        "1,000,000 documents",
        slow=True,
    ),
    Case(
        "a million documents of null",
        text("x.jsonl", lambda: b'{"text": null}\n' * 10**6),
        "1,000,000 documents",
        slow=True,
    ),
    Case("ten million line feeds", text("x.jsonl", lambda: b"\n" * 10**7), "holds no text", slow=True),
    Case("UTF-16", text("x.txt", _WORDS.decode().encode("utf-16-le")), "UTF-16"),
    Case("UTF-32", text("x.txt", _WORDS.decode().encode("utf-32")), "UTF-32"),
    Case("Latin-1", text("x.txt", "schön ".encode("latin-1") * 99), "not UTF-8 at byte 3"),
    Case("UTF-8 that is too long", text("x.txt", _WORDS + b"\xc0\x80"), "not UTF-8"),
    Case("surrogates in UTF-8", text("x.txt", _WORDS + b"\xed\xa0\x80"), "not UTF-8"),
    Case("half a character at the end", text("x.txt", _WORDS + b"\xf0\x9f"), "not UTF-8"),
    Case("a key that is empty", text("x.jsonl", b'{"": "a b c d"}\n' * 9, "--text-key", ""), "no key"),
)

_FOLDERS = (
    Case("links in a circle", _folder(_cycle), "Done", 0),
    Case("a folder of folders beyond any path", _folder(_deep), "cannot be read"),
    Case("names that act on terminals", _folder(_hostile_names), "not JSON"),
    Case("a name that is not UTF-8", _folder(_not_utf8_name), "not UTF-8"),
    Case("a folder named as a text", _folder(lambda folder: (folder / "x.txt").mkdir()), "Done", 0),
    Case(
        "100,000 empty files",
        _folder(lambda folder: [(folder / f"{n}.txt").touch() for n in range(100_000)]),
        "100,000 documents",
        0,
        slow=True,
    ),
    Case("a text that may not be read", _closed("x.txt"), "no permission"),
    Case("Parquet that may not be read", _closed("x.parquet"), "no permission"),
    Case("a text below that may not be read", _closed_below, "no permission"),
    Case("a folder that may not be read", _closed_folder, "cannot be read"),
)

_MOVING = (
    Case("a text that grows without end", _while_read("x.txt", _WORDS * 99, "grow"), "Done", 0),
    Case("lines that grow without end", _while_read("x.jsonl", _lines([{"text": "a b c d"}] * 99), "grow"), "Done", 0),
    Case("a text that is cut while it is read", _while_read("x.txt", _WORDS * 3000, "cut"), "or changed, while"),
    Case(
        "gzip that is cut while it is read",
        _while_read("x.txt.gz", gzip.compress(os.urandom(2_000_000).hex().encode(), 1), "cut"),
        "or changed, while",
    ),
)

CASES = (*_SPECIAL, *_SOURCES, *_PACKED, *_JSONL, *_FOLDERS, *_MOVING)
