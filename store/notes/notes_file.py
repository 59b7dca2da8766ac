"""The file of a run's notes: read again when it has changed, written as a whole, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named, replacing
from neuron_tui.store.disk.lock import changing
from neuron_tui.store.disk.stream import text_written
from neuron_tui.store.errors import InputError, NeuronNotFoundError, RunDamagedError
from neuron_tui.store.notes.note import LONGEST_LABEL, LONGEST_TEXT, Note, new_note, read_line
from neuron_tui.store.notes.notebook import EMPTY, Merging, Notebook
from neuron_tui.store.runs.folder import NOTES_ASIDE, NOTES_FILE
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.runs.variants import run_of
from neuron_tui.store.wording import free_name

_LONGEST_LINE = 16 * (LONGEST_LABEL + LONGEST_TEXT)
"""Bytes: more than any note takes."""


class NotesFile:
    """The notes on a run. Its variants share them: they are in the run's folder."""

    def __init__(self, folder: Path) -> None:
        """The notes on the run in `folder`, or on the run that the variant in it is of."""
        self.path = (run_of(folder.resolve()) or folder) / NOTES_FILE
        self._read: tuple[tuple[int, int, int], Notebook] | None = None

    def read(self) -> Notebook:
        """All notes, as the file has them now.

        Raises
        ------
        RunDamagedError
            The file cannot be read, or a line of it is no note; it stays as it is.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return EMPTY
        except OSError as error:
            raise _unreadable(self.path, error) from error
        stamp = status.st_mtime_ns, status.st_size, status.st_ino
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, Notebook(_read_notes(self.path))
        return self._read[1]

    def put(
        self, layer: int, neuron: int, pole: str, *, author: str, label: str | None = None, text: str | None = None
    ) -> Note:
        """Write somebody's note; a label or a text that is None stays as it is, and empty ones take the note away.

        Raises
        ------
        InputError, DiskFullError
            The note, or the file, cannot be written.
        RunBusyError
            Another process goes on writing notes.
        RunDamagedError
            The notes that are there cannot be read.
        """
        with changing(self.path):
            notebook = self.read()
            before = notebook.of(new_note(layer, neuron, pole, label="", text="", author=author).key)
            label = before.label if label is None and before is not None else label or ""
            text = before.text if text is None and before is not None else text or ""
            note = new_note(layer, neuron, pole, label=label, text=text, author=author, before=before)
            if before is None and note.removed:
                return note  # there is nothing to take away
            self._write(notebook.with_note(note))
        return note

    def merge(self, notes: Iterable[Note]) -> Merging:
        """Bring in other notes: of each key the later one holds. Raises as `put` does."""
        with changing(self.path):
            before = self.read()
            notebook, merging = before.merged(notes)
            if notebook != before:
                self._write(notebook)
        return merging

    def _write(self, notebook: Notebook) -> None:
        with replacing(self.path) as temporary, text_written(changes.make_file(temporary)) as file:
            file.writelines(f"{note.to_line()}\n" for note in notebook.kept)


def read_notes_for(manifest: Manifest, name: str, lines: Iterable[bytes], source: str) -> list[Note]:
    """Notes from the lines of a file called `source` that are to be brought into the run called `name`.

    Raises
    ------
    InputError
        A line is no note.
    NeuronNotFoundError
        A note is on a neuron, or a pole, that the run does not have.
    """
    notes = []
    for number, note in _numbered(lines, source):
        if why := _stranger(manifest, note):
            raise NeuronNotFoundError(
                f"{source}, line {number}: {note.place} is not in the run {name}: {why}\n"
                "Nothing was imported. Import it into a run of the same model."
            )
        notes.append(note)
    return notes


def note_count(folder: Path) -> int | None:
    """How many notes go with the run in a folder, those set aside too; None if they cannot be read."""
    try:
        paths = [folder / NOTES_FILE, *sorted(folder.glob(NOTES_ASIDE))]
        return sum(len(Notebook(_read_notes(path))) for path in paths if path.exists())
    except (OSError, RunDamagedError):
        return None


def set_aside(folder: Path) -> Path | None:
    """Rename the file of notes, whose neurons are about to go; gives its path then, None if there is none."""
    path = folder / NOTES_FILE
    if not path.exists():
        return None
    with changing(path), disk_full_named(path):
        stem = free_name("notes.before", lambda name: (folder / f"{name}.jsonl").exists())
        aside = folder / f"{stem}.jsonl"
        changes.rename(path, aside)
        changes.sync_folder(folder)  # before the run goes whose neurons they are on
    return aside


def _stranger(manifest: Manifest, note: Note) -> str:
    if note.layer not in manifest.options.layers:
        return f"it has no layer {note.layer}"
    if note.neuron >= manifest.model.neurons:
        return f"its layers have neurons 0 to {manifest.model.neurons - 1:,}"
    return "its neurons have no poles" if note.pole and manifest.rule.poles == 1 else ""


def _read_notes(path: Path) -> list[Note]:
    try:
        with path.open("rb") as file:
            return [note for _, note in _numbered(file, str(path))]
    except OSError as error:
        raise _unreadable(path, error) from error
    except InputError as error:
        reason = str(error).splitlines()[0]
        raise RunDamagedError(f"{reason}\nMend that line, or move the file away; it is left as it is.") from error


def _numbered(lines: Iterable[bytes], source: str) -> Iterable[tuple[int, Note]]:
    for number, line in enumerate(lines, 1):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line.strip():
            continue
        try:
            if len(line) > _LONGEST_LINE:
                raise ValueError("longer than any note")
            yield number, read_line(line)
        except ValueError as error:
            raise InputError(f"{source}, line {number}: {error}\nNothing was imported. Mend that line.") from error


def _unreadable(path: Path, error: OSError) -> RunDamagedError:
    return RunDamagedError(f"{path}: cannot be read ({error.strerror})\nMake it a readable file, or move it away.")
