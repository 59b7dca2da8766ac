"""The thresholds behind a run's numbers. The defaults are the paper's; those of the positional types are ours."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from neuron_tui.store.declared import declared, flag
from neuron_tui.store.disk.schema import ORDERS, STORED_TRIGGERS

Share = Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)]
"""A share as written: 0.95 is 19 of 20 and nothing beside it."""

Limit = Annotated[int, Field(ge=1, le=STORED_TRIGGERS)]
"""Most covering n-grams of a detector: they are among those that a run stores."""


class Whole(Protocol):
    """Whole numbers: an int, an array or a tensor of them."""

    def __rmul__(self, factor: int, /) -> Any:  # noqa: ANN401 - the same, multiplied
        ...


Count = TypeVar("Count", bound=Whole)


@dataclass(frozen=True, slots=True)
class Threshold:
    """How people are told of a threshold; its field says what it may be and what it is in definitions.

    Attributes
    ----------
    group
        What it decides: who is a detector [§4, App. A], or who is positional, of which type and strength [§5].
    kind
        How its number is written: `95%`, `5` or `0.05`.
    metavar, label, unit, help
        On the command line; before the field of a form; behind it, in few words; in full.
    words
        How it is named where it is not the paper's; `{}` is its number.
    ours
        The paper names the type and gives no number.
    short
        What begins its part of a proposed name, if not its own name.
    varied
        A lower and a higher value, for studies of how much hangs on it.
    """

    group: Literal["detectors", "types"]
    kind: Literal["share", "count", "number"]
    metavar: str
    label: str
    unit: str
    help: str
    words: str
    ours: bool = False
    short: str = ""
    varied: tuple[float, ...] = ()


class Thresholds(BaseModel):
    """What decides who is a detector [§4, App. A] and who is positional, of which type and strength [§5]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: Annotated[
        Share,
        Threshold(
            group="detectors",
            kind="share",
            metavar="SHARE",
            label="Coverage",
            unit="of activations: covering n-grams",
            help="Share of a neuron's activations that its covering n-grams hold, and that the covered ones must hold "
            "alone; another one is counted from kept activation bits.",
            words="coverage {}",
        ),
    ] = Decimal("0.95")
    max_covering: Annotated[
        tuple[Limit, Limit, Limit],
        Threshold(
            group="detectors",
            kind="count",
            metavar="N|N,N,N",
            label="{}s",
            unit="at most cover it: a {} detector",
            help="Most covering n-grams of a detector, one number for all n or three for n = 1, 2, 3.",
            words="at most {}",
        ),
    ] = (5, 50, 50)
    precision: Annotated[
        Share,
        Threshold(
            group="detectors",
            kind="share",
            metavar="SHARE",
            label="Precision",
            unit="of occurrences: a covered n-gram",
            help="Share of an n-gram's occurrences on which the neuron is active, for the n-gram to be covered.",
            words="precision {}",
        ),
    ] = Decimal("0.95")
    positional: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        Threshold(
            group="types",
            kind="number",
            metavar="NATS",
            label="Positional",
            unit="nats of mutual information, above",
            help="Mutual information of activity and position, in nats, above which a neuron is positional.",
            words="positional above {} nats",
            short="mi",
            varied=(0.025, 0.1),
        ),
    ] = 0.05
    near: Annotated[
        float,
        Field(ge=0, lt=0.5),
        Threshold(
            group="types",
            kind="number",
            metavar="NUMBER",
            label="Near",
            unit="from 0 counts as off, from 1 as on",
            help="How far from 0 and from 1 the smoothed frequency counts as 0 and as 1.",
            words="near {}",
            ours=True,
            varied=(0.02, 0.1),
        ),
    ] = 0.05
    range: Annotated[
        float,
        Field(ge=0, le=1),
        Threshold(
            group="types",
            kind="number",
            metavar="NUMBER",
            label="Range",
            unit="highest less lowest: oscillatory",
            help="Least difference between highest and lowest smoothed frequency of an oscillatory neuron.",
            words="range {}",
            ours=True,
            varied=(0.2, 0.4),
        ),
    ] = 0.3
    changes: Annotated[
        int,
        Field(ge=1),
        Threshold(
            group="types",
            kind="count",
            metavar="N",
            label="Changes",
            unit="between high and low: oscillatory",
            help="Least number of changes between high and low of an oscillatory neuron.",
            words="{}",
            ours=True,
            varied=(3, 6),
        ),
    ] = 4
    interval: Annotated[
        float,
        Field(gt=0, le=1),
        Threshold(
            group="types",
            kind="number",
            metavar="SHARE",
            label="Interval",
            unit="of positions, off or on: both, one",
            help="Length of a zero or one interval as a share of the context length.",
            words="interval {}",
            ours=True,
            varied=(1 / 32, 1 / 8),
        ),
    ] = 1 / 16
    extremes: Annotated[
        float,
        Field(ge=0, le=1),
        Threshold(
            group="types",
            kind="number",
            metavar="SHARE",
            label="Extremes",
            unit="of positions near 0 or 1: strong",
            help="Share of the positions near 0 or 1, for an oscillatory neuron to be strong.",
            words="extremes {}",
            ours=True,
            varied=(0.8, 0.95),
        ),
    ] = 0.9
    thin: Annotated[
        float,
        Field(ge=0, le=1),
        Threshold(
            group="types",
            kind="number",
            metavar="NUMBER",
            label="Thin",
            unit="at most off its smooth curve: strong",
            help="Largest root mean square of the frequency about its smoothed curve, for type other to be strong.",
            words="thin {}",
            ours=True,
            varied=(0.025, 0.1),
        ),
    ] = 0.05

    def most_covering(self, n: int) -> int:
        """Most covering n-grams of a detector of n-grams."""
        return self.max_covering[ORDERS.index(n)]

    def holds(self, part: Whole, total: Whole) -> Any:  # noqa: ANN401 - a bool, or an array of them
        """Whether `part` is at least `coverage` of `total`, in whole numbers; arrays too."""
        share, whole = self.coverage.as_integer_ratio()
        return whole * part >= share * total

    def needed(self, total: Count) -> Count:
        """The least part of `total` that holds `coverage` of it, in whole numbers."""
        share, whole = self.coverage.as_integer_ratio()
        least: Count = -(-share * total // whole)
        return least

    def covered(self, active: Whole, occurrences: Whole) -> Any:  # noqa: ANN401 - a bool, or an array of them
        """Whether an n-gram with these `active` positions of its `occurrences` is covered, in whole numbers."""
        share, whole = self.precision.as_integer_ratio()
        return whole * active >= share * occurrences

    def options(self) -> tuple[str, ...]:
        """Options of `neuron-tui analyze` for what is not the paper's: `--coverage 0.9 --max-covering 10,50,50`."""
        return tuple(part for name in self.others() for part in (flag(name), text_of(self, name)))

    def others(self, than: Thresholds | None = None) -> tuple[str, ...]:
        """Names of the thresholds that are others than the paper's, or than those given."""
        than = Thresholds() if than is None else than
        return tuple(name for name in Thresholds.model_fields if getattr(self, name) != getattr(than, name))


PAPER: Final = Thresholds()
"""The thresholds of definitions: the paper's, and ours where it gives none."""

THRESHOLDS: Final = declared(Thresholds, Threshold)
"""What each threshold declares, by its name."""


def text_of(thresholds: Thresholds, name: str) -> str:
    """One of the thresholds as its option takes it: `0.95`, `5,50,50`, `0.0625`."""
    value = getattr(thresholds, name)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)
