"""The rule that makes a neuron's bit: which of its values decides whether it is active (docs/definitions.md)."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"
POLES = ("+", "-")
"""A neuron's rows where it has two: its linear half is above 0, or below."""

RULES = ("value", "threshold", "pre", "poles", "gate")


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind` is one of `RULES`; `threshold` is what a value must be above, 0 but for rules of that kind."""

    kind: str
    threshold: float = 0.0

    def __str__(self) -> str:
        return f"threshold:{self.threshold!r}" if self.kind == "threshold" else self.kind

    @property
    def poles(self) -> int:
        """Rows of a neuron: 2 where the sign of its linear half tells two poles apart, else 1."""
        return 2 if self.kind == "poles" else 1

    @property
    def row_noun(self) -> str:
        """What a row of a layer is called where rows are counted."""
        return "pole" if self.poles > 1 else "neuron"

    @property
    def signed(self) -> bool:
        """Whether the value of an active neuron may be below 0."""
        return self.kind == "gate"

    @property
    def words(self) -> str:
        """What must hold for a neuron to be active."""
        return {
            "value": "its value is above 0",
            "threshold": f"its value is above {self.threshold:g}",
            "pre": "what goes into its activation function is above 0",
            "poles": "its gate is open, and its linear half is above 0 (pole +) or below (pole −)",
            "gate": "its gate is open",
        }[self.kind]

    @property
    def silent_when_off(self) -> bool:
        """Whether an inactive neuron of an ungated ReLU writes nothing, as the paper's claims on dead neurons need."""
        return self.kind in ("value", "threshold") and self.threshold == 0

    def row(self, row: int) -> tuple[int, str]:
        """The neuron and the pole (`+`, `-`, or empty) in a row of a layer."""
        neuron, pole = divmod(row, self.poles)
        return neuron, POLES[pole] if self.poles > 1 else ""

    def named(self, row: int) -> dict[str, int | str]:
        """A row of a layer as records name it: `neuron`, and `pole` where neurons have two."""
        neuron, pole = self.row(row)
        return {"neuron": neuron, "pole": pole} if pole else {"neuron": neuron}

    def rows(self, neuron: int, pole: str) -> list[int]:
        """Rows of a layer that hold a neuron, or the one pole named, which is no matter where there are none."""
        return [
            neuron * self.poles + place
            for place in range(self.poles)
            if not pole or self.poles == 1 or POLES[place] == pole
        ]

    def name(self, row: int) -> str:
        """How people name a row of a layer: `117`, or `117+` where neurons have poles."""
        return "{}{}".format(*self.row(row))


VALUE = Rule("value")
"""The paper's: all runs of earlier versions."""


def parse_rule(text: str) -> Rule:
    """A rule from its text, such as `pre` or `threshold:0.01`; raises ValueError in words."""
    kind, _, number = text.strip().partition(":")
    if kind == "threshold":
        try:
            threshold = float(number)
        except ValueError:
            raise ValueError("must name its number, as in threshold:0.01") from None
        if not 0 <= threshold < float("inf"):
            raise ValueError("must name a number that is not below 0")
        return Rule(kind, threshold)
    if kind not in RULES or number:
        raise ValueError("must be auto, value, threshold:T, pre, poles or gate")
    return Rule(kind)


def rule_text(text: str) -> str:
    """The text of a rule as it is kept, `auto` among them; raises ValueError in words."""
    return AUTO if text.strip() == AUTO else str(parse_rule(text))
