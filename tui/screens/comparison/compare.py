"""Several runs beside each other, part by part; on a wide terminal totals and overlap stay in sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Vertical

from neuron_tui.store.findings.comparison.report import Report, make_report
from neuron_tui.store.findings.figures import Figure, LabelledRun
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, Key, back_action, bindings, help_action
from neuron_tui.tui.drawing.comparison_parts import drawn
from neuron_tui.tui.drawing.figure_table import table_text
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.navigation import FiguresPlace, go, go_to_neuron
from neuron_tui.tui.reports.renderer import COMPARISONS, ComparisonPart, suffixes_of, write_file
from neuron_tui.tui.screens.comparison.tokens import TokenOverlap
from neuron_tui.tui.screens.file_writing import FileWriting
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.screens.reading_runs import RunsReading, common_thresholds
from neuron_tui.tui.widgets.figure_browser import FigureBrowser, Listed, browser_actions
from neuron_tui.tui.widgets.figure_pane import FigurePane
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine

_LAST = (Key("compare.help", "keys"), Key("compare.back", "back"))
_ALWAYS = ("totals", "overlap")
"""Parts that a wide terminal shows beside any other."""


class Compare(Page[None]):
    """A comparison of runs: a list of its parts, and the one in sight."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-broad"), (160, "-wide")]  # noqa: RUF012 - as textual declares it

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *browser_actions("compare", "part"),
        Action(
            "compare.figures", "f", "figures", "all figures", "shows all figures of these runs.", palette="All figures"
        ),
        Action(
            "compare.enter",
            "enter",
            "enter",
            "the tokens or the neuron",
            "in the table of the overlap, lists the tokens of the two runs; in figure 8's, goes to the neuron.",
        ),
        Action(
            "compare.export",
            "x",
            "export",
            "export this part",
            "write this part, or the whole comparison, to a file.",
            palette="Export",
            with_=("compare.export_all",),
        ),
        Action("compare.export_all", "X", "export_all", "export the comparison", palette="Export all"),
        help_action("compare"),
        back_action("compare"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("interval", "is the 95% interval of a share if neurons were drawn independently; those of a model are not."),
        ("jaccard", "is the share of the tokens with a detector in either run that have one in both."),
        ("depth", "is relative: 0 for a model's first layer, 1 for its last."),
    )

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = tuple(paths)
        self._report: Report | None = None
        self._tables = {"overlap"}
        always = Vertical(*(FigurePane(id=f"pane-{name}") for name in _ALWAYS), id="compare-always")
        self.browser = FigureBrowser(self._draw, lambda part: part.name in self._tables, [always])
        self._files = FileWriting(self, "This comparison")
        self.reading: RunsReading[tuple[Report, list[Listed]]] = RunsReading(
            self,
            paths,
            made=self._open,
            refused=lambda error: self.leave_saying(str(error), "These runs"),
            progress=self.browser.show_text,
            making="comparing …",
        )

    def compose(self) -> ComposeResult:
        """The list, what a wide terminal always shows, and the part in sight."""
        yield TextLine(((" comparison · opening …", "strong"),), id="compare-headline", classes="headline")
        yield TextLine(id="compare-line")
        yield self.browser
        yield KeyLine(*_LAST)

    def on_mount(self) -> None:
        """Compare the runs in a thread."""
        self.reading.make(_compare)

    @property
    def under_way(self) -> bool:
        """Whether the comparison is still to come: keys typed ahead are meant for it."""
        return self._report is None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind all of the runs."""
        return common_thresholds(self.reading.runs)

    # What is in sight.

    def _open(self, made: tuple[Report, list[Listed]]) -> None:
        """The comparison is there."""
        self._report, parts = made
        runs = ", ".join(printable(one.label) for one in self.reading.runs)
        self.query_one(".headline", TextLine).show_text(((f" comparison · {runs}", "strong"),))
        self.browser.open(parts)
        self._fit()

    def _draw(self, part: Figure, width: int, height: int) -> list[Line]:
        assert self._report is not None
        return drawn(self._report, part, width, height)

    def on_resize(self) -> None:
        """Which parts the list holds depends on the width."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Leave out of the list what is in sight anyway."""
        self.browser.hide(_ALWAYS if self.has_class("-wide") else ())

    def _always(self, name: str) -> FigurePane:
        return self.query_one(f"#pane-{name}", FigurePane)

    @property
    def _part(self) -> tuple[Figure, FigurePane] | None:
        """The part that keys are for, and its pane: the one with the focus, else the one in sight."""
        for part, _ in self.browser.figures:
            if part.name in _ALWAYS and self._always(part.name).has_focus_within:
                return part, self._always(part.name)
        part_shown = self.browser.figure
        return (part_shown, self.browser.pane) if part_shown is not None else None

    def on_figure_browser_shown(self, event: FigureBrowser.Shown) -> None:
        """Another part, or the same as chart or table: say which it is, and show what stands beside it."""
        part, listed, place = event.figure, self.browser.listed, self.browser.place
        self.query_one("#compare-line", TextLine).show_text(
            ((f" {part.title} ", "strong"), ("◂▸", "mark"), (f"  part {place + 1} of {len(listed)}", "dim"))
        )
        self._show_keys()
        if self.has_class("-wide"):
            said = set(part.notes)
            for name in reversed(_ALWAYS):
                always, text = next(pair for pair in self.browser.figures if pair[0].name == name)
                # A note on several parts stands once: below the one in sight, or the last of the others.
                own_notes = tuple(note for note in always.notes if note not in said)
                said |= {*own_notes}
                self._always(name).show(replace(always, notes=own_notes), text, as_table=name in self._tables)
            self.call_after_refresh(self._draw_always)

    def _draw_always(self) -> None:
        """Draw what a wide terminal always shows: little enough to be drawn at once."""
        if not self.has_class("-wide") or self._report is None:
            return
        for part, _ in self.browser.figures:
            if part.name in _ALWAYS and part.name not in self._tables:
                width, height = self._always(part.name).chart_size
                self._always(part.name).show_chart(self._draw(part, width, height) if width > 0 else ())

    def on_resized(self) -> None:
        """Draw for the room there is now."""
        self._draw_always()

    def _show_keys(self) -> None:
        """The keys that do something for the part that has them."""
        if self._part is None:
            return
        part, _ = self._part
        as_table = part.name in self._tables
        keys = [Key("compare.next", "part", "←→")]
        keys += [Key("compare.table", "chart" if as_table else "table")] if part.name != "totals" else []
        if as_table and part.name == "overlap":
            keys.append(Key("compare.enter", "its tokens"))
        elif as_table and part.name == "8":
            keys.append(Key("compare.enter", "its neuron"))
        more = (Key("compare.figures", "figures"), Key("compare.export", "export"))
        self.query_one(KeyLine).show(*keys, *more, *_LAST)

    def on_descendant_focus(self) -> None:
        """The keys are those of the part that has the focus."""
        self._show_keys()

    # Keys.

    def on_figure_browser_entered(self, event: FigureBrowser.Entered) -> None:
        """Enter: from a row to what it is of, from the list to the part."""
        if event.on_row:
            self.action_enter()
        else:
            self.browser.pane.focus_content()

    def action_walk(self, by: int) -> None:
        """Go to another part."""
        self.browser.walk(by)

    def action_table(self) -> None:
        """Show the table, or the chart again."""
        if self._part is None:
            return
        part, _ = self._part
        if part.name == "totals":
            self.notify("The totals are a table already.", markup=False)
            return
        self._tables ^= {part.name}
        self.browser.show()

    def action_figures(self) -> None:
        """Show all figures of these runs."""
        go(self, FiguresPlace(self._paths))

    def action_enter(self) -> None:
        """From a row of the overlap to its tokens, from one of figure 8 to its neuron; else into the pane."""
        if self._part is None:
            return
        part, pane = self._part
        if part.name in self._tables and part.rows:
            row = part.rows[pane.rows.cursor]
            by_label = {one.label: one for one in self.reading.runs}
            if part.name == "overlap":
                self.app.push_screen(TokenOverlap(by_label[str(row[0])], by_label[str(row[1])]))
                return
            if part.name == "8":
                label, layer, neuron = (part.column(name)[pane.rows.cursor] for name in ("run", "layer", "neuron"))
                if isinstance(layer, int) and isinstance(neuron, int):
                    go_to_neuron(self, by_label[str(label)].run.path, (layer, neuron))
                return
        pane.focus_content()

    def action_export(self) -> None:
        """Ask for a file and write the part to it."""
        if self._part is None or self._report is None:
            return
        report, (part, _) = self._report, self._part
        self._files.ask(
            (f"comparison-{part.name}", ".svg" if part.chart is not None and part.name not in self._tables else ".csv"),
            suffixes_of(COMPARISONS, part=True),
            partial(write_file, COMPARISONS, ComparisonPart(report, part.name)),
            figure=part,
        )

    def action_export_all(self) -> None:
        """Ask for a file and write the whole comparison to it."""
        if self._report is not None:
            writing = partial(write_file, COMPARISONS, ComparisonPart(self._report))
            self._files.ask(("comparison", ".html"), suffixes_of(COMPARISONS), writing, sign="X")

    def commands(self) -> Iterator[SystemCommand]:
        """Actions for the command palette that have no key of their own."""
        for part in self.browser.listed:
            yield SystemCommand(part.title, "Go to this part of the comparison", partial(self.browser.go_to, part.name))


def _compare(runs: tuple[LabelledRun, ...]) -> tuple[Report, list[Listed]]:
    report = make_report(runs)
    return report, [(table, table_text(table)) for table in report.tables]
