"""The paper's figures of one or more runs, as charts and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType

from neuron_tui.store.findings.figures import NAMES, Figure, LabelledRun, build_figure
from neuron_tui.store.findings.figures.figure import Histograms, Teams
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, Key, back_action, bindings, help_action
from neuron_tui.tui.drawing.figure_table import table_text
from neuron_tui.tui.drawing.figure_text import chart_lines
from neuron_tui.tui.navigation import TeamPlace, go, go_to_neuron
from neuron_tui.tui.reports.renderer import FIGURES, FigureSet, suffixes_of, write_file
from neuron_tui.tui.screens.file_writing import FileWriting
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.screens.reading_runs import RunsReading, common_thresholds
from neuron_tui.tui.widgets.figure_browser import FigureBrowser, Listed, browser_actions
from neuron_tui.tui.widgets.figure_pane import FigureLine
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine

_LAST = (Key("figures.help", "keys"), Key("figures.back", "back"))


class Figures(Page[None]):
    """All figures of some runs, one in sight."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-broad")]  # noqa: RUF012 - as textual declares it

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *(Action(f"figures.jump_{n}", str(n), f"jump('{n}')", f"figure {n}") for n in range(1, 10)),
        *browser_actions("figures", "figure"),
        Action(
            "figures.all_layers",
            "a",
            "all_layers",
            "all layers or the bottom half",
            "draws histograms of all layers, or of the bottom half as the paper does.",
            palette="All layers",
        ),
        Action(
            "figures.export",
            "x",
            "export",
            "export",
            "writes the figure to a file: text, CSV, JSON or SVG.",
            palette="Export",
        ),
        Action(
            "figures.enter",
            "enter",
            "enter",
            "the neuron or the team",
            "in a table, goes to the row's neuron; on figure 9, opens the team of the layer.",
        ),
        help_action("figures"),
        back_action("figures"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (("1 … 9", "go to the next figure whose number begins so."),)

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._as_table = False
        self._all_layers = False
        self.browser = FigureBrowser(chart_lines, self._shown_as_table)
        self._files = FileWriting(self, "This figure")
        self._reading: RunsReading[list[Listed]] = RunsReading(
            self,
            paths,
            made=self._open,
            refused=lambda error: self.leave_saying(str(error), "These figures"),
            progress=self.browser.show_text,
            making="making the figures …",
        )

    def compose(self) -> ComposeResult:
        """The list beside the figure, between the headline and the keys."""
        yield TextLine(((" figures · opening …", "strong"),), id="figures-headline", classes="headline")
        yield FigureLine()
        yield self.browser
        yield KeyLine(*_LAST)

    def on_mount(self) -> None:
        """Make the figures in a thread."""
        self._reading.make(_make_figures)

    @property
    def under_way(self) -> bool:
        """Whether the figures are still to come: keys typed ahead are meant for them."""
        return not self.browser.figures

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind all of the runs."""
        return common_thresholds(self._reading.runs)

    # What is in sight.

    def _open(self, figures: list[Listed]) -> None:
        """The figures are there."""
        runs = ", ".join(printable(one.label) for one in self._reading.runs)
        self.query_one(".headline", TextLine).show_text(((f" figures · {runs}", "strong"),))
        self.browser.open(figures)

    def _shown_as_table(self, figure: Figure) -> bool:
        """Whether a figure is shown as its table, which some are alone."""
        return self._as_table or figure.chart is None

    def on_figure_browser_shown(self, event: FigureBrowser.Shown) -> None:
        """Another figure, or the same as chart or table: mark it in the line, show the keys that do something."""
        self.query_one(FigureLine).show(self.browser.listed, self.browser.place)
        self.query_one(KeyLine).show(*self._keys(event.figure))

    def on_figure_browser_entered(self, event: FigureBrowser.Entered) -> None:
        """Enter: from a row to what it is of, from figure 9 to its team; else from the list to the figure."""
        figure = self.browser.figure
        if event.on_row or (figure is not None and self._opens_team(figure)):
            self.action_enter()
        else:
            self.browser.pane.focus_content()

    def _opens_team(self, figure: Figure) -> bool:
        """Whether the chart of figure 9 is in sight: enter opens its team."""
        return isinstance(figure.chart, Teams) and not self._as_table

    def _keys(self, figure: Figure) -> list[Key]:
        """The keys that do something for the figure in sight."""
        keys, as_table = [Key("figures.next", "figure", "←→")], self._shown_as_table(figure)
        if figure.chart is not None:
            keys.append(Key("figures.table", "chart" if self._as_table else "table"))
        if isinstance(figure.chart, Histograms) and not as_table:
            keys.append(Key("figures.all_layers", "bottom half" if self._all_layers else "all layers"))
        if self._opens_team(figure):
            keys.append(Key("figures.enter", "the team"))
        if as_table and _has_neurons(figure):
            keys.append(Key("figures.enter", "its neuron"))
        return [*keys, Key("figures.export", "export"), *_LAST]

    # Keys.

    def action_walk(self, by: int) -> None:
        """Go to another figure."""
        self.browser.walk(by)

    def action_jump(self, digit: str) -> None:
        """Go to the next figure whose number begins with a digit."""
        names = [figure.name for figure in self.browser.listed]
        after = self.browser.place + 1 if names else 0
        found = next((name for name in (*names[after:], *names[:after]) if name.startswith(digit)), None)
        if found is not None:
            self.browser.go_to(found)

    def action_table(self) -> None:
        """Show the table, or the chart again."""
        figure = self.browser.figure
        if figure is not None and figure.chart is None:
            self.notify(f"Figure {figure.name} is a table.", markup=False)
            return
        self._as_table = not self._as_table
        self.browser.show()

    def action_all_layers(self) -> None:
        """Draw histograms of all layers, or of the bottom half."""
        self._all_layers = not self._all_layers
        figure = self.browser.figure
        if figure is not None and not isinstance(figure.chart, Histograms):
            which = "all layers" if self._all_layers else "the bottom half of the layers"
            self.notify(f"Figures 2, 12 and 13 now show {which}.", markup=False)
        self.browser.draw_with(_ALL_LAYERS if self._all_layers else chart_lines)

    def action_enter(self) -> None:
        """Go to the neuron of the row; from the chart of figure 9 to the team."""
        figure = self.browser.figure
        if figure is None:
            return
        if isinstance(figure.chart, Teams) and not self._as_table:
            self._open_team(figure.chart)
        elif self._shown_as_table(figure) and figure.rows and _has_neurons(figure):
            row = self.browser.pane.rows.cursor
            label, layer, neuron = (figure.column(name)[row] for name in ("run", "layer", "neuron"))
            path = next(one.run.path for one in self._reading.runs if one.label == label)
            if isinstance(layer, int) and isinstance(neuron, int):
                go_to_neuron(self, path, (layer, neuron))
        else:
            self.browser.pane.focus_content()

    def _open_team(self, teams: Teams) -> None:
        """The team of the first run that has one; what is chosen there is gone to."""
        for one, (_, team) in zip(self._reading.runs, teams.panels, strict=True):
            if team is not None:
                path = one.run.path

                def answered(found: Address | None, path: Path = path) -> None:
                    if found is not None:
                        go_to_neuron(self, path, found)

                go(self, TeamPlace(one.run, team.layer), answered)
                return
        self.notify("No run has a strong oscillatory neuron.", severity="warning", markup=False)

    def action_export(self) -> None:
        """Ask for a file and write the figure to it."""
        figure = self.browser.figure
        if figure is None:
            return
        stem = "-".join([figure.runs[0] if len(figure.runs) == 1 else "runs", "figure", figure.name])
        self._files.ask(
            (stem, ".csv" if self._shown_as_table(figure) else ".svg"),
            suffixes_of(FIGURES, part=True),
            partial(write_file, FIGURES, FigureSet([figure], all_layers=self._all_layers)),
            figure=figure,
        )

    def commands(self) -> Iterator[SystemCommand]:
        """Actions for the command palette that have no key of their own."""
        for figure in self.browser.listed:
            yield SystemCommand(f"Figure {figure.name}", figure.title, partial(self.browser.go_to, figure.name))


_ALL_LAYERS = partial(chart_lines, all_layers=True)


def _make_figures(runs: tuple[LabelledRun, ...]) -> list[Listed]:
    figures = [build_figure(name, runs) for name in NAMES]
    return [(figure, table_text(figure)) for figure in figures]


def _has_neurons(figure: Figure) -> bool:
    return any(column.name == "neuron" for column in figure.columns)
