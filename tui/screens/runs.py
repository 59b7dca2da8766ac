"""The list of runs: open one, or delete one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer

from neuron_tui.store.catalog import RunSummary, delete_run, list_runs
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.tokens import printable
from neuron_tui.store.words import number, short_count
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer import Explorer
from neuron_tui.tui.screens.help import RUNS, Help
from neuron_tui.tui.spans import BLANK, Line, fit, fit_end, message, wrap
from neuron_tui.tui.widgets.painting import LineView, Said
from neuron_tui.tui.widgets.rows import RowList

_EVERY = 2.0
"""Seconds between two looks at the runs while one of them is being written."""


def size_text(size: int) -> str:
    """Bytes as people read them: `34 MB`."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def corpus_text(summary: RunSummary) -> str:
    """Domains of a run with their tokens."""
    if summary.manifest is None or summary.manifest.corpus is None:
        return "–"
    return ", ".join(f"{printable(d.name)} {short_count(d.tokens)}" for d in summary.manifest.corpus.domains)


class RunList(RowList):
    """One run a row."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "open", key_display="enter")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.runs: list[RunSummary] = []

    @property
    def selected(self) -> RunSummary | None:
        """The run under the cursor."""
        return self.runs[self.cursor] if self.runs else None

    def show(self, runs: list[RunSummary]) -> None:
        """Show runs; the cursor stays on the run it is on."""
        before = self.selected
        self.runs = runs
        names = [run.path for run in runs]
        cursor = names.index(before.path) if before and before.path in names else self.cursor
        self.set_rows(len(runs), cursor)

    def header_line(self, width: int) -> Line:
        """Titles."""
        return ((self._cells(("name", "state", "layers", "tokens", "size", "model", "corpus"), width - 1), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A run."""
        run = self.runs[row]
        manifest = run.manifest
        if manifest is None:
            cells = (printable(run.name), run.state, "–", "–", size_text(run.size), "–", "–")
        else:
            layers = f"{len(manifest.layers)}/{len(manifest.options.layers)}"
            tokens = short_count(manifest.tokens) if manifest.corpus else "–"
            model = printable(manifest.model.name)
            cells = (printable(run.name), run.state, layers, tokens, size_text(run.size), model, corpus_text(run))
        text = self._cells(cells, width)[1:]
        return ((text, "bad" if run.state == "damaged" else ""),)

    def _cells(self, cells: tuple[str, ...], width: int) -> str:
        name, state, layers, tokens, size, model, corpus = cells
        spare = max(0, width - 42)
        name_width = max(12, spare * 3 // 10)
        model_width = max(8, spare * 3 // 10)
        corpus_width = max(0, spare - name_width - model_width)
        model = fit_end(model, model_width).strip().ljust(model_width) if len(model) > model_width else model
        return "  ".join(
            (
                "  " + fit(name, name_width),
                fit(state, 9),
                fit(layers, 6, "right"),
                fit(tokens, 6, "right"),
                fit(size, 7, "right"),
                fit(model, model_width),
                fit(corpus, corpus_width),
            )
        )


class Details(LineView):
    """What is to say of the run under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._said: tuple[tuple[str, str], ...] = ()
        self._lines: list[Line] = []

    def say(self, *paragraphs: tuple[str, str]) -> None:
        """Show paragraphs: a text and its role each."""
        self._said = paragraphs
        self._wrap()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._wrap()

    def _wrap(self) -> None:
        width = self.inner_width
        self._lines = []
        for text, role in self._said:
            self._lines += [((line, role),) for line in wrap(text, max(10, width))] or [BLANK]
        self.set_line_count(len(self._lines))

    def line_at(self, index: int, width: int) -> Line:
        """A line."""
        return self._lines[index] if index < len(self._lines) else BLANK


class Runs(Screen[None]):
    """All runs of a directory."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,delete", "delete", "delete", key_display="d"),
        Binding("r", "reload", "read again", key_display="r"),
        Binding("question_mark", "help", "keys", key_display="?"),
        Binding("q", "app.quit", "out", key_display="q"),
    ]

    @dataclass
    class Listed(Message):
        """A thread has read the runs directory."""

        runs: list[RunSummary]

    @dataclass
    class Deleted(Message):
        """A thread has deleted a run, or could not: `problem` says why."""

        name: str
        problem: str | None

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._reading = False

    def compose(self) -> ComposeResult:
        """The list, and below it what is to say of the run under the cursor."""
        yield Said(((f" neuron-tui · runs in {printable(str(self._directory))}", "strong"),), classes="headline")
        with Vertical(id="runs-pane") as pane:
            pane.border_title = Content("Runs")
            yield RunList(id="run-list")
        with Vertical(id="details-pane"):
            yield Details(id="details")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Read the runs, and look again while one is being written."""
        self.query_one(RunList).focus()
        self.set_interval(_EVERY, self._look_again)

    def on_screen_resume(self) -> None:
        """A run may have come or gone meanwhile."""
        self.action_reload()

    def _look_again(self) -> None:
        if self.is_current and any(run.state == "running" for run in self.query_one(RunList).runs):
            self.action_reload()

    def action_reload(self) -> None:
        """Read the runs directory again."""
        if not self._reading:
            self._reading = True
            self.run_worker(self._list, thread=True, group="runs")

    def _list(self) -> None:
        self.post_message(self.Listed(list_runs(self._directory)))

    def on_runs_listed(self, event: Listed) -> None:
        """Show the runs."""
        self._reading = False
        self.query_one(RunList).show(event.runs)
        self.query_one("#runs-pane", Vertical).border_title = Content(f"Runs · {len(event.runs)}")
        self._describe()

    def on_row_list_moved(self) -> None:
        """Say something of the run now under the cursor."""
        self._describe()

    def on_row_list_chosen(self) -> None:
        """Open it."""
        self.action_open()

    def _describe(self) -> None:
        details, run = self.query_one(Details), self.query_one(RunList).selected
        if run is None:
            details.say(
                ("There are no runs yet.", "strong"),
                ("", ""),
                ("See the tool at work on its own small model:", ""),
                ("    neuron-tui demo", "strong"),
                ("or extract the neurons of a model of yours:", ""),
                ("    neuron-tui extract MODEL --corpus TEXT --name NAME", "strong"),
                ("", ""),
                ("Then press r here to read the list again.", "dim"),
            )
            return
        says = [(f"{printable(run.name)}: {_state_sentence(run)}", "bad" if run.state == "damaged" else "strong")]
        if run.manifest is not None:
            model = run.manifest.model
            says.append(
                (
                    f"{printable(model.name)}: {number(model.layers, 'layer')} × {number(model.neurons, 'neuron')}, "
                    f"context length {run.manifest.options.context_length:,}. Made {printable(run.manifest.created)}.",
                    "",
                )
            )
            says.append((f"Corpus: {corpus_text(run)}.", ""))
        says.append((printable(str(run.path)), "dim"))
        details.say(*says)

    def action_open(self) -> None:
        """Open the run under the cursor."""
        run = self.query_one(RunList).selected
        if run is None:
            self.notify("There is no run to open.", markup=False)
        elif run.state == "damaged":
            self.notify(
                message(run.problem or "a file cannot be read"), title="Damaged", severity="error", markup=False
            )
        elif run.manifest is None or not run.manifest.layers:
            self.notify("It has no finished layer yet.", severity="warning", markup=False)
        else:
            self.app.push_screen(Explorer(run.path))

    def action_delete(self) -> None:
        """Ask, then delete the run under the cursor."""
        run = self.query_one(RunList).selected
        if run is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(partial(self._delete, run), thread=True, group="delete")

        self.app.push_screen(
            Confirm(
                f"Delete the run {run.name}?",
                f"{size_text(run.size)} in {run.path}. It cannot be brought back.",
                "Delete",
                "Keep",
            ),
            answered,
        )

    def _delete(self, run: RunSummary) -> None:
        problem = None
        try:
            delete_run(run.path)
        except (NeuronTuiError, OSError) as error:
            problem = str(error)
        self.post_message(self.Deleted(run.name, problem))

    def on_runs_deleted(self, event: Deleted) -> None:
        """Say what happened and read the list again."""
        if event.problem is None:
            self.notify(f"The run {printable(event.name)} is deleted.", markup=False)
        else:
            self.notify(message(event.problem), title="Not deleted", severity="error", markup=False)
        self.action_reload()

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(RUNS))


def _state_sentence(run: RunSummary) -> str:
    match run.state:
        case "complete":
            return "complete."
        case "damaged":
            return f"damaged. {printable((run.problem or '').rstrip('.'))}."
        case "running":
            return "an extraction is writing it now; its finished layers can be opened."
    done = len(run.manifest.layers) if run.manifest else 0
    wanted = len(run.manifest.options.layers) if run.manifest else 0
    rest = "The same extract command goes on with the rest."
    return f"partial, {done} of {number(wanted, 'layer')} done. {rest}"
