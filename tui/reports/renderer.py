"""What a report can be written as: one protocol, and for each subject one table of formats.

Commands, the app and the tests walk over these tables: `FIGURES`, `COMPARISONS` and `FINDINGS` here, and `NEURONS` in
`report`. A new format is one entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TextIO, TypeVar

from neuron_tui.store.disk.output import opened_output
from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper import Finding
from neuron_tui.store.wording import free_name
from neuron_tui.tui.drawing.comparison_parts import TEXTS, printed
from neuron_tui.tui.drawing.figure_table import table_lines, table_text
from neuron_tui.tui.drawing.figure_text import charted, tabled
from neuron_tui.tui.drawing.paper_text import report_text
from neuron_tui.tui.drawing.spans import Line, text_of
from neuron_tui.tui.reports.comparison import report_json, tables_csv
from neuron_tui.tui.reports.figures import figure_csv, figures_csv, figures_json
from neuron_tui.tui.reports.html import report_html
from neuron_tui.tui.reports.paper import findings_json, findings_markdown
from neuron_tui.tui.reports.printed import FORMATS as PRINTED
from neuron_tui.tui.reports.printed import print_figure

Subject = TypeVar("Subject", contravariant=True)

_WIDTH, _HEIGHT = 100, 24
"""Cells of a chart in a text file."""

_CHART_WIDTH, _CHART_HEIGHT = 80, 20
"""Cells of a chart on a terminal whose size is not known."""


class Renderer(Protocol[Subject]):
    """Writes a subject to a stream; `width` is how many cells text may take, None for as many as it needs."""

    def __call__(self, subject: Subject, stream: TextIO, width: int | None) -> None:
        """Write the subject."""
        ...


@dataclass(frozen=True, slots=True)
class Format(Generic[Subject]):
    """One format of a subject.

    `name` is what `--format` takes, `suffix` the ending of a file (empty for what only terminals show). `holds_notes`
    is False where notes have no place. `part` and `whole` say whether a part alone and the whole can be written.
    """

    name: str
    suffix: str
    render: Renderer[Subject]
    holds_notes: bool = True
    part: bool = True
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FigureSet:
    """Figures to write: one alone or all of them; `all_layers` draws histograms of all layers."""

    figures: Sequence[Figure]
    alone: bool = True
    all_layers: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonPart:
    """A comparison to write, the whole for `part` None."""

    report: Report
    part: str | None = None

    @property
    def table(self) -> Figure:
        """The part as a figure; raises StopIteration for a part that the comparison does not have."""
        return next(table for table in self.report.tables if table.name == self.part)


@dataclass(frozen=True, slots=True)
class FindingSet:
    """Findings on the paper's claims with the runs and notes that belong to them."""

    runs: Sequence[LabelledRun]
    notes: Sequence[str]
    findings: Sequence[Finding]


def _figures_table(subject: FigureSet, stream: TextIO, width: int | None) -> None:
    stream.write("\n".join(text_of(tabled(one, width)) for one in subject.figures))


def _figures_chart(subject: FigureSet, stream: TextIO, width: int | None) -> None:
    size = (width or _CHART_WIDTH, _CHART_HEIGHT)
    stream.write("\n".join(text_of(charted(one, *size, all_layers=subject.all_layers)) for one in subject.figures))


def _figures_txt(subject: FigureSet, stream: TextIO, width: int | None) -> None:
    """Each figure as a chart, if it has one, and its table."""
    for one in subject.figures:
        size = (width or _WIDTH, _HEIGHT)
        chart = [] if one.chart is None else [*charted(one, *size, all_layers=subject.all_layers), ()]
        stream.write(text_of([*chart, *tabled(one, width)]))


def _figures_json(subject: FigureSet, stream: TextIO, width: int | None) -> None:
    stream.write(figures_json(subject.figures))


def _figures_csv(subject: FigureSet, stream: TextIO, width: int | None) -> None:
    stream.write(figure_csv(subject.figures[0]) if subject.alone else figures_csv(subject.figures))


def _print(format_: str, subject: FigureSet, stream: TextIO, width: int | None) -> None:
    stream.flush()
    stream.buffer.write(print_figure(subject.figures[0], format_, all_layers=subject.all_layers))


FIGURES: Mapping[str, Format[FigureSet]] = {
    one.name: one
    for one in (
        Format("table", "", _figures_table),
        Format("chart", "", _figures_chart),
        Format("txt", ".txt", _figures_txt),
        Format("csv", ".csv", _figures_csv, holds_notes=False),
        Format("json", ".json", _figures_json),
        *(Format(name, f".{name}", partial(_print, name), holds_notes=False, whole=False) for name in PRINTED),
    )
}
"""Formats of figures by name."""


def _blocks(blocks: Sequence[Sequence[Line]]) -> str:
    return "\n".join(map(text_of, blocks))


def _comparison_lines(as_charts: bool, subject: ComparisonPart, stream: TextIO, width: int | None) -> None:
    stream.write(_blocks(printed(subject.report, subject.part, width, as_charts=as_charts)))


def _comparison_json(subject: ComparisonPart, stream: TextIO, width: int | None) -> None:
    stream.write(figures_json([subject.table]) if subject.part else report_json(subject.report))


def _comparison_csv(subject: ComparisonPart, stream: TextIO, width: int | None) -> None:
    stream.write(figure_csv(subject.table) if subject.part else tables_csv(subject.report.tables))


def _comparison_html(subject: ComparisonPart, stream: TextIO, width: int | None) -> None:
    stream.write(report_html(subject.report))


def _comparison_txt(subject: ComparisonPart, stream: TextIO, width: int | None) -> None:
    """Every part drawn; a part alone is followed by its table."""
    blocks = printed(subject.report, subject.part, _WIDTH, as_charts=True)
    if subject.part is not None and subject.part not in (*TEXTS, "tokens"):
        blocks.insert(1, table_lines(table_text(subject.table), None))
    stream.write(_blocks(blocks))


def _print_part(format_: str, subject: ComparisonPart, stream: TextIO, width: int | None) -> None:
    _print(format_, FigureSet([subject.table]), stream, width)


COMPARISONS: Mapping[str, Format[ComparisonPart]] = {
    one.name: one
    for one in (
        Format("table", "", partial(_comparison_lines, False)),
        Format("chart", "", partial(_comparison_lines, True)),
        Format("html", ".html", _comparison_html, part=False),
        Format("txt", ".txt", _comparison_txt),
        Format("csv", ".csv", _comparison_csv, holds_notes=False),
        Format("json", ".json", _comparison_json),
        *(Format(name, f".{name}", partial(_print_part, name), holds_notes=False, whole=False) for name in PRINTED),
    )
}
"""Formats of a comparison by name."""


def _findings_table(subject: FindingSet, stream: TextIO, width: int | None) -> None:
    stream.write(report_text(subject.notes, subject.findings, width))


def _findings_json(subject: FindingSet, stream: TextIO, width: int | None) -> None:
    stream.write(findings_json(subject.runs, subject.notes, subject.findings))


def _findings_markdown(subject: FindingSet, stream: TextIO, width: int | None) -> None:
    stream.write(findings_markdown(subject.notes, subject.findings))


FINDINGS: Mapping[str, Format[FindingSet]] = {
    one.name: one
    for one in (
        Format("md", ".md", _findings_markdown),
        Format("json", ".json", _findings_json),
        Format("table", ".txt", _findings_table),
    )
}
"""Formats of findings by name."""


def suffixes_of(formats: Mapping[str, Format[Subject]], *, part: bool = False) -> tuple[str, ...]:
    """Endings of the files that a subject, or a part of it, can be written to."""
    return tuple(one.suffix for one in formats.values() if one.suffix and (one.part if part else one.whole))


def write_file(formats: Mapping[str, Format[Subject]], subject: Subject, path: Path) -> None:
    """Write a subject to a file, in the format that the suffix of its name stands for.

    Raises
    ------
    KeyError
        The suffix is that of no format.
    UsageError
        A chart was asked for of what has none.
    InputError, DiskFullError
        The file cannot be written; an older one is as it was.
    """
    by_suffix = {one.suffix: one for one in formats.values() if one.suffix}
    chosen = by_suffix[path.suffix.lower()]
    with opened_output(path) as stream:
        chosen.render(subject, stream, None)


def objection_to(name: str, suffixes: Sequence[str], figure: Figure | None = None) -> str:
    """What is wrong with writing to a file of that name, ending in one of `suffixes`; empty if nothing is.

    `figure` is what would be written, if it is one.
    """
    path = Path(name.strip()).expanduser()
    ending = path.suffix.lower()
    if figure is not None and figure.chart is None and ending.removeprefix(".") in PRINTED:
        return f"Figure {figure.name} is a table: write it as .txt, .csv or .json."
    if ending not in suffixes:
        return f"The name must end in one of {' '.join(suffixes)}."
    if path.exists():
        return f"{path} exists. Type another name."
    return "" if path.parent.is_dir() else f"There is no directory {path.parent}."


def free_path(folder: Path, stem: str, suffix: str) -> Path:
    """A path in `folder` at which nothing lies yet: the stem alone, or with a number after it."""
    name = free_name(stem, lambda name: (folder / f"{name}{suffix}").exists())
    return folder / f"{name}{suffix}"
