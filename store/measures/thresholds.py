"""The thresholds behind a run's numbers. The defaults are the paper's; those of the positional types are ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from neuron_tui.store.disk.schema import ORDERS, STORED_TRIGGERS
from neuron_tui.store.errors import UsageError, concerning

Share = Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)]
"""A share as written: 0.95 is 19 of 20 and nothing beside it."""

Limit = Annotated[int, Field(ge=1, le=STORED_TRIGGERS)]
"""Most covering n-grams of a detector: they are among those that a run stores."""


class Whole(Protocol):
    """Whole numbers: an int, an array or a tensor of them."""

    def __rmul__(self, factor: int, /) -> Any:  # noqa: ANN401 - the same, multiplied
        ...


Count = TypeVar("Count", bound=Whole)


class Thresholds(BaseModel):
    """What decides who is a detector [§4, App. A] and who is positional, of which type and strength [§5].

    Attributes
    ----------
    coverage
        Share of a neuron's activations that the covering n-grams hold, and that the covered ones must hold alone.
    max_covering
        Most covering n-grams of a detector, for n = 1, 2, 3.
    precision
        Share of an n-gram's occurrences on which the neuron is active, for the n-gram to be covered.
    positional
        Mutual information, in nats, above which a neuron is positional.
    near
        How far from 0 and from 1 the smoothed frequency counts as 0 and as 1.
    range
        Least difference between highest and lowest smoothed frequency of an oscillatory neuron.
    changes
        Least number of changes between high and low of an oscillatory neuron.
    interval
        Length of a zero or one interval as a share of the context length.
    extremes
        Share of the positions near 0 or 1, for an oscillatory neuron to be strong.
    thin
        Largest root mean square of the frequency about its smoothed curve, for type `other` to be strong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: Share = Decimal("0.95")
    max_covering: tuple[Limit, Limit, Limit] = (5, 50, 50)
    precision: Share = Decimal("0.95")
    positional: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.05
    near: Annotated[float, Field(ge=0, lt=0.5)] = 0.05
    range: Annotated[float, Field(ge=0, le=1)] = 0.3
    changes: Annotated[int, Field(ge=1)] = 4
    interval: Annotated[float, Field(gt=0, le=1)] = 1 / 16
    extremes: Annotated[float, Field(ge=0, le=1)] = 0.9
    thin: Annotated[float, Field(ge=0, le=1)] = 0.05

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
        return tuple(part for name in self.others() for part in (f"--{name.replace('_', '-')}", text_of(self, name)))

    def others(self, than: Thresholds | None = None) -> tuple[str, ...]:
        """Names of the thresholds that are others than the paper's, or than those given."""
        than = Thresholds() if than is None else than
        return tuple(name for name in Thresholds.model_fields if getattr(self, name) != getattr(than, name))


def text_of(thresholds: Thresholds, name: str) -> str:
    """One of the thresholds as its option takes it: `0.95`, `5,50,50`, `0.0625`."""
    value = getattr(thresholds, name)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)


def parse_thresholds(typed: Mapping[str, str]) -> Thresholds:
    """Thresholds from texts by name, such as `{"coverage": "0.9", "max_covering": "10"}`; the others are the paper's.

    Shares may be written in percent, most covering n-grams as one number for all n or as three.

    Raises
    ------
    UsageError
        One cannot be read, or is out of its range; `option` says which.
    """
    data: dict[str, object] = {}
    for name, text in typed.items():
        with concerning(name.replace("_", "-")):
            try:
                data[name] = _parsed(name, text.strip())
                Thresholds.model_validate({name: data[name]})
            except (ValueError, ArithmeticError) as error:
                raise UsageError(f"--{name.replace('_', '-')} is {text!r}\n{_EXPECTED[name]}") from error
    return Thresholds.model_validate(data)


def _parsed(name: str, text: str) -> object:
    if name == "max_covering":
        each = [int(part) for part in text.split(",")]
        return each * 3 if len(each) == 1 else each
    percent = name in ("coverage", "precision") and text.endswith("%")
    return Decimal(text.removesuffix("%").strip()) / 100 if percent else text


_EXPECTED = {
    **dict.fromkeys(("coverage", "precision"), "Give a share over 0 and at most 1 of at most 4 decimals, such as 0.9."),
    "max_covering": f"Give one whole number from 1 to {STORED_TRIGGERS}, or three for n = 1, 2, 3, such as 10,50,50.",
    "positional": "Give a number of nats that is at least 0, such as 0.05.",
    "near": "Give a number from 0 to under 0.5, such as 0.05.",
    **dict.fromkeys(("range", "extremes", "thin"), "Give a number from 0 to 1, such as 0.3."),
    "changes": "Give a whole number that is at least 1, such as 4.",
    "interval": "Give a number over 0 and at most 1, such as 0.0625.",
}

PAPER: Final = Thresholds()
"""The thresholds of definitions: the paper's, and ours where it gives none."""
