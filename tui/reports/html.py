"""Reports for people, as one HTML file that fetches nothing and runs nothing. Written neuron by neuron.

Whatever comes from a run is made visible, escaped, and isolated in `<bdi>`, where no direction leaks out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import TextIO

import numpy as np
import numpy.typing as npt

from neuron_tui.store.findings.chart import Limits, Series, limits_of
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import number, percent, signed
from neuron_tui.tui.reports.context import ContextView, shortened
from neuron_tui.tui.reports.front import SIGNS, Fact, contents, facts, terms
from neuron_tui.tui.reports.neuron import (
    SHOWN,
    Curve,
    DomainRow,
    EffectRow,
    NeuronView,
    PositionView,
    TriggerList,
    TriggerRow,
    neuron_views,
)
from neuron_tui.tui.reports.neuron_text import OWN_TRIGGER
from neuron_tui.tui.reports.page import ENDING, beginning, foreign, token
from neuron_tui.tui.reports.selection import Selection
from neuron_tui.tui.reports.svg import line_chart

_POINTS, _FEW_POINTS = 400, 160
"""Points of a curve: more than a chart of its width can show apart are means of their stretch."""


def write_html(run: Run, selection: Selection, stream: TextIO) -> None:
    """A head, a table of contents, a section for each neuron, and what signs and words mean; raises RunDamagedError."""
    title = f"{number(len(selection), 'neuron')} of {printable(run.name)}"
    stream.write(beginning(title))
    stream.write(f"<header>\n<h1>{number(len(selection), 'neuron')} of {foreign(printable(run.name))}</h1>\n")
    stream.writelines(_facts(facts(run, selection)))
    stream.write('<p><a href="#signs">What the signs and words mean</a></p>\n</header>\n')
    if len(selection) > 1:
        stream.writelines(_contents(run, selection))
    stream.write("<main>\n")
    for view in neuron_views(run, selection):
        stream.writelines(neuron_section(view, with_contents=len(selection) > 1))
    stream.write("</main>\n")
    stream.writelines(_legend(run.manifest.thresholds))
    stream.write(ENDING)


def neuron_section(view: NeuronView, *, with_contents: bool = False) -> Iterator[str]:
    """One neuron's section as pieces of HTML; `with_contents` links back to the table of contents."""
    address = f"n{view.layer}-{view.neuron}"
    yield f'<section class="neuron" id="{address}" aria-labelledby="{address}-h">\n'
    if with_contents:
        yield '<a class="back" href="#contents">contents</a>\n'
    yield f'<h2 id="{address}-h">{view.layer}:{view.neuron} · {escape(view.headline)}</h2>\n'
    yield f"<p>{escape(' '.join(view.sentences))}</p>\n"
    yield '<div class="lists">\n'
    if not view.dead and len(view.domains) > 1:
        yield from _domains(view.domains)
    for triggers in view.triggers.values():
        if triggers.total:
            yield from _triggers(triggers)
    for name, rows in (("Promotes", view.promoted), ("Suppresses", view.suppressed)):
        yield from _effects(name, rows)
    yield "</div>\n"
    if view.position is not None and not view.dead:
        yield from _position(view.position)
    yield from _contexts(view.contexts)
    yield "</section>\n"


def _facts(items: Iterable[Fact]) -> Iterator[str]:
    yield "<dl>\n"
    for fact in items:
        text = "".join(foreign(part) if theirs else escape(part) for part, theirs in fact.parts)
        yield f"<dt>{escape(fact.name)}</dt><dd>{text}</dd>\n"
    yield "</dl>\n"


def _legend(thresholds: Thresholds) -> Iterator[str]:
    yield '<footer id="signs">\n<h2>Signs and words</h2>\n<dl>\n'
    for name, meaning in (*SIGNS, *terms(thresholds)):
        yield f"<dt>{escape(name)}</dt><dd>{escape(meaning)}</dd>\n"
    yield "</dl>\n</footer>\n"


def _contents(run: Run, selection: Selection) -> Iterator[str]:
    yield '<nav id="contents" aria-labelledby="contents-h">\n<h2 id="contents-h">Contents</h2>\n'
    caption = "Neurons as layer:neuron. mi is in nats; covering counts tokens."
    yield _table_start(caption, ("neuron", "what", "frequency", "covering", "mi", "first trigger"))
    for row in contents(run, selection):
        link = f'<a href="#n{row.layer}-{row.neuron}">{row.layer}:{row.neuron}</a>'
        information = "" if row.mutual_information is None else f"{row.mutual_information:.3f}"
        yield (
            f'<tr><th scope="row">{link}</th><td class="w">{escape(row.what)}</td>'
            f"<td>{percent(row.frequency)}</td><td>{row.covering:,}</td><td>{information}</td>"
            f'<td class="w">{token(row.trigger) if row.trigger else ""}</td></tr>\n'
        )
    yield f"{_TABLE_END}</nav>\n"


_TEXT_COLUMNS = ("what", "first trigger")

_TABLE_END = "</tbody>\n</table></div>\n"


def _table_start(caption: str, columns: Iterable[str]) -> str:
    """A table up to its first row; `caption` is HTML."""
    kinds = dict.fromkeys(_TEXT_COLUMNS, ' class="w"')
    head = "".join(f'<th scope="col"{kinds.get(column, "")}>{escape(column)}</th>' for column in columns)
    return (
        f'<div class="scroll"><table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        if caption
        else f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
    )


def _bar(share: float) -> str:
    """A share between 0 and 1 as a bar in a cell; the number is in a cell of its own."""
    width = f' style="width:{100 * min(1.0, share):.3g}%"' if share > 0 else " hidden"
    return f'<td class="bar" aria-hidden="true"><i{width}></i></td>'


def _domains(rows: tuple[DomainRow, ...]) -> Iterator[str]:
    highest = max(row.share for row in rows) or 1.0
    yield f"<div>{_table_start('<b>By domain</b>', ('domain', 'active', 'of', 'share', ''))}"
    for row in rows:
        yield (
            f'<tr><th scope="row">{foreign(row.name)}</th><td>{row.count:,}</td><td>{row.tokens:,}</td>'
            f"<td>{percent(row.share)}</td>{_bar(row.share / highest)}</tr>\n"
        )
    yield f"{_TABLE_END}</div>\n"


def _triggers(triggers: TriggerList) -> Iterator[str]:
    columns = (triggers.name, "active", "of", "precision", "covered")
    caption = f"<b>Triggers: {triggers.name}s</b> {escape(triggers.sentence)}"
    # A line stands where the covering n-grams end.
    end = sum(row.covering for row in triggers.rows)

    def cells(place: int, row: TriggerRow) -> str:
        kind = "" if row.covering else ' class="rest cut"' if place == end else ' class="rest"'
        return (
            f'<tr{kind}><th scope="row">{" ".join(token(shortened(shown)) for shown in row.shown)}</th>'
            f"<td>{row.active:,}</td><td>{row.occurrences:,}</td><td>{percent(row.precision)}</td><td>{percent(row.together)}</td>"
        )

    rows = [cells(place, row) for place, row in enumerate(triggers.rows)]
    bars = [_bar(row.together) for row in triggers.rows]
    yield from _list(caption, columns, rows, bars, triggers.at_once)


def _effects(name: str, effects: tuple[EffectRow, ...]) -> Iterator[str]:
    strongest = max((abs(row.score) for row in effects), default=0.0) or 1.0
    rows = []
    for row in effects:
        own = f" {OWN_TRIGGER}" if row.own else ""
        rows.append(f'<tr><th scope="row">{token(shortened(row.shown))}{own}</th><td>{signed(row.score)}</td>')
    bars = [_bar(abs(row.score) / strongest) for row in effects]
    yield from _list(f"<b>{name}</b>", ("token", "score"), rows, bars, SHOWN)


def _list(caption: str, columns: tuple[str, ...], rows: list[str], bars: list[str], shown: int) -> Iterator[str]:
    """The rows to show at once, each with its bar, and the others folded away without; rows are still open."""
    yield f"<div>{_table_start(caption, (*columns, ''))}"
    yield from (f"{row}{bar}</tr>\n" for row, bar in zip(rows[:shown], bars, strict=False))
    yield _TABLE_END
    if rest := rows[shown:]:
        yield f"<details><summary>{len(rest)} more</summary>\n{_table_start('', columns)}"
        yield from (f"{row}</tr>\n" for row in rest)
        yield f"{_TABLE_END}</details>\n"
    yield "</div>\n"


def _position(position: PositionView) -> Iterator[str]:
    overall, *by_domain = position.curves
    yield f"<h3>Position</h3>\n<p>{escape(position.sentence)}</p>\n"
    top = max((float(curve.frequency.max(initial=0.0)) for curve in position.curves), default=0.0)
    limits = (0.0, 1.0) if top > 0.5 else limits_of([top])
    title = "Share of full-length sequences active at each position"
    yield f'<figure class="big">{_curve(overall, title, limits, 760, 210, _POINTS)}'
    yield f"<figcaption>{title}, all domains together</figcaption></figure>\n"
    if not by_domain:
        return
    yield '<div class="curves">\n'
    for curve in by_domain:
        sequences = number(curve.sequences, "sequence")
        chart = _curve(curve, f"The same in {curve.name}", limits, 320, 150, _FEW_POINTS)
        yield f"<figure>{chart}<figcaption>{foreign(curve.name)}: {sequences}</figcaption></figure>\n"
    yield "</div>\n"


def _curve(curve: Curve, title: str, limits: Limits, width: int, height: int, points: int) -> str:
    x, y = thinned(curve.frequency, points)
    return line_chart(
        [Series(curve.name, x, y)],
        title=title,
        width=width,
        height=height,
        x_label="position",
        x_limits=(1.0, float(max(2, len(curve.frequency)))),
        y_limits=limits,
        percent=True,
        show_title=False,
    )


Floats = npt.NDArray[np.float64]


def thinned(frequency: Floats, points: int) -> tuple[Floats, Floats]:
    """At most `points` points of a curve over positions 1 to T-1: the mean place and value of each stretch."""
    stretches = min(points, len(frequency))
    edges = np.linspace(0, len(frequency), stretches + 1).astype(int)
    sizes = np.diff(edges)
    places = np.arange(1.0, len(frequency) + 1)
    return np.add.reduceat(places, edges[:-1]) / sizes, np.add.reduceat(frequency, edges[:-1]) / sizes


def _contexts(contexts: tuple[ContextView, ...]) -> Iterator[str]:
    if not contexts:
        return
    yield "<h3>Contexts</h3>\n"
    for domain, members in groupby(contexts, key=lambda context: context.domain):
        yield f'<h4>{foreign(domain)}</h4>\n<ol class="c">\n'
        for context in members:
            yield f"<li>{''.join(map(_piece, _marked(context)))}</li>\n"
        yield "</ol>\n"


def _marked(context: ContextView) -> Iterator[tuple[str, bool]]:
    for piece in context.pieces:
        yield (f"▐{piece.shown}▌" if piece.active else piece.shown), piece.active


def _piece(piece: tuple[str, bool]) -> str:
    text, active = piece
    return f"<mark>{foreign(text)}</mark>" if active else foreign(text)
