"""All notes on a run, as a value: finding those on a neuron, changing one, merging another person's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from neuron_tui.store.notes.note import Key, Note
from neuron_tui.store.runs.rule import Rule


@dataclass(frozen=True, slots=True)
class Merging:
    """What an import found: notes that were not there, that are newer than those there, the same, and older ones."""

    new: int = 0
    newer: int = 0
    same: int = 0
    older: int = 0


class Notebook:
    """The notes on a run, of each key the latest one. It does not change: what changes one gives another."""

    def __init__(self, notes: Iterable[Note] = ()) -> None:
        """A notebook of some notes; where several have one key the latest holds."""
        kept: dict[Key, Note] = {}
        for note in notes:
            before = kept.get(note.key)
            if before is None or note.rank > before.rank:
                kept[note.key] = note
        self._by_key: Mapping[Key, Note] = dict(sorted(kept.items()))
        by_neuron: dict[tuple[int, int], list[Note]] = {}
        for note in self:
            by_neuron.setdefault((note.layer, note.neuron), []).append(note)
        self._by_neuron = by_neuron

    def __iter__(self) -> Iterator[Note]:
        """The notes that are there, by layer, neuron, pole and author."""
        return (note for note in self._by_key.values() if not note.removed)

    def __len__(self) -> int:
        return sum(map(len, self._by_neuron.values()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notebook) and self._by_key == other._by_key

    __hash__ = None  # type: ignore[assignment]  # a value without an order or a use as a key

    @property
    def kept(self) -> tuple[Note, ...]:
        """All that its file holds: the notes, and what is left of those that were taken away."""
        return tuple(self._by_key.values())

    def on(self, layer: int, neuron: int, pole: str = "") -> tuple[Note, ...]:
        """The notes on a neuron: with a pole those on it and on the whole neuron, without one all of them."""
        notes = self._by_neuron.get((layer, neuron), ())
        return tuple(note for note in notes if not pole or note.pole in ("", pole))

    def labels(self, rule: Rule, rows: int) -> dict[int, str]:
        """What neurons are called, by layer * `rows` + row, where layers have so many rows by a rule."""
        found: dict[int, list[Note]] = {}
        for note in self:
            for row in rule.rows(note.neuron, note.pole) if note.label else ():
                found.setdefault(note.layer * rows + row, []).append(note)
        return {code: called_by(notes) for code, notes in found.items()}

    def of(self, key: Key) -> Note | None:
        """Somebody's note on just that neuron or pole, also one that was taken away."""
        return self._by_key.get(key)

    def with_note(self, note: Note) -> Notebook:
        """The notebook with a note, in the place of the one with its key."""
        return Notebook([*(other for other in self._by_key.values() if other.key != note.key), note])

    def merged(self, others: Iterable[Note]) -> tuple[Notebook, Merging]:
        """The notebook with other notes, of each key the later one, and what became of these."""
        counts = dict.fromkeys(("new", "newer", "same", "older"), 0)
        theirs = Notebook(others).kept
        for note in theirs:
            mine = self._by_key.get(note.key)
            if mine is None:
                counts["new"] += 1
            elif mine == note:
                counts["same"] += 1
            else:
                counts["newer" if note.rank > mine.rank else "older"] += 1
        return Notebook([*self._by_key.values(), *theirs]), Merging(**counts)


def called_by(notes: Iterable[Note]) -> str:
    """What people call the neuron that some notes are on: their labels, each once; empty without one."""
    return ", ".join(dict.fromkeys(note.label for note in notes if note.label))


EMPTY = Notebook()
