"""A bad input: how it is made, and how it has to end."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REFUSED = 3


@dataclass(slots=True)
class Place:
    """A folder of one trial's own: what it asks for begins as a good model and a good text, and is spoiled."""

    folder: Path
    good: Path
    model: str | None = None
    corpus: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    def copy(self) -> Path:
        """A copy of the good checkpoint, which the trial asks for from now on."""
        copied = Path(shutil.copytree(self.good, self.folder / "model"))
        (copied / "model.safetensors").chmod(0o644)
        self.model = str(copied)
        return copied

    def text(self, name: str, content: bytes | str = "") -> Path:
        """A file, which is the corpus from now on."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.corpus = [f"d={path}"]
        return path

    def arguments(self) -> list[str]:
        """Those of `extract`."""
        corpus = self.corpus or [f"d={self.good / 'texts' / 'good.txt'}"]
        given = [part for source in corpus for part in ("--corpus", source)]
        where = ["--name", "x", "--runs-dir", str(self.folder / "runs"), "--device", "cpu"]
        return ["extract", str(self.good) if self.model is None else self.model, *given, *where, *self.options]


@dataclass(frozen=True, slots=True)
class Case:
    """One bad input.

    `code` and `saying` are how it has to end: 0 where all of it, or a part that is told, can be read. `slow` ones are
    left to the program. `memory` (bytes above a warm process) and `seconds` are what it may take, and slow ones five
    times as long.
    """

    name: str
    make: Callable[[Place], object]
    saying: str
    code: int = REFUSED
    slow: bool = False
    memory: int = 1 << 30
    seconds: float = 60.0

    @property
    def limit(self) -> float:
        """Seconds of the clock after which it is ended."""
        return 5 * self.seconds if self.slow else self.seconds


BUDGET = ("--tokens", "200")
"""Options of `extract` for a small part of a large text."""


def text(name: str, content: bytes | Callable[[], bytes], *options: str) -> Callable[[Place], None]:
    """A corpus of one file; what is large is made when it is tried."""

    def make(place: Place) -> None:
        place.text(name, content if isinstance(content, bytes) else content())
        place.options += options

    return make


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change a JSON file; what `change` returns, if anything, takes its place."""
    values = json.loads(path.read_text())
    changed = change(values)
    path.write_text(json.dumps(values if changed is None else changed))


def header_of(path: Path) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, and what follows it."""
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def put_header(path: Path, header: object, data: bytes, length: int | None = None) -> None:
    """Write a safetensors file: its header as JSON, or bytes as they are."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw) if length is None else length) + raw + data)


def instead(path: Path, what: str) -> None:
    """Put something that is no file in the place of a path: fifo, device, folder, loop, or a link to nothing."""
    if path.is_file():
        path.unlink()
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "random": "/dev/random", "loop": path.name, "nothing": "absent"}[what])
