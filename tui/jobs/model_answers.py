"""What the process that holds a model says, as values."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Token:
    """A token, as the tokeniser writes it."""

    id: int
    text: str


@dataclass(frozen=True, slots=True, config=_STRICT)
class Likely:
    """A token that may come, with the logarithm of its probability."""

    id: int
    text: str
    logprob: float


@dataclass(frozen=True, slots=True, config=_STRICT)
class Moved:
    """A token's probability before and after silencing; `predicted` is what the direct way alone would give."""

    id: int
    text: str
    before: float
    after: float
    predicted: float | None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Ablated:
    """The same text with neurons silenced."""

    loss: float | None
    losses: list[float]
    next: list[list[Likely]]
    moved: list[Moved]


@dataclass(frozen=True, slots=True, config=_STRICT)
class TextRead:
    """A text of L tokens: `counts` (layers, L) of neurons that fire, `losses` (L - 1), what may come after each."""

    tokens: list[Token]
    counts: list[list[int]]
    losses: list[float]
    next: list[list[Likely]]
    ablated: Ablated | None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Way:
    """What the parts of the model add to the logits of the targets."""

    logits: list[float]
    capped: bool
    embedding: list[float]
    attention: list[list[float]]
    feed_forward: list[list[float]]
    bias: list[float]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Writes:
    """The rows of a layer that fire at a position, with values; `writes` (n, targets) is what each adds to logits."""

    layer: int
    position: int
    targets: list[Token]
    rows: list[int]
    values: list[float]
    writes: list[list[float]] | None
    way: Way | None


@dataclass(frozen=True, slots=True)
class Loading:
    """So many of all steps of loading the model are done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded; `stays` says that it is in memory as a whole."""

    stays: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """So many of all layers have read the text of a question."""

    question: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question: TextRead, Writes or a list of Moved; a refusal in words; None if it was cancelled."""

    question: int
    answer: TextRead | Writes | list[Moved] | str | None


@dataclass(frozen=True, slots=True)
class Released:
    """Nobody asked for some seconds: the model is gone."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The model cannot be had, and why."""

    problem: str


Heard = Loading | Ready | Reading | Answered | Released | Refused

_ANSWERS: dict[str, TypeAdapter[Any]] = {
    "read": TypeAdapter(TextRead),
    "writes": TypeAdapter(Writes),
    "moved": TypeAdapter(list[Moved]),
}


def heard(record: dict[str, Any]) -> Heard:
    """What a line of the process says; raises ValueError for what is not known."""
    match record:
        case {"loading": _, "progress": [done, total]}:
            return Loading(done, total)
        case {"ready": {"stays": stays}}:
            return Ready(stays)
        case {"released": seconds}:
            return Released(seconds)
        case {"id": question, "progress": [done, total]}:
            return Reading(question, done, total)
        case {"id": question, "refused": problem}:
            return Answered(question, problem)
        case {"id": question, "cancelled": _}:
            return Answered(question, None)
        case {"refused": problem}:
            return Refused(problem)
        case {"id": question}:
            for kind, adapter in _ANSWERS.items():
                if kind in record:
                    return Answered(question, adapter.validate_python(record[kind]))
    raise ValueError(f"an answer of no known kind: {sorted(record)}")
