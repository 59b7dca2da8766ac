"""People's notes in the explorer: shown as the file has them, and asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.places import Address, place_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.suggested_label import suggested_label
from neuron_tui.store.notes.note import Note
from neuron_tui.store.notes.notebook import EMPTY, Notebook
from neuron_tui.tui.config import Config, author_of
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.screens.explorer.browser import RunBrowser
from neuron_tui.tui.screens.explorer.growing import Teller
from neuron_tui.tui.screens.explorer.note_editor import Draft, NoteEditor

_EVERY = 2.0
"""Seconds between two looks at the file, which other programs may write."""


@dataclass(frozen=True, slots=True)
class _Found:
    notes: Notebook
    labels: dict[int, str]


class Noting:
    """Reads the notes for the panes of `browser`, and asks for those that a person writes."""

    def __init__(self, screen: Screen[None], teller: Teller, browser: RunBrowser) -> None:
        self._screen, self._teller, self._browser = screen, teller, browser
        self._notes = EMPTY
        self.problem = ""
        """Why the notes cannot be read; empty if they can."""
        self._reading: Latest[Run, _Found] = Latest(screen, _read, self._show, self._refuse)

    def start(self) -> None:
        """Look at the file now and then from now on."""
        self._screen.set_interval(_EVERY, self.look)

    def look(self) -> None:
        """Read the notes, if the file is another than before."""
        if self._browser.opened is not None and not self._reading.busy:
            self._reading.request(self._browser.opened.run)

    def edit(self) -> None:
        """Ask for a label and a note on the neuron under the cursor, and keep what is given."""
        opened, here = self._browser.opened, self._browser.here
        if opened is None or here is None:
            return
        if self.problem:
            self._teller.complain(self.problem)
            return
        run, author = opened.run, author_of(getattr(self._screen.app, "config", Config()))
        neuron, pole = run.manifest.rule.row(here[1])
        mine = {of: self._notes.of((here[0], neuron, of, author)) for of in dict.fromkeys((pole, ""))}

        def save(draft: Draft) -> Note:
            place = here[0], neuron, draft.pole
            return run.notes_file.put(*place, author=author, label=draft.label, text=draft.text)

        def answered(note: Note | None) -> None:
            if note is not None:
                said = "no note of yours any more" if note.removed else note.label or "a note of yours"
                self._teller.note(f"{note.place}: {said}.")
                self.look()

        title = f"{place_text(run.manifest.rule, here)} · by {author}"
        editor = NoteEditor(title, mine, suggest=partial(_suggest, run, here), save=save)
        self._screen.app.push_screen(editor, answered)

    def _show(self, _: Run, found: _Found) -> None:
        self.problem = ""
        if found.notes is self._notes or found.notes == self._notes:
            return
        self._notes = found.notes
        self._browser.neurons.show_labels(found.labels)
        self._browser.neuron.loader.use_notes(found.notes)
        if "label:" in self._browser.browsing.list_query.query:
            self._browser.browse(self._browser.browsing)
        self._browser.show_neuron()

    def _refuse(self, _: Run, error: NeuronTuiError) -> None:
        """Say once what is wrong; the run is shown without what people wrote on it."""
        if str(error) != self.problem:
            self.problem = str(error)
            self._teller.complain(self.problem)


def _read(run: Run) -> _Found:
    notes = run.notes
    return _Found(notes, notes.labels(run.manifest.rule, run.manifest.rows))


def _suggest(run: Run, neuron: Address) -> str:
    layer, row = neuron
    return suggested_label(run.layer(layer).neuron(row), run.corpus.spelling)
