"""A screen on something that a thread makes, and that can be written to files; both say how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.message import Message
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.reports.file_names import objection_to_name
from neuron_tui.tui.screens.export import free_name
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.screens.prompt import Objection, Prompt


class MadeInThread(Screen[None]):
    """What is shown is made in a thread, and files of it are written in one; handlers alone touch widgets."""

    READ: ClassVar[str]
    """What is read, in a few words: the title of what is said if it cannot be."""

    WRITTEN: ClassVar[str]
    """What a file is of: the title of where it went."""

    @dataclass
    class Failed(Message):
        """What is to be shown cannot be made."""

        problem: str

    @dataclass
    class Exported(Message):
        """A thread has written a file, or could not: `problem` says why."""

        path: Path
        problem: str | None

    def make(self) -> None:
        """In a thread: make what is shown, and post it; may raise any NeuronTuiError."""
        raise NotImplementedError

    def start_making(self, making: Callable[[], None] | None = None) -> None:
        """Have it made, or made otherwise than at first."""
        self.run_worker(partial(self._make, making or self.make), thread=True, group="read")

    def _make(self, making: Callable[[], None]) -> None:
        try:
            making()
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error)))

    def on_made_in_thread_failed(self, event: Failed) -> None:
        """Say what is wrong and go back."""
        self.app.notify(message(event.problem), title=self.READ, severity="error", timeout=12, markup=False)
        self.dismiss()

    # Files.

    def ask_for_file(
        self,
        proposed: tuple[str, str],
        suffixes: Iterable[str],
        write: Callable[[Path], None],
        *,
        objection_to: Callable[[str], str] | None = None,
        sign: str = "x",
    ) -> None:
        """Ask for a file, of which stem and suffix are proposed and whose suffix decides what is written; write it.

        What is wrong with a name is `objection_to` that name, if not only that it has none of the suffixes or that
        something is there.
        """

        def check(text: str) -> Objection | None:
            objection = objection_to(text) if objection_to is not None else objection_to_name(text, suffixes)
            return Objection(objection, 0) if objection else None

        def answered(text: str | None) -> None:
            if text is not None:
                path = Path(text.strip()).expanduser()
                self.run_worker(partial(self._write, path, write), thread=True, group="write")

        stem, suffix = proposed
        name = str(free_name(Path(), stem.replace("/", "-"), suffix))
        hint = f"a file to write; its ending decides: {' '.join(suffixes)} · enter writes, esc leaves"
        self.app.push_screen(Prompt(f" {sign} ", name, hint, check), answered)

    def _write(self, path: Path, write: Callable[[Path], None]) -> None:
        problem = None
        try:
            write(path)
        except NeuronTuiError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror or error}\nChoose another place."
        self.post_message(self.Exported(path, problem))

    def on_made_in_thread_exported(self, event: Exported) -> None:
        """Say where the file went."""
        if event.problem is None:
            where = printable(str(event.path.resolve()))
            self.notify(f"Written to {where}", title=self.WRITTEN, timeout=8, markup=False)
        else:
            self.notify(message(event.problem), title="Not written", severity="error", timeout=12, markup=False)

    # Keys that all of them have.

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(help_sections(self)))

    def action_back(self) -> None:
        """Leave the screen."""
        self.dismiss()
