"""An extraction slow enough to be met in its middle, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store.runs.manifest import MANIFEST, read_manifest

from .brute_force import Record
from .cases import Case, Key, build, request, stored_records
from .checkpoints import Shape, words

LAYERS = 9


def _long_text(folder: Path) -> tuple[str, ...]:
    (folder / "long.txt").write_text(words(3, 6000), encoding="utf-8")
    return (f"long={folder / 'long.txt'}",)


SLOW = Case(Shape(layers=LAYERS, width=48, neurons=64, context=64, bias=False), "fast", 300, _long_text)
"""Slow enough that the moments below come one after the other."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """The checkpoint, its corpus, and the records it should give."""

    checkpoint: Path
    corpus: tuple[str, ...]
    records: dict[Key, Record]

    def request(self, runs: Path) -> ExtractionRequest:
        """The same extraction within this process."""
        return request(SLOW, self.checkpoint, self.corpus, runs)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("slow")
    corpus = build(SLOW, folder)
    run = extract(request(SLOW, folder, corpus, folder / "runs"))
    return Undisturbed(folder, corpus, stored_records(run))


class Job:
    """An extraction as a process of its own."""

    def __init__(
        self, asked: Undisturbed, runs: Path, *, leading_a_session: bool = False, said: Path | None = None
    ) -> None:
        self.folder = runs / "x"
        self._said = (said or runs.parent / "said.txt").open("w+")
        options = ("--name", "x", "--device", "cpu", "--runs-dir", str(runs))
        arguments = [part for source in asked.corpus for part in ("--corpus", source)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "neuron_tui.engine", "extract", str(asked.checkpoint), *arguments, *options],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            start_new_session=leading_a_session,
        )

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()

    def end(self, number: int | None = None, moment: Callable[[Path], bool] = lambda _: True) -> int:
        """Wait for a moment and send a signal, if there is one; then wait for the end and give the exit code."""
        if number is not None:
            self.signal(number, moment)
        return self._process.wait()

    def signal(self, number: int, moment: Callable[[Path], bool]) -> None:
        """Send a signal when a moment has come, or the process has ended."""
        while not moment(self.folder):
            try:
                self._process.wait(timeout=0.001)
                break
            except subprocess.TimeoutExpired:
                pass
        self._process.send_signal(number)

    def until(self, moment: Callable[[Path], bool]) -> None:
        """Wait for a moment; the process must not end before."""
        while not moment(self.folder):
            try:
                code = self._process.wait(timeout=0.01)
            except subprocess.TimeoutExpired:
                continue
            assert moment(self.folder), f"ended with {code} before: {self.said()}"

    def tell(self, number: int) -> None:
        """Send a signal now."""
        self._process.send_signal(number)

    def said(self) -> str:
        """All that the process printed."""
        self._said.seek(0)
        return self._said.read()


def finished_layers(folder: Path) -> set[int]:
    return set(read_manifest(folder).layers) if (folder / MANIFEST).exists() else set()


def listed(layer: int) -> Callable[[Path], bool]:
    return lambda folder: layer in finished_layers(folder)
