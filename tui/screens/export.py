"""Exporting neurons: where to, and as what, with a look at it first. No file is replaced without a second enter."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.places import place_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.actions import Action, Key, bindings
from neuron_tui.tui.forms.path_candidates import paths
from neuron_tui.tui.reports.export_preview import NEURONS, Preview, preview
from neuron_tui.tui.reports.parquet import can_write
from neuron_tui.tui.reports.renderer import free_path
from neuron_tui.tui.reports.report import size_warning, write_report
from neuron_tui.tui.reports.selection import phrase
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.terminal.clipboard import copy
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.widgets.form.fields import Note, Pick, Row
from neuron_tui.tui.widgets.form.path_completion import CompletingField
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.preview import PreviewPane

NAMES = {
    **{"md": "Markdown", "html": "HTML", "json": "JSON", "jsonl": "JSON lines", "csv": "CSV"},
    **({"parquet": "Parquet"} if can_write() else {}),
}
"""Formats of a report as people are shown them: those that can be written here."""

SUFFIXES = {f".{form}": form for form in NAMES} | {".htm": "html"}
"""Format of a report by the suffix of its file."""

_FORMATS = {name: form for form, name in NAMES.items()}

_TELL_EVERY = 0.1
"""Seconds between two words on how far the writing is."""

KEYS = (
    Key("export.write", "write"),
    Key("export.other_format", "format"),
    Key("app.focus_next", "to the preview"),
    Key("export.help", "keys"),
    Key("export.leave", "leave"),
)


def stem_for(run: Run, neurons: Sequence[tuple[int, int]]) -> str:
    """Name of a report without its suffix: `demo-3-117`, or `demo-12-neurons`."""
    if len(neurons) == 1:
        return f"{run.name}-{place_text(run.manifest.rule, neurons[0]).replace(':', '-')}"
    return f"{run.name}-{len(neurons)}-neurons"


class _StopAsked(Exception):  # noqa: N818 - no error
    """The person does not want the report any more."""


class Export(ModalScreen[Path | None]):
    """Asks for a format and a file, shows how the report begins, and writes it.

    Gives back where it went, which is on the clipboard then, or None. `chosen_by` says why these neurons: `marked`, the
    filter that they match, or nothing.
    """

    AUTO_FOCUS = "#export-path"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "export.leave",
            "escape",
            "leave",
            "stop writing, or leave",
            "stops a report that is being written, and nothing is left of it; else leaves without writing.",
            palette="Leave",
            shown="esc",
        ),
        Action(
            "export.write",
            "enter",
            "write",
            "write the report",
            "writes the report; if the file is there already, a second enter replaces it.",
            palette="Write",
        ),
        Action(
            "export.other_format",
            "ctrl+t",
            "other_format",
            "the next format",
            "goes to the next format; the ending of the file's name chooses it too.",
        ),
        Action("export.help", "f1,question_mark", "help", "keys", palette="Keys and words"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("tab", "goes to the formats, the file and the preview, which scrolls with ↑ ↓, pgup and pgdn."),
        ("ctrl+l", "lists directories and reports that could stand as the file."),
    )

    @dataclass
    class Previewed(Message):
        """A thread knows how a report begins, or why that cannot be shown."""

        preview: Preview

    @dataclass
    class Went(Message):
        """A thread has written some neurons."""

        count: int

    @dataclass
    class Written(Message):
        """A thread has written the report, or could not: `problem` says why. It may have been stopped."""

        path: Path
        problem: str | None
        stopped: bool = False

    def __init__(self, run: Run, neurons: Sequence[tuple[int, int]], chosen_by: str = "") -> None:
        super().__init__()
        self._run, self._neurons, self._chosen_by = run, neurons, chosen_by
        self._proposed = str(free_path(Path(), stem_for(run, neurons), ".md"))
        self._agreed: Path | None = None
        self.stop: threading.Event | None = None
        """Set, it stops the writing that is under way; None if there is none."""
        self._previews: dict[str, Preview] = {}
        self._previewing = False

    # What it shows.

    def compose(self) -> ComposeResult:
        """The format, the file, what is to say, and how the report begins."""
        known = partial(paths, wanted=lambda name: Path(name).suffix.lower() in SUFFIXES)
        with Vertical(id="export") as box:
            box.border_title = Content(self._title())
            yield Row("Format", Pick(tuple(NAMES.values()), NAMES["md"], id="export-format"))
            yield Row("File", CompletingField(self._proposed, known, id="export-path"))
            yield Note(id="export-says")
            yield PreviewPane(id="export-preview")
            yield KeyLine(*KEYS)

    def on_mount(self) -> None:
        """Have the first look."""
        count = len(self._neurons)
        part = "" if count <= NEURONS else f": the first {NEURONS} of {count_noun(count, 'neuron')}"
        self.query_one(PreviewPane).border_title = Content(f"Preview{part}")
        self._show_preview()
        self._say_place()

    def _title(self) -> str:
        if len(self._neurons) == 1 and not self._chosen_by:
            return f"Export neuron {place_text(self._run.manifest.rule, self._neurons[0])}"
        return f"Export {phrase(len(self._neurons), self._chosen_by)}"

    @property
    def _field(self) -> CompletingField:
        return self.query_one("#export-path", CompletingField)

    @property
    def _pick(self) -> Pick:
        return self.query_one("#export-format", Pick)

    @property
    def _form(self) -> str:
        return _FORMATS[self._pick.value]

    def _say(self, text: str, role: str = "bad") -> None:
        self.query_one("#export-says", Note).show_text((text, role))

    def _say_place(self) -> None:
        """Where a relative path leads, and whether the report is a very large one."""
        if warning := size_warning(self._form, len(self._neurons)):
            self._say(f"{warning}.", "mark")
            return
        typed = Path(self._field.value.strip() or ".").expanduser()
        self._say("" if typed.is_absolute() else f"in {Path.cwd()}", "dim")

    # The format.

    @on(Pick.Changed)
    def _picked(self) -> None:
        """The file's name follows the format."""
        suffix = next(suffix for suffix, form in SUFFIXES.items() if form == self._form)
        typed = Path(self._field.value)
        if SUFFIXES.get(typed.suffix.lower()) != self._form:
            if self._field.value == self._proposed or not typed.name:
                self._proposed = str(free_path(Path(), stem_for(self._run, self._neurons), suffix))
                self._field.put(self._proposed)
            else:
                known = typed.suffix.lower() in SUFFIXES
                self._field.put(str(typed.with_suffix(suffix) if known else Path(f"{typed}{suffix}")))
        self._show_preview()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """The format follows the file's name."""
        self._agreed = None
        form = SUFFIXES.get(Path(event.value.strip()).suffix.lower())
        if form is not None:
            self._pick.put(NAMES[form])
        if self.stop is None:
            self._say_place()

    def action_other_format(self) -> None:
        """Go to the next format."""
        self._pick.action_step(1)

    # The preview.

    def _show_preview(self) -> None:
        """Show the beginning in the format chosen; a thread makes it when it is first wanted."""
        form = self._form
        if form in self._previews:
            self.query_one(PreviewPane).show(self._previews[form])
        elif not self._previewing:
            self._previewing = True
            in_thread(self, partial(self._look, form), group="preview", failed=partial(self._not_previewed, form))

    def _look(self, form: str) -> None:
        """In a thread: make a preview."""
        try:
            shown = preview(self._run, self._neurons, form, self._chosen_by)
        except NeuronTuiError as error:
            shown = Preview(form, tuple(str(error).split("\n")), wraps=True)
        self.post_message(self.Previewed(shown))

    def _not_previewed(self, form: str, fault: NeuronTuiError) -> None:
        self.post_message(self.Previewed(Preview(form, tuple(str(fault).split("\n")), wraps=True)))

    def on_export_previewed(self, event: Previewed) -> None:
        """Keep a preview, and show it or make the one that is wanted by now."""
        self._previewing = False
        self._previews[event.preview.format] = event.preview
        self._show_preview()

    # The writing.

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_write()

    def action_write(self) -> None:
        """Write the report, unless something is in the way."""
        if self.stop is not None:
            return
        path = Path(self._field.value.strip()).expanduser()
        if path.suffix.lower() not in SUFFIXES:
            self._say(f"The name must end in one of {' '.join(SUFFIXES)}.")
        elif path.is_dir():
            self._say(f"{path} is a directory. Name a file in it.")
        elif path.exists() and self._agreed != path:
            self._agreed = path
            self._say(f"{path} exists. Enter again replaces it; or type another name.")
        else:
            self.stop = threading.Event()
            self.on_export_went(self.Went(0))
            in_thread(
                self,
                partial(self._write, path, self._form, self.stop),
                group="export",
                failed=lambda fault: self.post_message(self.Written(path, str(fault), False)),
            )

    def _write(self, path: Path, form: str, stop: threading.Event) -> None:
        """In a thread: write the report."""
        told = time.monotonic()

        def heard(count: int) -> None:
            nonlocal told
            if stop.is_set():
                raise _StopAsked
            if time.monotonic() - told >= _TELL_EVERY:
                told = time.monotonic()
                self.post_message(self.Went(count))

        problem, stopped = None, False
        try:
            write_report(self._run, self._neurons, form, path, chosen_by=self._chosen_by, heard=heard)
        except _StopAsked:
            stopped = True
        except NeuronTuiError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror or error}. Choose another place."
        self.post_message(self.Written(path, problem, stopped))

    def on_export_went(self, event: Went) -> None:
        """Say how far it is."""
        if self.stop is not None and not self.stop.is_set():
            done = f"{event.count:,} of {count_noun(len(self._neurons), 'neuron')}"
            self._say(f"Writing: {done}. esc stops.", "strong")

    def on_export_written(self, event: Written) -> None:
        """Done, or say what went wrong and let another name be typed."""
        self.stop = None
        if event.stopped:
            self._say("Stopped; nothing is left of it. Enter writes it from the beginning.", "strong")
        elif event.problem is not None:
            self._say(" ".join(event.problem.split("\n")))
        else:
            copy(self.app, str(event.path.resolve()))
            self.dismiss(event.path)

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        if self.stop is not None:
            self.stop.set()

    # Leaving, and help.

    def action_leave(self) -> None:
        """Stop the writing, or leave without any."""
        if self.stop is None:
            self.dismiss(None)
        else:
            self.stop.set()
            self._say("Stopping …", "dim")

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(help_sections(self)))

    def commands(self) -> Iterator[SystemCommand]:
        """Actions for the command palette that have no key of their own."""
        for name in NAMES.values():
            yield SystemCommand(name, f"Write the report as {name} (ctrl+t)", partial(self._pick.put, name))
