"""The paper's figures of one or more runs, as charts and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from neuron_tui.store.findings.figures import Figure
from neuron_tui.store.findings.figures.figure import Histograms, Teams
from neuron_tui.tui.navigation import TeamPlace, go, go_to_neuron
from neuron_tui.tui.reports.figure_files import SUFFIXES, objection_to, write_figure
from neuron_tui.tui.screens.figures.reader import FiguresReader
from neuron_tui.tui.screens.figures.walk import FigureWalk
from neuron_tui.tui.widgets.figure_pane import FigureLine, FigureList, FigurePane
from neuron_tui.tui.widgets.key_line import Key, KeyLine
from neuron_tui.tui.widgets.painting import Said

_LAST = (Key("?", "keys", "screen.help"), Key("q", "back", "screen.back"))


class Figures(FigureWalk):
    """All figures of some runs, one in sight."""

    READ = "These figures"
    WRITTEN = "This figure"
    SUBJECT = "figures"

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-broad")]  # noqa: RUF012 - as textual declares it

    CSS = """
    Figures #figure-panes { height: 1fr; }
    Figures #figure-list { width: 41; height: 1fr; border: round $dim; scrollbar-gutter: auto; }
    Figures #figure-list:focus { border: heavy $primary; }
    Figures FigurePane { width: 1fr; }
    Figures #figure-line { display: none; }
    Figures.-narrow #figure-list { display: none; }
    Figures.-narrow #figure-line { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "walk(-1)", "figure before", id="figures.before", show=False, priority=True),
        Binding("right,l", "walk(1)", "next figure", id="figures.next", show=False, priority=True),
        *(Binding(str(n), f"jump('{n}')", f"figure {n}", id=f"figures.jump_{n}", show=False) for n in range(1, 10)),
        Binding("t", "table", "chart or table", id="figures.table", show=False),
        Binding("a", "all_layers", "all layers or the bottom half", id="figures.all_layers", show=False),
        Binding("x", "export", "export", id="figures.export", show=False),
        Binding("enter", "enter", "the neuron or the team", id="figures.enter", show=False),
        Binding("question_mark", "help", "keys", id="figures.help", show=False),
        Binding("q,escape", "back", "back", id="figures.back", show=False),
    ]

    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("← →  h l", "go to the figure before or after; ↑ ↓ walk the list, or the rows of a table."),
        ("1 … 9", "go to the next figure whose number begins so."),
        ("t", "shows the table in place of the chart, or the chart again."),
        ("a", "draws histograms of all layers, or of the bottom half as the paper does."),
        ("enter", "in a table, goes to the row's neuron; on figure 9, opens the team of the layer."),
        ("x", "writes the figure to a file: text, CSV, JSON or SVG."),
        ("q", "goes back."),
    )

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(paths)
        self._as_table = False

    def compose(self) -> ComposeResult:
        """The list beside the figure, between the headline and the keys."""
        yield Said(((" figures · opening …", "strong"),), id="figures-headline", classes="headline")
        yield FigureLine()
        with Horizontal(id="figure-panes"):
            yield FigureList()
            yield FigurePane()
        yield KeyLine(*_LAST)

    # What is in sight.

    def on_figures_reader_built(self, event: FiguresReader.Built) -> None:
        """The figures are there."""
        self.open_figures(event.facts, event.figures)

    @property
    def _figure(self) -> Figure | None:
        return self._figures[self._place][0] if self._figures else None

    @property
    def table_shown(self) -> bool:
        """Whether the figure in sight is shown as its table, which some are alone."""
        return self._as_table or (self._figure is not None and self._figure.chart is None)

    @property
    def chart_opens(self) -> bool:
        """Whether the chart is that of figure 9: enter opens its team."""
        return self._figure is not None and isinstance(self._figure.chart, Teams) and not self._as_table

    def show_figure(self) -> None:
        """Show the figure in sight; the chart follows when it is drawn."""
        if not self._figures:
            return
        figure, text = self._figures[self._place]
        in_pane = self.pane.has_focus_within
        self.pane.show_chart(())
        self.pane.show(figure, text, as_table=self.table_shown)
        self.query_one(FigureLine).show(self.listed, self._place)
        self.query_one(KeyLine).show(*self._keys(figure))
        if in_pane or self.has_class("-narrow"):
            self.pane.focus_content()
        self.call_after_refresh(self.draw)

    def _keys(self, figure: Figure) -> list[Key]:
        """The keys that do something for the figure in sight."""
        keys = [Key("←→", "figure", "screen.walk(1)")]
        if figure.chart is not None:
            keys.append(Key("t", "chart" if self._as_table else "table", "screen.table"))
        if isinstance(figure.chart, Histograms) and not self.table_shown:
            keys.append(Key("a", "bottom half" if self.all_layers else "all layers", "screen.all_layers"))
        if isinstance(figure.chart, Teams) and not self.table_shown:
            keys.append(Key("enter", "the team", "screen.enter"))
        if self.table_shown and _has_neurons(figure):
            keys.append(Key("enter", "its neuron", "screen.enter"))
        return [*keys, Key("x", "export", "screen.export"), *_LAST]

    # Keys.

    def action_jump(self, digit: str) -> None:
        """Go to the next figure whose number begins with a digit."""
        count = len(self._figures)
        for place in ((self._place + step) % count for step in range(1, count + 1) if count):
            if self._figures[place][0].name.startswith(digit):
                self.query_one(FigureList).move(place)
                return

    def action_table(self) -> None:
        """Show the table, or the chart again."""
        if self._figure is not None and self._figure.chart is None:
            self.notify(f"Figure {self._figure.name} is a table.", markup=False)
            return
        self._as_table = not self._as_table
        self.show_figure()

    def action_all_layers(self) -> None:
        """Draw histograms of all layers, or of the bottom half."""
        self.all_layers = not self.all_layers
        if self._figure is not None and not isinstance(self._figure.chart, Histograms):
            which = "all layers" if self.all_layers else "the bottom half of the layers"
            self.notify(f"Figures 2, 12 and 13 now show {which}.", markup=False)
        self.show_figure()

    def action_enter(self) -> None:
        """Go to the neuron of the row; from the chart of figure 9 to the team."""
        figure = self._figure
        if figure is None:
            return
        if isinstance(figure.chart, Teams) and not self._as_table:
            self._open_team(figure.chart)
        elif self.table_shown and figure.rows and _has_neurons(figure):
            row = self.pane.rows.cursor
            label, layer, neuron = (figure.column(name)[row] for name in ("run", "layer", "neuron"))
            path = next(one.run.path for one in self._facts if one.label == label)
            if isinstance(layer, int) and isinstance(neuron, int):
                go_to_neuron(self, path, (layer, neuron))
        else:
            self.pane.focus_content()

    def _open_team(self, teams: Teams) -> None:
        """The team of the first run that has one; what is chosen there is gone to."""
        for one, (_, team) in zip(self._facts, teams.panels, strict=True):
            if team is not None:
                path = one.run.path

                def answered(found: tuple[int, int] | None, path: Path = path) -> None:
                    if found is not None:
                        go_to_neuron(self, path, found)

                go(self, TeamPlace(one.run, team.layer), answered)
                return
        self.notify("No run has a strong oscillatory neuron.", severity="warning", markup=False)

    def action_export(self) -> None:
        """Ask for a file and write the figure to it."""
        figure = self._figure
        if figure is None:
            return
        stem = "-".join([figure.runs[0] if len(figure.runs) == 1 else "runs", "figure", figure.name])
        self.ask_for_file(
            (stem, ".csv" if self.table_shown else ".svg"),
            SUFFIXES,
            partial(write_figure, figure, all_layers=self.all_layers),
            objection_to=partial(objection_to, figure),
        )

    def commands(self) -> Iterator[SystemCommand]:
        """The actions of this screen for the command palette."""
        yield SystemCommand("Chart or table", "Show the table in place of the chart, or back (t)", self.action_table)
        yield SystemCommand("All layers", "Histograms of all layers or the bottom half (a)", self.action_all_layers)
        yield SystemCommand("Export", "Write the figure to a file: text, CSV, JSON or SVG (x)", self.action_export)
        for figure in self.listed:
            yield SystemCommand(f"Figure {figure.name}", figure.title, partial(self.go_to, figure.name))
        yield SystemCommand("Keys and signs", "Show the help (?)", self.action_help)
        yield SystemCommand("Back", "Leave the figures (q)", self.action_back)


def _has_neurons(figure: Figure) -> bool:
    return any(column.name == "neuron" for column in figure.columns)
