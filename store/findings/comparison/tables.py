"""A comparison as tables with units: of the kind that the figures are, so that one code shows and exports both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neuron_tui.store.disk.schema import ORDERS, TYPES
from neuron_tui.store.findings.comparison.comparison import Comparison
from neuron_tui.store.findings.comparison.neurons import TOKEN_DETECTORS, Transitions
from neuron_tui.store.findings.comparison.overlap import QUARTERS, Overlap, Shared, TokenLists
from neuron_tui.store.findings.comparison.totals import Share, Totals
from neuron_tui.store.findings.figures.figure import Cell, Column, Figure, Tokens
from neuron_tui.store.wording import GRAM_NAMES

EVERY_DEPTH = "all"
"""Depth of a row about all layers."""

PAIRED = (
    "Neurons are told by layer and index: that says something of checkpoints of one training, "
    "and of one model on several texts."
)

_STRENGTHS = ("strong", "weak")

Measure = tuple[Column, Callable[[Totals], Cell]]


def totals_table(comparison: Comparison) -> Figure:
    """A row a run."""
    rows = tuple(tuple(value(row) for _, value in _TOTALS) for row in comparison.totals)
    columns = tuple(column for column, _ in _TOTALS)
    return Figure("totals", "Totals", "§3-5", comparison.runs, columns, rows, None, comparison.notes)


def overlap_table(comparison: Comparison) -> Figure:
    """Every two runs: what they detect and share, over all layers and by quarter of the depth."""
    columns = (
        Column("run", key=True),
        Column("other", key=True),
        Column("depth", key=True),
        Column("detected", "tokens"),
        Column("other_detected", "tokens"),
        Column("shared", "tokens"),
        Column("jaccard", "share"),
        Column("told_by"),
    )
    rows = tuple(
        (overlap.first, overlap.second, depth, shared.first, shared.second, shared.both, shared.jaccard, overlap.by)
        for overlap in comparison.overlaps
        for depth, shared in depths_of(overlap)
    )
    title = "Overlap of detected tokens"
    return Figure("overlap", title, "§4, Fig. 3b", comparison.runs, columns, rows, None, comparison.notes)


def depths_of(overlap: Overlap) -> tuple[tuple[str, Shared], ...]:
    """All layers, then each quarter of the depth that both runs have layers in, with what they detect there."""
    quarters = zip(QUARTERS, overlap.quarters, strict=True)
    return ((EVERY_DEPTH, overlap.tokens), *((name, shared) for name, shared in quarters if shared is not None))


def tokens_table(pairs: Sequence[tuple[str, str, TokenLists]]) -> Figure:
    """Each token that either of two runs detects: which of them do, and in which layers."""
    columns = (
        Column("run", key=True),
        Column("other", key=True),
        Column("token", key=True),
        Column("detected_by"),
        Column("layers"),
        Column("other_layers"),
    )
    rows = tuple(
        (first, second, Tokens((token.form,), token.spelling), by, *map(_listed, (token.first, token.second)))
        for first, second, lists in pairs
        for by, tokens in (("both", lists.shared), ("run", lists.first_only), ("other", lists.second_only))
        for token in tokens
    )
    runs = tuple(dict.fromkeys(name for first, second, _ in pairs for name in (first, second)))
    return Figure("tokens", "Detected tokens", "§4, Fig. 3b", runs, columns, rows, None, ())


def transitions_table(comparison: Comparison, pairs: Sequence[Transitions]) -> Figure:
    """What the neurons of a run were in the run before it, a row for each two states and pair of runs."""
    columns = (
        Column("run", key=True),
        Column("other", key=True),
        Column("of", key=True),
        Column("before", key=True),
        Column("after", key=True),
        Column("neurons", "neurons"),
        Column("share_of_before", "share"),
    )
    rows: list[tuple[Cell, ...]] = []
    for pair in pairs:
        for table in pair.tables:
            for before, counts in zip(table.states, table.counts, strict=True):
                for after, count in zip(table.states, counts, strict=True):
                    share = Share(count, sum(counts)).value
                    rows.append((pair.first, pair.second, table.of, before, after, count, share))
        share = Share(pair.same_token, pair.kept_detectors).value
        what = (TOKEN_DETECTORS, "yes", "with the same strongest trigger")
        rows.append((pair.first, pair.second, *what, pair.same_token, share))
    title = "What became of the neurons"
    notes = (*((PAIRED,) if pairs else ()), *comparison.notes)
    return Figure("became", title, "§3-5", comparison.runs, columns, tuple(rows), None, notes)


def _shares(name: str, share: Callable[[Totals], Share | None]) -> tuple[Measure, ...]:
    """How many, which share, and the ends of its interval."""

    def end(which: int) -> Callable[[Totals], Cell]:
        def value(totals: Totals) -> Cell:
            found = share(totals)
            return found.interval[which] if found is not None and found.interval is not None else None

        return value

    return (
        (Column(name, "neurons"), lambda t: found.part if (found := share(t)) else None),
        (Column(f"{name}_share", "share"), lambda t: found.value if (found := share(t)) else None),
        (Column(f"{name}_low", "share"), end(0)),
        (Column(f"{name}_high", "share"), end(1)),
    )


def _by_order(name: str, unit: str, n: int, values: Callable[[Totals], dict[int, int]]) -> Measure:
    return Column(name, unit), lambda t: values(t)[n]


def _of_type(kind: str, strength: str) -> Measure:
    return Column(f"{kind}_{strength}", "neurons"), lambda t: t.types[kind][strength] if t.types else None


_TOTALS: tuple[Measure, ...] = (
    (Column("run", key=True), lambda t: t.run),
    (Column("model"), lambda t: t.model),
    (Column("layers"), lambda t: t.layers),
    (Column("model_layers"), lambda t: t.model_layers),
    (Column("neurons", "neurons"), lambda t: t.neurons),
    (Column("tokens", "tokens"), lambda t: t.tokens),
    (Column("context_length", "positions"), lambda t: t.context_length),
    *_shares("dead", lambda t: t.dead),
    (Column("mean_frequency", "share"), lambda t: t.mean_frequency),
    *(_by_order(f"{GRAM_NAMES[n]}_detectors", "neurons", n, lambda t: dict(t.detectors)) for n in ORDERS),
    *(_by_order(f"{GRAM_NAMES[n]}s_detected", f"{GRAM_NAMES[n]}s", n, lambda t: dict(t.covered)) for n in ORDERS),
    *_shares("suppressing", lambda t: t.suppressing),
    *_shares("positional", lambda t: t.positional),
    *(_of_type(kind, strength) for kind in TYPES if kind is not None for strength in _STRENGTHS),
    (Column("mean_mutual_information", "nats"), lambda t: t.information),
)
"""The columns of the totals, and where the cells are found."""


def _listed(layers: tuple[int, ...]) -> str | None:
    return " ".join(map(str, layers)) or None
