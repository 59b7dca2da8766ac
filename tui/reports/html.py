"""Reports for people as one HTML file that loads nothing and runs no script, from the templates beside this module.

Whatever comes from a run is made visible, escaped by Jinja2, and isolated in `<bdi>`, so that no direction leaks out.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.comparison.tables import PAIRED, depths_of
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, percent, show_layers, signed, value_text
from neuron_tui.tui.reports.causal_text import causal_sentence
from neuron_tui.tui.reports.comparison_wording import NONE, became_sentences, jaccard_text, total_rows
from neuron_tui.tui.reports.context import shortened
from neuron_tui.tui.reports.curve import charts_of
from neuron_tui.tui.reports.front import contents, facts, signs, terms
from neuron_tui.tui.reports.neuron import SHOWN, neuron_views
from neuron_tui.tui.reports.neuron_text import OWN_TRIGGER
from neuron_tui.tui.reports.printed import print_figure
from neuron_tui.tui.reports.selection import Selection
from neuron_tui.tui.reports.values import histogram_of, value_sentence, weight_words

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for a page: nothing but the style that is in it."""


def write_html(run: Run, selection: Selection, stream: TextIO) -> None:
    """Neurons of a run: a head, a table of contents, a section for each, and what signs and words mean.

    Sections are made and written one after the other. Raises RunDamagedError.
    """
    template = _environment().get_template("neurons.html")
    pieces = template.generate(
        policy=POLICY,
        title=f"{count_noun(len(selection), run.manifest.rule.row_noun)} of {printable(run.name)}",
        name=printable(run.name),
        count=len(selection),
        several=len(selection) > 1,
        facts=facts(run, selection),
        contents=contents(run, selection) if len(selection) > 1 else (),
        labels=bool(run.notes),
        views=neuron_views(run, selection),
        legend=(*signs(run.manifest.thresholds), *terms(run.manifest.thresholds, run.manifest.rule)),
        own_trigger=OWN_TRIGGER,
        shown=SHOWN,
    )
    stream.writelines(pieces)


def report_html(report: Report) -> str:
    """A comparison: notes, totals, overlap, figures, how neurons changed, and tokens if they are listed."""
    comparison = report.comparison
    return (
        _environment()
        .get_template("comparison.html")
        .render(
            policy=POLICY,
            title=f"{count_noun(len(comparison.runs), 'run')} compared",
            comparison=comparison,
            two=len(comparison.runs) == 2,
            totals=total_rows(comparison.totals),
            overlaps=[
                (overlap, depth, shared) for overlap in comparison.overlaps for depth, shared in depths_of(overlap)
            ],
            curves=report.curves,
            pairs=report.transitions,
            paired=PAIRED,
            token_lists=report.tokens,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("neuron_tui.tui.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "foreign": _foreign,
        "token": lambda text: _foreign(text, "t"),
        "printable": printable,
        "shortened": shortened,
        "percent": percent,
        "signed": signed,
        "number": count_noun,
        "thousands": "{:,}".format,
        "charts": charts_of,
        "groupby_domain": lambda contexts: groupby(contexts, key=lambda context: context.domain),
        "layers": lambda layers: show_layers(layers) or NONE,
        "jaccard": jaccard_text,
        "sentences": became_sentences,
        "svg": _inline_svg,
        "silenced": causal_sentence,
        "value": value_text,
        "value_sentence": value_sentence,
        "weights": weight_words,
        "histogram": histogram_of,
    }
    return environment


def _foreign(text: str, kind: str = "") -> Markup:
    """A text that comes from a run, made visible before, with its direction kept to itself; `kind` is its class."""
    return Markup('<bdi class="{}">{}</bdi>' if kind else "<bdi>{1}</bdi>").format(kind, text)


def _inline_svg(figure: Figure) -> Markup:
    """A figure as an `<svg>` element: matplotlib's file without what stands before that element."""
    text = print_figure(figure, "svg").decode()
    return Markup(text[text.index("<svg") :])
