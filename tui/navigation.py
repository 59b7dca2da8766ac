"""Where a screen can lead: each place as a value, and `go`, which has the app show it.

Screens import this module and none of the screens they lead to; `screens.opening` knows which screen shows which place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from textual.dom import DOMNode

from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import Manifest

Answer = TypeVar("Answer")


class Place(Generic[Answer]):
    """A place that gives back an answer when it is left, or None."""


@dataclass(frozen=True, slots=True)
class RunPlace(Place[None]):
    """The explorer on the run in a folder; `neuron` is the one to begin with, else the one it was left at."""

    path: Path
    neuron: Address | None = None


@dataclass(frozen=True, slots=True)
class FiguresPlace(Place[None]):
    """The figures of some runs."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ComparisonPlace(Place[None]):
    """Several runs beside each other."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ClaimsPlace(Place[None]):
    """The paper's claims, checked against some runs."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class TeamPlace(Place[Address]):
    """The position team of a layer; gives back a neuron to go to."""

    run: Run
    layer: int


@dataclass(frozen=True, slots=True)
class CausalPlace(Place[Address | str]):
    """The causal table of a run; `marked` are neurons to silence. Gives back a neuron to go to, or a filter."""

    run: Run
    marked: Sequence[Address]


@dataclass(frozen=True, slots=True)
class LivePlace(Place[Address]):
    """The run's model reading texts; `marked` neurons can be silenced. Gives back a neuron to go to."""

    opened: OpenedRun
    marked: Sequence[Address] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class ExtractionPlace(Place[Path]):
    """The form of a new extraction, begun with the options of another; gives back the folder of the new run."""

    directory: Path
    options: Manifest | Job | None = None


@dataclass(frozen=True, slots=True)
class CountingPlace(Place[Path]):
    """The form that counts a run again with other thresholds; gives back the folder of the variant."""

    path: Path
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class ExportPlace(Place[Path]):
    """The form that exports neurons; `chosen_by` says how they were chosen. Gives back the file that was written."""

    run: Run
    neurons: Sequence[Address]
    chosen_by: str


@runtime_checkable
class Navigator(Protocol):
    """An app that knows the screens."""

    def go(self, place: Place[Any], answered: Callable[[Any], None] | None = None) -> None:
        """Show a place over the screen in sight."""

    def go_to_neuron(self, path: Path, neuron: Address) -> None:
        """Show a neuron of a run: in the explorer the screen was opened from, else in one of its own."""


def go(node: DOMNode, place: Place[Answer], answered: Callable[[Answer | None], None] | None = None) -> None:
    """Have a place shown over the screen in sight; `answered` is called with what it gives back."""
    _navigator(node).go(place, answered)


def go_to_neuron(node: DOMNode, path: Path, neuron: Address) -> None:
    """Have a neuron of a run shown: in the explorer the screen was opened from, else in one of its own."""
    _navigator(node).go_to_neuron(path, neuron)


def _navigator(node: DOMNode) -> Navigator:
    app = node.app
    assert isinstance(app, Navigator)
    return app
