"""A comparison of runs as lines of text: the command and the screen show the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

from rich.cells import cell_len

from neuron_tui.store.findings.comparison.comparison import Comparison
from neuron_tui.store.findings.comparison.neurons import CrossTable, Transitions
from neuron_tui.store.findings.comparison.overlap import Overlap
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.drawing.spans import BLANK, Block, Line, fit, joined, wrap
from neuron_tui.tui.reports.comparison_wording import became_sentences, jaccard_text, total_rows

_GAP = 2
_MOST_LABEL = 24
"""Cells that the name of a run or a model may take in a column."""


def totals_lines(comparison: Comparison, width: int) -> list[Line]:
    """A row a measure, a column a run; runs for which there is no room follow below, under the same names."""
    rows = total_rows(comparison.totals)
    heads = [*comparison.runs, *(["change"] if len(comparison.runs) == 2 else [])]
    texts = [[printable(text) for text in (*row.cells, *([row.change] if row.change else []))] for row in rows]
    columns = [[row[place] if place < len(row) else "" for row in texts] for place in range(len(heads))]
    names = max(cell_len(row.name) for row in rows)
    heads = [printable(head) for head in heads]
    widths = [
        min(_MOST_LABEL, max(map(cell_len, (head, *column)))) for head, column in zip(heads, columns, strict=True)
    ]
    lines: list[Line] = []
    for block in _blocks(widths, width - names):
        shown = [(fit(heads[i], widths[i], "right"), i) for i in block]
        lines += [BLANK] if lines else []
        lines.append(((fit("", names) + "".join(" " * _GAP + head for head, _ in shown), "column"),))
        for place, row in enumerate(rows):
            cells = "".join(" " * _GAP + fit(columns[i][place], widths[i], "right") for i in block)
            part = row.name.startswith(" ")
            lines.append(((fit(row.name, names), "dim" if part else ""), (cells, "" if part else "strong")))
    return lines


def overlap_lines(comparison: Comparison, width: int) -> list[Line]:
    """The runs against each other: the share of the tokens of either that both detect; on the diagonal each alone."""
    runs = [printable(run) for run in comparison.runs]
    names = min(_MOST_LABEL, max(map(cell_len, runs)) + 4)
    own = {overlap.first: overlap.tokens.first for overlap in comparison.overlaps}
    own |= {overlap.second: overlap.tokens.second for overlap in comparison.overlaps}
    found = {(o.first, o.second): o for o in comparison.overlaps}
    cells = max(7, *(len(f"{count:,}") + 1 for count in own.values()))
    lines: list[Line] = [
        ((line, "dim"),) for line in wrap("shared tokens, as a share of those of either; tokens of each alone", width)
    ]
    for block in _blocks([cells - _GAP] * len(runs), width - names):
        lines.append(BLANK)
        lines.append(((fit("", names) + "".join(fit(f"[{i + 1}]", cells, "right") for i in block), "column"),))
        for row, name in enumerate(runs):
            line: Line = ((fit(f"[{row + 1}] {name}", names), ""),)
            for i in block:
                first, second = comparison.runs[min(row, i)], comparison.runs[max(row, i)]
                text = f"{own[first]:,}" if row == i else jaccard_text(found[first, second].tokens)
                line += ((fit(text, cells, "right"), "dim" if row == i else "strong"),)
            lines.append(line)
    return [*lines, BLANK, *_told_by(comparison.overlaps, width)]


def transition_lines(pairs: Sequence[Transitions], width: int) -> list[Line]:
    """What became of the neurons of each pair of runs: sentences, and cross tables beside each other."""
    lines: list[Line] = []
    for pair in pairs:
        title = f"{printable(pair.first)} → {printable(pair.second)}: {count_noun(pair.neurons, 'neuron')}"
        lines.append(((fit(title, width).rstrip(), "strong"),))
        lines += [((line, ""),) for sentence in became_sentences(pair) for line in wrap(sentence, width)]
        lines += [BLANK, *_side_by_side(list(map(_crossing, pair.tables)), width)]
    return lines


def _crossing(crossing: CrossTable) -> Block:
    counts = [[f"{count:,}" for count in row] for row in crossing.counts]
    columns = zip(crossing.states, *counts, strict=True)
    widths = [max(map(cell_len, column)) for column in columns]
    names = max(map(cell_len, (f"{crossing.of} ↓→", *crossing.states)))
    rows = [(f"{crossing.of} ↓→", crossing.states), *zip(crossing.states, counts, strict=True)]
    lines: list[Line] = []
    for place, (name, cells) in enumerate(rows):
        texts = "".join(" " * _GAP + fit(cell, size, "right") for cell, size in zip(cells, widths, strict=True))
        lines.append(((fit(name, names) + texts, "" if place else "column"),))
    return [*lines, BLANK], names + sum(widths) + _GAP * len(widths)


def _side_by_side(blocks: Sequence[Block], width: int, gap: int = 4) -> list[Line]:
    """Blocks beside each other as far as there is room, then below."""
    lines: list[Line] = []
    for places in _blocks([size for _, size in blocks], width + gap, gap):
        lines += reduce(partial(joined, gap=gap), [blocks[place] for place in places])[0]
    return lines


def _blocks(widths: Sequence[int], room: int, gap: int = _GAP) -> list[list[int]]:
    """Places of columns in runs that each find room, a gap before each column; one that never does stands alone."""
    blocks: list[list[int]] = []
    used = 0
    for place, size in enumerate(widths):
        if not blocks or used + gap + size > room:
            blocks.append([])
            used = 0
        blocks[-1].append(place)
        used += gap + size
    return blocks


def _told_by(overlaps: Sequence[Overlap], width: int) -> list[Line]:
    told = sorted({overlap.by for overlap in overlaps})
    differing = ", where vocabularies differ by text" if len(told) > 1 else ""
    return [((line, "dim"),) for line in wrap(f"Tokens are told by {told[0]}{differing}.", width)]
