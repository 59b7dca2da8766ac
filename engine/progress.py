"""Steps of an extraction, as the engine reports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["tokenise", "embed", "pass", "forward", "count"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage.

    Units are tokens to tokenise, positions to embed, to take forward, or to pass through a layer that is not counted,
    and neurons to count. `total` is None where it is not known; `layer` is the layer under way, `place` how many of
    the run's `layers` are finished.
    """

    stage: Stage
    done: int
    total: int | None
    layer: int | None = None
    place: int = 0
    layers: int = 0
