"""Notes: one of each author on each neuron, merged by time, kept in a file that is never lost in silence."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store import Run, open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.lock import changing, writing
from neuron_tui.store.errors import InputError, NeuronNotFoundError, QueryError, RunDamagedError
from neuron_tui.store.measures.thresholds import PAPER
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.suggested_label import LONGEST, suggested_label
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.notes.note import LONGEST_LABEL, Note, new_note, read_line
from neuron_tui.store.notes.notebook import Notebook, called_by
from neuron_tui.store.notes.notes_file import NotesFile, note_count, read_notes_for, set_aside
from neuron_tui.store.runs.catalog import delete_run, rename_run
from neuron_tui.store.runs.folder import NOTES_FILE, refuse_foreign_folder
from neuron_tui.store.runs.manifest import MANIFEST, read_manifest, write_manifest
from tests.hostile import NAME, TEXTS
from tests.synthetic import PLANTED, build_variant
from tests.tui.jobs_at_hand import put_job

MOMENTS = [f"2026-11-2{day}T10:00:00.000Z" for day in range(3)]

notes = st.builds(
    Note,
    layer=st.integers(0, 1),
    neuron=st.integers(0, 1),
    pole=st.sampled_from(["", "+"]),
    label=st.sampled_from(["", "weather", "time"]),
    text=st.sampled_from(["", "a\nb"]),
    author=st.sampled_from(["Ann", "Bob"]),
    changed=st.sampled_from(MOMENTS),
)


def line(**changed: object) -> bytes:
    values = {"layer": 0, "neuron": 1, "label": "weather", "author": "Ann", "changed": MOMENTS[0]} | changed
    return json.dumps(values).encode()


# Merging


@given(st.lists(notes), st.lists(notes), st.lists(notes))
def test_it_is_no_matter_who_imports_from_whom_and_in_which_order(a: list[Note], b: list[Note], c: list[Note]) -> None:
    mine, theirs = Notebook(a), Notebook(b)
    merged, found = mine.merged(theirs.kept)
    assert merged == theirs.merged(mine.kept)[0]
    assert merged.merged(c)[0] == mine.merged(theirs.merged(c)[0].kept)[0]
    assert found.new + found.newer + found.same + found.older == len(theirs.kept)
    again, second = merged.merged(theirs.kept)
    assert again == merged
    assert (second.new, second.newer) == (0, 0)


def test_of_one_author_the_later_note_holds_and_others_stand_beside() -> None:
    old, new = (Note(0, 1, "", label, "", "Ann", at) for label, at in zip(("old", "new"), MOMENTS, strict=False))
    other = replace(old, author="Bob", label="his")
    merged, found = Notebook([old]).merged([new, other])
    assert [note.label for note in merged.on(0, 1)] == ["new", "his"]
    assert (found.new, found.newer, found.same, found.older) == (1, 1, 0, 0)
    assert merged.merged([old])[1].older == 1
    assert called_by(merged.on(0, 1)) == "new, his"


def test_a_note_that_was_taken_away_is_not_brought_back_by_an_older_copy(copy: Path) -> None:
    file = NotesFile(copy)
    file.put(0, 1, "", author="Ann", label="weather")
    copied = file.read().kept
    file.put(0, 1, "", author="Ann", label="", text="")
    assert file.merge(copied).older == 1
    assert list(file.read()) == []


# Writing


def test_a_label_and_a_text_are_changed_one_by_one(copy: Path) -> None:
    file = NotesFile(copy)
    file.put(0, 1, "", author="Ann", label="  weather \n words ")
    note = file.put(0, 1, "", author="Ann", text="one\r\ntwo\n")
    assert (note.label, note.text) == ("weather words", "one\ntwo")
    assert list(open_run(copy).notes) == [note]
    assert file.put(2, 5, "", author="Ann", label="", text="").removed
    assert len(file.read().kept) == 1  # nothing was there to take away


def test_a_note_is_later_than_the_one_it_replaces_whatever_the_clock_says(copy: Path) -> None:
    file = NotesFile(copy)
    ahead = Note(0, 1, "", "from tomorrow", "", "Ann", "2999-01-01T00:00:00.000Z")
    file.merge([ahead])
    assert file.put(0, 1, "", author="Ann", label="mine").changed == "2999-01-01T00:00:00.001Z"
    assert file.merge([ahead]).older == 1


@pytest.mark.parametrize("text", [*(text for text in TEXTS if text.strip()), NAME])
def test_any_text_comes_back_as_it_was_and_its_line_acts_on_no_terminal(text: str) -> None:
    note = new_note(0, 1, "", label="x", text=f"a{text}b", author="Ann")
    assert note.text == f"a{text}b".replace("\r\n", "\n")
    assert read_line(note.to_line()) == note
    assert note.to_line().isprintable()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"label": "x" * (LONGEST_LABEL + 1)}, "label: .*at most 200"),
        ({"author": " "}, "author: .*at least 1"),
        ({"label": "\udc80"}, "label: "),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_name(given: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=f"the note cannot be kept: {told}"):
        new_note(0, 1, "", **{"label": "x", "text": "", "author": "Ann"} | given)


def test_writers_at_the_same_time_lose_nothing(copy: Path) -> None:
    def write(author: str) -> None:
        for neuron in range(6):
            NotesFile(copy).put(0, neuron, "", author=author, label="x")

    writers = [threading.Thread(target=write, args=(author,)) for author in ("Ann", "Bob", "Cem")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(open_run(copy).notes) == 18


def test_notes_are_written_while_the_run_itself_is(copy: Path) -> None:
    with writing(copy):
        NotesFile(copy).put(0, 1, "", author="Ann", label="meanwhile")
    with changing(copy / NOTES_FILE), writing(copy):
        assert len(open_run(copy).notes) == 1


# Damage


def test_a_damaged_file_is_named_with_its_line_and_left_as_it_is(copy: Path) -> None:
    file = NotesFile(copy)
    file.put(0, 1, "", author="Ann", label="weather")
    with file.path.open("ab") as end:
        end.write(b"{half a li")
    before = file.path.read_bytes()
    for attempt in (file.read, lambda: file.put(0, 2, "", author="Ann", label="x"), lambda: file.merge([])):
        with pytest.raises(RunDamagedError, match=r"notes\.jsonl, line 2: no JSON .*\nMend that line, or move"):
            attempt()
    assert file.path.read_bytes() == before
    assert note_count(copy) is None
    (problem,) = check_run(copy)
    assert (problem.severity, problem.file) == ("note", NOTES_FILE)
    assert problem.message.startswith("line 2: no JSON")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b"[]", "line 2: no JSON object"),
        (b"\xff", "line 2: no JSON"),
        (line(colour="red"), "line 2: unknown key 'colour'; known are layer"),
        (b'{"layer": 0, "neuron": 1}', "line 2: the key 'author' is missing"),
        (line(layer="0"), "line 2: layer: "),
        (line(layer=-1), "line 2: layer: "),
        (line(pole="x"), "line 2: pole: "),
        (line(label="a\nb"), "line 2: label: must be one line"),
        (line(changed="yesterday"), "line 2: changed: must be a time"),
        (line(changed="2026-11-27T10:00:00"), "line 2: changed: must say its time zone"),
        (line(changed="9999-12-31T23:59:59+00:00"), "line 2: changed: must be a time of this age"),
        (b'{"text": "' + b"x" * 400_000 + b'"}', "line 2: longer than any note"),
    ],
)
def test_a_line_that_is_no_note_is_named(run: Run, bad: bytes, told: str) -> None:
    with pytest.raises(InputError) as caught:
        read_notes_for(run.manifest, run.name, [line(), bad], "theirs.jsonl")
    assert str(caught.value).startswith(f"theirs.jsonl, {told}")
    assert len(str(caught.value).splitlines()) == 2


def test_a_time_of_another_zone_is_the_same_time(run: Run) -> None:
    (note,) = read_notes_for(run.manifest, run.name, [b"\xef\xbb\xbf" + line(changed="2026-11-27T12:30+02:00")], "x")
    assert note.changed == "2026-11-27T10:30:00.000Z"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"layer": 9}, "9:1 is not in the run demo: it has no layer 9"),
        ({"neuron": 24}, "0:24 is not in the run demo: its layers have neurons 0 to 23"),
        ({"pole": "+"}, "0:1+ is not in the run demo: its neurons have no poles"),
    ],
)
def test_neurons_that_the_run_does_not_have_are_refused_by_name(run: Run, place: dict[str, object], told: str) -> None:
    with pytest.raises(NeuronNotFoundError, match=r"line 1: ") as caught:
        read_notes_for(run.manifest, run.name, [line(**place)], "theirs.jsonl")
    assert told in str(caught.value)


# Beside the run


def test_variants_share_the_notes_of_their_run(copy: Path) -> None:
    variant = build_variant(copy, "loose", PAPER, layers=3, neurons=24)
    NotesFile(variant).put(0, 1, "", author="Ann", label="weather")
    assert list(open_run(copy).notes) == list(open_run(variant).notes) != []
    assert check_run(copy) == check_run(variant) == []


def test_notes_go_with_the_run_to_another_name_and_with_it_altogether(copy: Path) -> None:
    NotesFile(copy).put(0, 1, "", author="Ann", label="weather")
    moved = rename_run(copy, "other")
    assert len(open_run(moved).notes) == note_count(moved) == 1
    delete_run(moved)
    assert not moved.exists()


def test_notes_of_a_run_that_is_gone_are_in_nobodys_way_and_go_with_its_job(copy: Path) -> None:
    NotesFile(copy).put(0, 1, "", author="Ann", label="weather")
    folder = copy.parent / "new"
    folder.mkdir()
    for path in copy.glob("*notes.jsonl*"):
        path.rename(folder / path.name)
    refuse_foreign_folder(folder)
    put_job(folder, state="failed")
    delete_run(folder)
    assert not folder.exists()


def test_notes_that_are_set_aside_are_still_counted_and_no_stranger(copy: Path) -> None:
    assert set_aside(copy) is None
    for name in ("notes.before.jsonl", "notes.before-2.jsonl"):
        NotesFile(copy).put(0, 1, "", author="Ann", label="weather")
        assert set_aside(copy) == copy / name
    assert list(open_run(copy).notes) == []
    assert note_count(copy) == 2
    assert check_run(copy) == []


# Finding


def with_poles(copy: Path) -> Run:
    """The run as if its 24 rows were 12 neurons with two poles."""
    manifest = read_manifest(copy)
    model = manifest.model.model_copy(update={"neurons": manifest.model.neurons // 2})
    options = manifest.options.model_copy(update={"active": "poles"})
    write_manifest(copy, manifest.model_copy(update={"model": model, "options": options}))
    return open_run(copy)


def found(run: Run, query: str) -> list[tuple[int, int]]:
    table = read_table(run)
    keep = matching(run, table, query)
    return list(zip(table.layer[keep].tolist(), table.neuron[keep].tolist(), strict=True))


def test_labels_are_found_by_a_part_of_them_in_capitals_or_not(copy: Path) -> None:
    run = open_run(copy)
    for layer, neuron, label in ((0, 1, "Weather words"), (2, 23, "the weather"), (1, 4, "Straße"), (1, 5, "")):
        run.notes_file.put(layer, neuron, "", author="Ann", label=label, text="said of it")
    assert found(run, "label:WEATHER") == [(0, 1), (2, 23)]
    assert found(run, 'label:"r words"') == [(0, 1)]
    assert found(run, "label:STRASSE") == [(1, 4)]
    assert found(run, "label:*") == [(0, 1), (1, 4), (2, 23)]
    assert found(run, "label:nothing") == found(run, "label:said") == []
    assert len(found(run, "-label:*")) == len(read_table(run)) - 3
    assert found(run, "label:* layer:1") == [(1, 4)]
    with pytest.raises(QueryError, match=r"label:\* is any"):
        found(run, 'label:""')


def test_a_note_is_on_a_pole_or_on_both(copy: Path) -> None:
    run = with_poles(copy)
    run.notes_file.put(1, 3, "-", author="Ann", label="minus")
    run.notes_file.put(1, 5, "", author="Ann", label="whole")
    assert found(run, "label:minus") == [(1, 7)]
    assert found(run, "label:whole") == [(1, 10), (1, 11)]
    assert [note.label for note in run.notes.on(1, 3, "+")] == []
    assert [note.label for note in run.notes.on(1, 3)] == [note.label for note in run.notes.on(1, 3, "-")] == ["minus"]
    assert run.notes.labels(run.manifest.rule, 24) == {31: "minus", 34: "whole", 35: "whole"}


def test_notes_on_layers_that_are_not_finished_are_kept_and_found_when_they_are(runs: Path, tmp_path: Path) -> None:
    run = open_run(runs / "partial")
    (note,) = read_notes_for(run.manifest, run.name, [line(layer=3)], "x")
    notebook = Notebook([note])
    assert notebook.labels(run.manifest.rule, run.manifest.rows)


# Suggesting


def test_a_suggested_label_says_what_was_planted(run: Run) -> None:
    suggested = {PLANTED[i]: suggested_label(run.layers[0].neuron(i), run.corpus.spelling) for i in range(11)}
    assert suggested["dead"] == "dead"
    assert suggested["token, suppressing"] == "detects ·an, ·window, suppresses them"
    assert suggested["token, promoting"] == "detects ·class, ·music"
    assert suggested["bigram"].startswith("detects ·the ·deed, ·and ·or, ")
    assert suggested["oscillatory"] == "strong oscillatory: on at 1-8, 17-24, 33-40, …"
    assert suggested["both"].startswith("strong both: on at 1-")
    assert suggested["broad"].startswith("promotes ")


def test_every_suggested_label_can_be_kept_as_it_is(run: Run) -> None:
    for layer in run.layers.values():
        for record in layer.records():
            label = suggested_label(record, run.corpus.spelling)
            assert 0 < len(label) <= LONGEST
            assert new_note(0, 1, "", label=label, text="", author="Ann").label == label


def test_a_run_without_notes_has_no_file_of_them(copy: Path) -> None:
    assert list(open_run(copy).notes) == []
    assert not list(copy.glob("*notes*"))
    assert (copy / MANIFEST).exists()
