"""Exporting neurons: where to, and as what. An existing file is never replaced without a second enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.report import write_report
from neuron_tui.store.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.store.words import number
from neuron_tui.tui.widgets.painting import Said

SUFFIXES = {".md": "md", ".json": "json", ".jsonl": "jsonl", ".csv": "csv"}
"""Format of a report by the suffix of its file."""


def free_name(folder: Path, stem: str, suffix: str) -> Path:
    """A path in `folder` at which nothing lies yet: the stem alone, or with a number after it."""
    path = folder / f"{stem}{suffix}"
    attempt = 2
    while path.exists():
        path = folder / f"{stem}-{attempt}{suffix}"
        attempt += 1
    return path


def stem_for(run: Run, neurons: Sequence[tuple[int, int]]) -> str:
    """Name of a report without its suffix: `demo-3-117`, or `demo-12-neurons`."""
    if len(neurons) == 1:
        return f"{run.name}-{neurons[0][0]}-{neurons[0][1]}"
    return f"{run.name}-{len(neurons)}-neurons"


class Export(ModalScreen[Path | None]):
    """Asks for a file and writes the report; gives back where it went, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("ctrl+t", "other_format", "other format", show=False),
    ]

    @dataclass
    class Written(Message):
        """A thread has written the report, or could not: `problem` says why."""

        path: Path
        problem: str | None

    def __init__(self, run: Run, neurons: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self._run, self._neurons = run, tuple(neurons)
        self._proposed = str(free_name(Path(), stem_for(run, neurons), ".md"))
        self._agreed: Path | None = None
        self._writing = False

    def compose(self) -> ComposeResult:
        """What is exported, the path, the formats, and what is to say."""
        with Vertical(id="export") as box:
            if len(self._neurons) == 1:
                box.border_title = Content("Export neuron {}:{}".format(*self._neurons[0]))
            else:
                box.border_title = Content(f"Export {number(len(self._neurons), 'marked neuron')}")
            yield Said(((" Write to this file; its ending decides the format.", "dim"),))
            yield Input(
                self._proposed,
                id="export-path",
                compact=True,
                select_on_focus=False,
            )
            with Horizontal(id="export-formats"):
                yield Button("Markdown", id="export-md", compact=True)
                yield Button("JSON", id="export-json", compact=True)
                yield Said(((" enter writes, ctrl+t switches, esc leaves", "dim"),), classes="hint")
            yield Said(id="export-says")

    @on(Button.Pressed)
    def _format(self, event: Button.Pressed) -> None:
        self._use_suffix(".json" if event.button.id == "export-json" else ".md")
        self.query_one(Input).focus()

    def action_other_format(self) -> None:
        """Switch between Markdown and JSON."""
        self._use_suffix(".md" if self.query_one(Input).value.endswith(".json") else ".json")

    def _use_suffix(self, suffix: str) -> None:
        field = self.query_one(Input)
        typed = Path(field.value)
        if field.value == self._proposed or not typed.name:
            self._proposed = str(free_name(Path(), stem_for(self._run, self._neurons), suffix))
            field.value = self._proposed
        else:
            field.value = str(typed.with_suffix(suffix) if typed.suffix in SUFFIXES else Path(f"{typed}{suffix}"))
        field.cursor_position = len(field.value)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._agreed = None
        self._say("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if self._writing:
            return
        path = Path(event.value.strip()).expanduser()
        form = SUFFIXES.get(path.suffix.lower())
        if form is None:
            self._say(f"The name must end in one of {' '.join(SUFFIXES)}.")
        elif path.is_dir():
            self._say(f"{path} is a directory. Name a file in it.")
        elif path.exists() and self._agreed != path:
            self._agreed = path
            self._say(f"{path} exists. Enter again replaces it; or type another name.")
        else:
            self._writing = True
            self._say("Writing …", "dim")
            self.run_worker(partial(self._write, path, form), thread=True, group="export")

    def _write(self, path: Path, form: str) -> None:
        """In a thread: write the report."""
        problem = None
        try:
            write_report(self._run, self._neurons, form, path)
        except NeuronTuiError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror or error}. Choose another place."
        self.post_message(self.Written(path, problem))

    def on_export_written(self, event: Written) -> None:
        """Done, or say what went wrong and let another name be typed."""
        self._writing = False
        if event.problem is None:
            self.dismiss(event.path)
        else:
            self._say(" ".join(event.problem.split("\n")))

    def _say(self, text: str, role: str = "bad") -> None:
        self.query_one("#export-says", Said).say(((f" {printable(text)}", role),) if text else ())

    def action_leave(self) -> None:
        """Leave without writing."""
        self.dismiss(None)
