"""Bytes to characters: UTF-8, checked, and what is not UTF-8 named."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path

from neuron_tui.engine.corpus.readers.compressed import blocks
from neuron_tui.engine.corpus.reading import Chunk, Notes, chunks_of_stream
from neuron_tui.store.errors import CorpusError

_HEAD = 4096
"""Bytes that tell the encoding."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def text_chunks(path: Path, packing: str, notes: Notes) -> Iterator[Chunk]:
    """The one document of a text file, in chunks; raises CorpusError."""
    return chunks_of_stream(characters(path, packing, notes), notes)


def characters(
    path: Path, packing: str, notes: Notes, *, may_be_cut: bool = False, noting: bool = True
) -> Iterator[str]:
    """The text of a file, a block at a time, never cut inside a character; a byte order mark is left out.

    Parameters
    ----------
    packing
        gz, zst, or empty for a file that is not compressed.
    may_be_cut
        Whether the file may end inside a character, which is left out then.
    noting
        Whether stray control characters are noted.

    Raises
    ------
    CorpusError
        The file cannot be read, or is not UTF-8; the message names the byte and the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, line, broken = 0, 1, notes.broken
    for block in _with_whole_head(blocks(path, packing, notes)):
        data = block
        if not at:
            _refuse_wide(path, block)
            data = block.removeprefix(codecs.BOM_UTF8)
            at = len(block) - len(data)
        start = at - len(decoder.getstate()[0])
        try:
            text = decoder.decode(data)
        except UnicodeDecodeError as error:
            bad = bytes(error.object)
            raise _not_utf8(path, bad, start + error.start, line + bad.count(b"\n", 0, error.start)) from error
        if noting:
            notes.note_controls_at(text, path, start)
        at += len(data)
        line += text.count("\n")
        yield text
    pending = decoder.getstate()[0]
    if pending and not may_be_cut and notes.broken == broken:  # where a compressed file breaks, a character may too
        raise _not_utf8(path, pending, at - len(pending), line)


def _with_whole_head(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, the first `_HEAD` of them together."""
    head: bytes | None = b""
    for part in parts:
        if head is None:
            yield part
            continue
        head += part
        if len(head) >= _HEAD:
            yield head
            head = None
    if head:
        yield head


def _refuse_wide(path: Path, head: bytes) -> None:
    """Raise CorpusError for text of two or four bytes a character, by its mark or by where its NULs are."""
    name = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _unmarked_wide(head[:_HEAD])
    if name is not None:
        raise CorpusError(f"corpus {path}: {name}, not UTF-8\nConvert it: iconv -f {name} -t UTF-8 FILE > NEW.")


def _unmarked_wide(head: bytes) -> str | None:
    """UTF-16LE or UTF-16BE, where every other byte is mostly NUL and the others hardly ever are."""
    even, odd = head[::2], head[1::2]
    if len(odd) < 4:
        return None
    zeros, others = even.count(0) / len(even), odd.count(0) / len(odd)
    if min(zeros, others) > 0.1 or max(zeros, others) < 0.6:
        return None
    return "UTF-16LE" if others > zeros else "UTF-16BE"


def _not_utf8(path: Path, data: bytes, byte: int, line: int) -> CorpusError:
    if b"\0" in data:
        return CorpusError(
            f"corpus {path}: binary data, not text (not UTF-8 at byte {byte:,})\nName a file of UTF-8 text."
        )
    return CorpusError(
        f"corpus {path}: not UTF-8 at byte {byte:,}, in line {line:,}\nConvert it first, say with iconv -t UTF-8."
    )
