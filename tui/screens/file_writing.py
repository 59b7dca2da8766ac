"""Asking for the name of a file, and writing it in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.reports.renderer import free_path, objection_to
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.terminal.faults import in_thread


class FileWriting:
    """The files of a screen; `title` names what they hold, when it is said where one went."""

    def __init__(self, screen: Screen[Any], title: str) -> None:
        self._screen, self._title = screen, title

    def ask(
        self,
        proposed: tuple[str, str],
        suffixes: Sequence[str],
        write: Callable[[Path], None],
        *,
        figure: Figure | None = None,
        sign: str = "x",
    ) -> None:
        """Ask for a file and write it.

        Parameters
        ----------
        proposed
            Stem and suffix that are proposed.
        suffixes
            What the name can end in; the ending decides what is written.
        write
            Writes the file, in a thread; may raise any NeuronTuiError or OSError.
        figure
            What is written, if it is a figure: a table is no picture.
        sign
            What stands before the line to type in.
        """

        def check(text: str) -> Objection | None:
            objection = objection_to(text, suffixes, figure)
            return Objection(objection, 0) if objection else None

        def answered(text: str | None) -> None:
            if text is not None:
                path = Path(text.strip()).expanduser()
                in_thread(
                    self._screen,
                    partial(self._write, path, write),
                    group="write",
                    failed=lambda fault: self._tell(path, str(fault)),
                )

        stem, suffix = proposed
        name = str(free_path(Path(), stem.replace("/", "-"), suffix))
        hint = f"a file to write; its ending decides: {' '.join(suffixes)} · enter writes, esc leaves"
        self._screen.app.push_screen(Prompt(f" {sign} ", name, hint, check), answered)

    def _write(self, path: Path, write: Callable[[Path], None]) -> None:
        """In a thread: write a file."""
        problem = None
        try:
            write(path)
        except NeuronTuiError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror or error}\nChoose another place."
        self._screen.call_later(self._tell, path, problem)

    def _tell(self, path: Path, problem: str | None) -> None:
        """Say where the file went, or why there is none."""
        if problem is None:
            where = printable(str(path.resolve()))
            self._screen.notify(f"Written to {where}", title=self._title, timeout=8, markup=False)
        else:
            self._screen.notify(message(problem), title="Not written", severity="error", timeout=12, markup=False)
