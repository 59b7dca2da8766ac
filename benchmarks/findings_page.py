"""Which tables and charts docs/findings.md has, of which runs, and how they come into it.

A table stands in the page between `<!-- table: NAME -->` and `<!-- end -->`, and what stands there is replaced; a chart
is a file of the folder that is called as the page is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.findings import (
    Material,
    Titled,
    curves,
    figure,
    layers_over_steps,
    moments_table,
    paper_table,
    positions_table,
    scale_table,
    sensitivity_table,
    sizes_table,
    sparsity_table,
    trainings_table,
    types_over_steps,
)
from neuron_tui.tui.reports.printed import print_charts

TABLES: dict[str, Callable[[Material], str]] = {
    "trainings": lambda given: trainings_table(given.all_ends()),
    "positions": lambda given: positions_table(given.ends("positions")),
    "sensitivity": lambda given: sensitivity_table(given.ends("positions")),
    "moments": lambda given: moments_table(given.course("base")),
    "moments-nopos": lambda given: moments_table(given.course("nopos")),
    "sinusoids": lambda given: positions_table(given.ends("sinusoids")[1:]),
    "moments-smooth": lambda given: moments_table(given.course("smooth")),
    "sizes": lambda given: sizes_table(given.ends("sizes")),
    "sparsity": lambda given: sparsity_table(given.ends("sizes")),
    "norm": lambda given: sparsity_table(given.ends("norm")),
    "paper": lambda given: paper_table(given.facts("paper")),
    "scale": lambda given: scale_table([moment.facts for moment in given.ends("sizes")]),
}
"""Tables of the page by name."""

CHARTS: dict[str, Callable[[Material], list[Titled]]] = {
    "positions": lambda given: [figure("8", given.ends("positions")[:2])],
    "curves": lambda given: [curves(moment) for moment in given.ends("positions")[:2]],
    "moments": lambda given: [
        types_over_steps(given.course(name), f"Positional neurons: {name}") for name in ("base", "nopos")
    ],
    "moments-frequency": lambda given: [
        layers_over_steps(
            given.course("base"), "Mean frequency: base", "mean frequency", lambda s: s.mean_frequency_alive or 0.0
        )
    ],
    "sinusoids": lambda given: [
        types_over_steps(given.course("smooth"), "Positional neurons: smooth"),
        *(curves(moment) for moment in given.ends("sinusoids")[1:]),
    ],
    "sizes": lambda given: [figure("1b", given.ends("sizes"))],
    "norm": lambda given: [figure("1b", given.ends("norm"))],
}
"""Charts of the page by the stem of their file."""

_PLACE = re.compile(r"(?<=<!-- table: )([a-z-]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def write_findings(models: Path, runs: Path, page: Path) -> None:
    """Write the tables into the page, and the charts beside it.

    Raises
    ------
    KeyError
        The page asks for a table that there is not.
    """
    given = Material(models, runs)
    text = page.read_text("utf-8")
    page.write_text(_PLACE.sub(lambda place: f"{place[1]}{place[2]}{TABLES[place[1]](given)}\n", text), "utf-8")
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, draw in CHARTS.items():
        (folder / f"{name}.svg").write_bytes(print_charts(draw(given), "svg", all_layers=True))
