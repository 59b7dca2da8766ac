"""The causal table as a list, a row a measurement, in the order asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neuron_tui.store.findings.causal_summary import kind_of
from neuron_tui.store.neurons.causal import METHODS, CausalRecord
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import visible_token
from neuron_tui.tui.drawing.spans import BLANK, Line
from neuron_tui.tui.reports.causal_text import VERDICTS
from neuron_tui.tui.reports.neuron_text import SUPPRESSES
from neuron_tui.tui.widgets.columns import Fitted, TableColumn, column_at, fit_columns, row_spans, title_text
from neuron_tui.tui.widgets.rows import RowList

COLUMNS = (
    TableColumn("layer", "neuron", 8),
    TableColumn("kind", "kind", 8, keep=8, share=5),
    TableColumn("method", "to", 4),
    TableColumn("triggers", "triggers", 9, keep=9, share=2),
    TableColumn("fired", "fired", 7, "right", keep=4),
    TableColumn("logprob", "log p(trigger)", 15, "right", keep=3),
    TableColumn("change", "change", 7, "right"),
    TableColumn("interval", "95% interval", 13, "right", keep=7),
    TableColumn("loss", "loss", 6, "right"),
    TableColumn("random", "random", 7, "right", keep=6),
    TableColumn("verdict", "verdict", 11),
)
"""`log p` is of a trigger following, before and after; the loss is what it changes by."""

SORTS = (
    ("layer", "layer, then neuron"),
    ("kind", "kind"),
    ("fired", "contexts on which it fired"),
    ("change", "how much likelier its triggers become"),
    ("logprob", "how likely its triggers were before"),
    ("loss", "change of the loss on its triggers"),
    ("random", "change of the loss on random contexts"),
    ("verdict", "what becomes of the triggers"),
)

_WANTED = {"layer": 10, "kind": 13, "triggers": 40, "fired": 11}
_SHORT = {
    "suppressing": f"{SUPPRESSES} suppr.",
    "promoting": "promotes",
    "no token detector": "",
    "together": "together",
}
_LONG = {**_SHORT, "suppressing": f"{SUPPRESSES} suppressing", "promoting": "promoting"}
_RISING = frozenset({"layer", "kind"})
"""Columns that are sorted from their lowest first; others are from their highest."""


class CausalList(RowList):
    """The measurements, one a row."""

    def __init__(self) -> None:
        super().__init__(id="causal-list")
        self.records: tuple[CausalRecord, ...] = ()
        self.column, self.turned = "layer", False
        self._run: Run | None = None
        self._nothing = ""
        self._columns: tuple[TableColumn, ...] = COLUMNS
        self._triggers: dict[tuple[int, ...], str] = {}

    def show(self, run: Run, records: Sequence[CausalRecord]) -> None:
        """Show measurements of a run; the cursor stays on its own, where it still is."""
        here = self.record.key if self.record is not None else None
        self._run = run
        self.records = tuple(_sorted(records, self.column, self.turned))
        one_way = len({record.method for record in records}) < 2
        self._columns = tuple(column for column in COLUMNS if not (one_way and column.key == "method"))
        place = next((place for place, one in enumerate(self.records) if one.key == here), 0)
        self.set_rows(len(self.records), place)

    def say_nothing(self, text: str) -> None:
        """What stands there while there is no measurement."""
        self._nothing = text
        self.refresh()

    def sort(self, column: str) -> None:
        """Show them in another order; by the same column again, turned round."""
        self.turned = not self.turned if column == self.column else False
        self.column = column
        if self._run is not None:
            self.show(self._run, self.records)

    @property
    def record(self) -> CausalRecord | None:
        """The measurement under the cursor."""
        return self.records[self.cursor] if self.records else None

    def name_of(self, record: CausalRecord) -> str:
        """What was silenced: `3:117`, or of several at once how many, `3: 12`."""
        assert self._run is not None
        rule = self._run.manifest.rule
        if record.together:
            return f"{record.layer}: {len(record.rows):,}"
        return f"{record.layer}:{rule.name(record.rows[0])}"

    def triggers_of(self, record: CausalRecord) -> str:
        """The triggers as people see them."""
        assert self._run is not None
        if record.triggers not in self._triggers:
            corpus = self._run.corpus
            texts = (visible_token(corpus.form(token), corpus.spelling) for token in record.triggers)
            self._triggers[record.triggers] = " ".join(texts)
        return self._triggers[record.triggers]

    # Painting.

    def header_line(self, width: int) -> Line:
        """Titles; the arrow says what the list is sorted by."""
        return ((title_text(self._fitted(width), self.column, _falls(self.column, self.turned)), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A measurement."""
        if self._run is None:
            return BLANK
        record = self.records[row]
        fitted = self._fitted(width + 1)
        room = {column.key: cells for column, cells in fitted}
        on, random = record.on_triggers, record.on_random
        change = on.trigger_logprob
        low, high = change.interval
        cells = {
            "layer": self.name_of(record),
            "kind": (_LONG if room.get("kind", 0) >= _WANTED["kind"] else _SHORT)[kind_of(record)],
            "method": record.method,
            "triggers": self.triggers_of(record),
            "fired": f"{on.fired}/{on.contexts}",
            "logprob": f"{nats(change.before)} → {nats(change.after)}",
            "change": moved(change.change),
            "interval": f"{moved(low):>6} {moved(high):>6}",
            "loss": moved(on.loss.change),
            "random": moved(random.loss.change) if random is not None else "",
            "verdict": VERDICTS[record.comes_back],
        }
        roles = {"verdict": "strong" if record.comes_back else "" if record.comes_back is False else "dim"}
        return row_spans(fitted, cells, roles)[1:]  # the cursor's mark stands in the first gap

    def empty_line(self, width: int) -> Line:
        """What stands where there is none."""
        return ((f"  {self._nothing}", "dim"),)

    def column_at(self, x: int) -> str | None:
        """The column whose title is at a cell, if the list can be sorted by it."""
        column = column_at(self._fitted(self.inner_width), x)
        column = {"interval": "change"}.get(column or "", column)
        return column if column in dict(SORTS) else None

    def _fitted(self, width: int) -> Fitted:
        return fit_columns(self._columns, width, _WANTED, self.column)


def nats(value: float) -> str:
    """A logarithm of a probability in two decimals."""
    return f"{value:.2f}".replace("-", "−")


def moved(value: float) -> str:
    """A change in nats, in at most six cells: `+1.305`, `−0.004`, `+12.3`."""
    size = abs(value)
    text = f"{size:.3f}" if size < 10 else f"{size:.1f}" if size < 1000 else f"{size:.0e}"
    return f"{'−' if value < 0 and float(text) else '+'}{text}"


def _falls(column: str, turned: bool) -> bool:
    return turned if column in _RISING else not turned


def _sorted(records: Sequence[CausalRecord], column: str, turned: bool) -> list[CausalRecord]:
    by_place = sorted(records, key=_place)
    return sorted(by_place, key=_KEYS[column], reverse=_falls(column, turned))


def _place(record: CausalRecord) -> tuple[object, ...]:
    return record.layer, record.together, record.rows, record.where, METHODS.index(record.method)


def _random(record: CausalRecord) -> float:
    return record.on_random.loss.change if record.on_random is not None else float("-inf")


_Key = Callable[[CausalRecord], tuple[object, ...] | float | str]
_KEYS: dict[str, _Key] = {
    "layer": _place,
    "kind": kind_of,
    "fired": lambda one: one.on_triggers.fired,
    "change": lambda one: one.on_triggers.trigger_logprob.change,
    "logprob": lambda one: one.on_triggers.trigger_logprob.before,
    "loss": lambda one: one.on_triggers.loss.change,
    "random": _random,
    "verdict": lambda one: {True: 2.0, False: 1.0, None: 0.0}[one.comes_back],
}
