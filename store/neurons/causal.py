"""What silencing neurons did to a model's predictions, kept beside the run: causal.jsonl, a line a measurement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neuron_tui.store.disk.files import disk_full_named, write_text
from neuron_tui.store.disk.lock import changing, keeping
from neuron_tui.store.disk.own_files import read_own
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.runs.folder import CAUSAL_FILE
from neuron_tui.store.runs.rule import Rule

LEAST_CONTEXTS = 5
"""With fewer contexts nothing is said of whether triggers come back."""

Method = Literal["zero", "mean"]
METHODS: tuple[Method, ...] = ("zero", "mean")
"""What a silenced neuron's value is set to."""

_LARGEST = 128 << 20
"""Bytes of measurements that are still read: a hundred thousand of them."""

Interval = tuple[float, float]
Settings = tuple[int, int, int]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Change(_Strict):
    """A mean over contexts, in nats, before and after silencing; 95% `interval` of the mean `change` over contexts."""

    before: float
    after: float
    change: float
    interval: Interval


class Effect(_Strict):
    """What silencing does at the last token of some contexts.

    `contexts` were read, on `fired` of them one of the silenced rows is active at the last token. `loss`: of the token
    that follows. `trigger_logprob`: logarithm of the probability that one of the triggers follows.
    """

    contexts: Annotated[int, Field(ge=1)]
    fired: Annotated[int, Field(ge=0)]
    loss: Change
    trigger_logprob: Change


class CausalRecord(_Strict):
    """Some rows of a layer silenced at once: a single one, or those that `where` matches.

    `triggers` are token ids: the covered tokens of detectors (`covered`), or the tokens most often active. `settings`
    of two records are equal if they were measured in the same way. `suppresses_triggers` is None but for a single
    token detector.
    """

    layer: int
    rows: Annotated[tuple[int, ...], Field(min_length=1)]
    where: str = ""
    method: Method
    contexts: int
    window: int
    seed: int
    triggers: tuple[int, ...]
    covered: bool
    suppresses_triggers: bool | None = None
    on_triggers: Effect
    on_random: Effect | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What a later measurement takes the place of."""
        return self.layer, self.rows, self.where, self.method

    @property
    def together(self) -> bool:
        """Whether it is of all that a filter matched in a layer, silenced at once; otherwise of a single row."""
        return bool(self.where) or len(self.rows) > 1

    @property
    def settings(self) -> Settings:
        """How it was measured: contexts, window, seed."""
        return self.contexts, self.window, self.seed

    @property
    def comes_back(self) -> bool | None:
        """Whether a trigger is likelier to follow once the rows are silent.

        None where the interval holds no change, or there are too few contexts.
        """
        if self.on_triggers.contexts < LEAST_CONTEXTS:
            return None
        low, high = self.on_triggers.trigger_logprob.interval
        return True if low > 0 else False if high < 0 else None

    def to_dict(self, rule: Rule) -> dict[str, Any]:
        """The record as `ablate --json` prints it: neurons by their own names."""
        if self.together:
            who: dict[str, Any] = {"layer": self.layer, "where": self.where}
            who["neurons"] = [rule.name(row) if rule.poles > 1 else row for row in self.rows]
        else:
            who = {"layer": self.layer, **rule.named(self.rows[0])}
        rest = self.model_dump(mode="json", exclude={"layer", "rows", "where"})
        return {**who, **rest, "comes_back": self.comes_back}


def usual_settings(records: Iterable[CausalRecord]) -> Settings | None:
    """How most of what is kept was measured, so that more is measured alike; None if nothing is kept."""
    counted = Counter(record.settings for record in records).most_common(1)
    return counted[0][0] if counted else None


def read_causal(folder: Path, objection: Callable[[CausalRecord], str] = lambda _: "") -> list[CausalRecord]:
    """Measurements kept with the run in a folder, the latest of each; a last line that was cut off does not count.

    `objection` says what is wrong with one, and nothing if it is sound.

    Raises
    ------
    RunDamagedError
        The file cannot be read, or a line of it, or something is wrong with what it says.
    """
    path = folder / CAUSAL_FILE
    try:
        text = read_own(path, _LARGEST)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunDamagedError(f"{path}: cannot be read ({error.strerror})\nMake it a readable file.") from error
    found: dict[tuple[object, ...], CausalRecord] = {}
    for number, line in enumerate(text[: text.rfind(b"\n") + 1].splitlines(), 1):
        try:
            record = CausalRecord.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise RunDamagedError(_damage(path, number, first["msg"])) from error
        if wrong := objection(record):
            raise RunDamagedError(_damage(path, number, wrong))
        found.pop(record.key, None)
        found[record.key] = record
    return list(found.values())


def _damage(path: Path, line: int, wrong: str) -> str:
    return f"{path}, line {line}: {wrong}\nDelete the file and measure again with: neuron-tui ablate"


def keep_causal(folder: Path, records: Iterable[CausalRecord]) -> None:
    """Add measurements to those kept with the run, each in place of an earlier one of the same rows and method.

    Raises
    ------
    RunBusyError
        The run is being written.
    InputError, DiskFullError, RunDamagedError
        The file cannot be written, or the one that is there cannot be read.
    """
    path = folder / CAUSAL_FILE
    with keeping(folder), changing(path):
        kept = {record.key: record for record in read_causal(folder)}
        kept |= {record.key: record for record in records}
        lines = (record.model_dump_json() + "\n" for record in sorted(kept.values(), key=_order))
        with disk_full_named(path):
            write_text(path, "".join(lines))


def _order(record: CausalRecord) -> tuple[int, str, tuple[int, ...], str]:
    return record.layer, record.where, record.rows, record.method
