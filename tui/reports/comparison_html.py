"""A comparison as one HTML file that fetches nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from neuron_tui.store.findings.comparison.neurons import Became, Crossing
from neuron_tui.store.findings.comparison.overlap import DetectedToken, Overlap, TokenLists
from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.comparison.tables import PAIRED, depths_of
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import number, show_layers
from neuron_tui.tui.reports.comparison_wording import NONE, became_sentences, jaccard_text, total_rows
from neuron_tui.tui.reports.figures import figure_svg
from neuron_tui.tui.reports.page import ENDING, beginning, foreign, token


def report_html(report: Report) -> str:
    """The whole page: what must be said, totals, overlap, figures, what became of the neurons, tokens if listed."""
    title = f"{number(len(report.comparison.runs), 'run')} compared"
    parts = [beginning(title), f"<header>\n<h1>{title}</h1>\n", *_notes(report.comparison.notes), "</header>\n<main>\n"]
    parts += [*_totals(report), *_overlaps(report.comparison.overlaps)]
    for figure in report.curves:
        parts += _figure(figure)
    parts += _became(report.became)
    for first, second, lists in report.tokens:
        parts += _tokens(first, second, lists)
    return "".join([*parts, "</main>\n", ENDING])


def _notes(notes: Sequence[str]) -> Iterator[str]:
    yield from (f"<p>{foreign(printable(note))}</p>\n" for note in notes)


def _section(title: str) -> str:
    """The beginning of a section; `title` is HTML."""
    return f'<section class="neuron">\n<h2>{title}</h2>\n'


def _name(label: str) -> str:
    return foreign(printable(label))


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]], caption: str = "") -> str:
    """A table whose first column names the rows; headings and cells are HTML."""
    top = f"<caption>{caption}</caption>\n" if caption else ""
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return (
        f'<div class="scroll"><table>\n{top}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n'
    )


def _totals(report: Report) -> Iterator[str]:
    runs = report.comparison.runs
    two = len(runs) == 2
    rows = (
        [escape(row.name.strip()), *map(_name, row.cells), *([escape(row.change)] if two else [])]
        for row in total_rows(report.comparison.totals)
    )
    yield _section("Totals")
    yield _table(["", *map(_name, runs), *(["change"] if two else [])], rows)
    yield "</section>\n"


def _overlaps(overlaps: Sequence[Overlap]) -> Iterator[str]:
    headings = ("runs", "depth", "first", "second", "shared", "jaccard", "told by")
    rows = [
        [
            f"{_name(overlap.first)} × {_name(overlap.second)}",
            depth,
            *(f"{count:,}" for count in (shared.first, shared.second, shared.both)),
            jaccard_text(shared),
            overlap.by,
        ]
        for overlap in overlaps
        for depth, shared in depths_of(overlap)
    ]
    yield _section("Overlap of detected tokens")
    yield "<p>Tokens with a detector in the first run, in the second, in both; jaccard: both, of those in either.</p>\n"
    yield f"{_table(headings, rows)}</section>\n"


def _figure(figure: Figure) -> Iterator[str]:
    yield _section(escape(figure.heading))
    yield f'<figure class="big">{figure_svg(figure)}<figcaption>{escape(figure.reference)}</figcaption></figure>\n'
    yield "</section>\n"


def _became(pairs: Sequence[Became]) -> Iterator[str]:
    if not pairs:
        return
    yield f"{_section('What became of the neurons')}<p>{escape(PAIRED)}</p>\n"
    for pair in pairs:
        yield f"<h3>{_name(pair.first)} → {_name(pair.second)}: {escape(number(pair.neurons, 'neuron'))}</h3>\n"
        yield from (f"<p>{escape(sentence)}</p>\n" for sentence in became_sentences(pair))
        yield '<div class="lists">\n'
        yield from (f"<div>{_crossing(crossing)}</div>\n" for crossing in pair.crossings)
        yield "</div>\n"
    yield "</section>\n"


def _crossing(crossing: Crossing) -> str:
    rows = (
        [escape(state), *(f"{count:,}" for count in counts)]
        for state, counts in zip(crossing.states, crossing.counts, strict=True)
    )
    return _table(["before \\ after", *map(escape, crossing.states)], rows, f"<b>{escape(crossing.of)}</b>")


def _tokens(first: str, second: str, lists: TokenLists) -> Iterator[str]:
    yield _section(f"Tokens detected by {_name(first)} and {_name(second)}")
    named = (("both", lists.shared), (f"only {first}", lists.first_only), (f"only {second}", lists.second_only))
    for name, tokens in named:
        yield f"<details><summary>{_name(name)}: {escape(number(len(tokens), 'token'))}</summary>\n"
        yield _table(("token", _name(first), _name(second)), map(_token_row, tokens))
        yield "</details>\n"
    yield "</section>\n"


def _token_row(detected: DetectedToken) -> list[str]:
    layers = (show_layers(layers) or NONE for layers in (detected.first, detected.second))
    return [token(detected.shown()), *layers]
