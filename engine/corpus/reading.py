"""What is handed on while text is read, and what is noted on the way."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neuron_tui.store.errors import CorpusError
from neuron_tui.store.runs.manifest import Skipped, SourceState
from neuron_tui.store.wording import count_noun

CHARACTERS = 1 << 16
"""Characters of a chunk at most."""

_LONGEST_BLANK = 1 << 20
"""Characters of white space, before any other, that are held back at most."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document, `CHARACTERS` at most; `begins` if it is the first, `ends` if it is the last."""

    text: str
    begins: bool
    ends: bool


@dataclass(slots=True)
class Notes:
    """What was met while the text of a domain was read: what was skipped, and what people should know.

    `controls` counts control characters that text seldom holds, `first_control` says where the first is; `files` are
    the files that were opened since a source was begun.
    """

    empty: int = 0
    cut: int = 0
    broken: int = 0
    controls: int = 0
    first_control: str = ""
    files: list[tuple[str, os.stat_result]] = field(default_factory=list)

    @property
    def skipped(self) -> Skipped:
        """What was skipped, as the manifest keeps it."""
        return Skipped(empty=self.empty, cut=self.cut, broken=self.broken)

    def note_controls(self, text: str, where: str) -> None:
        """Count the control characters of a text and keep where the first is; `where` names the text."""
        found = _CONTROL.search(text)
        if found is None:
            return
        if not self.controls:
            self.first_control = f"U+{ord(found[0]):04X} in {where}"
        self.controls += len(_CONTROL.findall(text, found.start()))

    def note_controls_at(self, text: str, path: Path, at: int) -> None:
        """The same for text that begins at byte `at` of a file, from 0, as it is once decompressed."""
        if not self.controls and (found := _CONTROL.search(text)) is not None:
            byte = at + len(text[: found.start()].encode())
            self.note_controls(text, f"{path} at byte {byte:,}")
        else:
            self.note_controls(text, "")

    def describe(self) -> str:
        """What was skipped, in words; empty if nothing was."""
        parts = (
            (self.empty, f"{count_noun(self.empty, 'document')} without text"),
            (self.cut, f"{self.cut:,} cut last {'line' if self.cut == 1 else 'lines'}"),
            (self.broken, f"the broken end of {count_noun(self.broken, 'compressed file')}"),
        )
        return ", ".join(words for count, words in parts if count)


def announcement(notes: dict[str, Notes]) -> str:
    """What people should know of the text that was read, by domain, in one announcement; empty if there is nothing."""
    skipped = "; ".join(f"{words} ({domain})" for domain, one in notes.items() if (words := one.describe()))
    controls = sum(one.controls for one in notes.values())
    first = next((one.first_control for one in notes.values() if one.controls), "")
    sentences = [f"Skipped: {skipped}."] if skipped else []
    if controls:
        what = "1 control character was" if controls == 1 else f"{controls:,} control characters were"
        sentences.append(f"{what} read as text: {'the first is ' if controls > 1 else ''}{first}.")
    return " ".join(sentences)


def chunks_of(document: str | None, notes: Notes) -> Iterator[Chunk]:
    """A document that is there as a whole, in chunks; one without text is skipped and counted."""
    if document is None or not document or document.isspace():
        notes.empty += 1
        return
    for start in range(0, len(document), CHARACTERS):
        yield Chunk(document[start : start + CHARACTERS], start == 0, start + CHARACTERS >= len(document))


def chunks_of_stream(texts: Iterable[str], notes: Notes) -> Iterator[Chunk]:
    """One document that comes in parts, in chunks; one without text is skipped and counted."""
    held, begun = "", False  # what is held is the last chunk, unless more comes
    for text in texts:
        held += text
        if not begun and (not held or held.isspace()) and len(held) <= _LONGEST_BLANK:
            continue
        last = max(0, len(held) - 1) // CHARACTERS * CHARACTERS
        for start in range(0, last, CHARACTERS):
            yield Chunk(held[start : start + CHARACTERS], not begun, ends=False)
            begun = True
        held = held[last:]
    if begun or (held and not held.isspace()):
        yield Chunk(held, not begun, ends=True)
    else:
        notes.empty += 1


def require_regular_file(path: Path) -> os.stat_result:
    """The state of a file; raises CorpusError if it is missing or a pipe, a device or a socket."""
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise CorpusError(f"corpus {path}: there is no such file or directory\nName one that is there.") from error
    except PermissionError as error:
        raise CorpusError(f"corpus {path}: no permission to read it\nChange its permissions.") from error
    except OSError as error:
        raise CorpusError(f"corpus {path}: it cannot be read ({error.strerror})\nName another file.") from error
    if not stat.S_ISREG(state.st_mode):
        raise CorpusError(
            f"corpus {path}: this is {_special(state.st_mode)}, not a file\n"
            "Text is read again when a run is made anew: save it as a file first."
        )
    return state


def _special(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "a named pipe (FIFO)"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a directory"))
    return next((words for is_kind, words in kinds if is_kind(mode)), "a device")


def state_of(argument: str, files: Iterable[tuple[str, os.stat_result]]) -> SourceState:
    """The state of a source by its files, of which there may be none."""
    digest = hashlib.sha256()
    count = size = latest = 0
    for path, state in files:
        digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        count, size, latest = count + 1, size + state.st_size, max(latest, state.st_mtime_ns)
    return SourceState(argument=argument, files=count, bytes=size, mtime_ns=latest, digest=digest.hexdigest())
