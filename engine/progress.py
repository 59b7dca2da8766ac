"""Steps of an extraction, as the engine reports them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["verify", "open", "tokenise", "sort", "embed", "pass", "forward", "count", "recount", "silence"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage.

    Units are tokens to tokenise, positions to embed, to take forward, or to pass through a layer that is not counted,
    and neurons to count, to count again, or to silence; verifying, opening the model and
    sorting the n-grams are one step each.
    `total` is None where it is not known; `layer` is the layer under way, `place` how many of the run's `layers` are
    finished. `paused` says that nothing will follow until somebody lets the extraction go on.
    """

    stage: Stage
    done: int
    total: int | None
    layer: int | None = None
    place: int = 0
    layers: int = 0
    paused: bool = False

    @property
    def unit(self) -> str:
        """What `done` counts: `tok` or `neurons`."""
        return "neurons" if self.stage in ("count", "recount", "silence") else "tok"


ProgressSink = Callable[[Progress], None]
"""Hears every step."""

Announce = Callable[[str], None]
"""Hears sentences for people."""


def quiet(_: object) -> None:
    """Tell nobody."""
