"""Labels and notes in the app: written with N, shown on the card and in the list, found by the filter."""

from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.folder import NOTES_FILE
from neuron_tui.tui.config import config_path
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.explorer.note_editor import NoteEditor
from neuron_tui.tui.widgets.form.text_field import TextField, hidden, shown
from tests.hostile import NAME, TEXTS, acting, aligned
from tests.store.test_notes import with_poles
from tests.tui.driving import Person, drive

SUGGESTED = "detects ·an, ·window, suppresses them"


@pytest.fixture(autouse=True)
def _ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann")


def kept(run: Path) -> list[tuple[str, str, str, str]]:
    return [(note.place, note.author, note.label, note.text) for note in open_run(run).notes]


async def edit(person: Person) -> None:
    await person.press("N")
    await person.until(lambda: isinstance(person.app.screen, NoteEditor) and person.app.quiet)


async def back(person: Person) -> None:
    await person.until(lambda: isinstance(person.app.screen, Explorer))


def test_the_suggested_label_is_taken_a_text_written_and_both_are_shown_and_found(own_runs: Path) -> None:
    run = own_runs / "whole"

    async def write(person: Person) -> None:
        await person.press("down")
        await edit(person)
        await person.sees("0:1 · by ann", "Label detects ·", "→ suggestion")
        await person.press("right")
        await person.press("tab")
        await person.type("Rain,")
        await person.press("enter")
        await person.type("日本語.")
        await person.press("ctrl+s")
        await back(person)
        await person.sees("─ 0:1 · detects", "Rain,", "日本語.", "label")
        await person.press("/")
        await person.type("label:DETECTS")
        await person.press("enter")
        await person.sees("Neurons · 1 of 256")
        await edit(person)  # beginning with what there is
        await person.sees("Label detects ·", "Rain,")
        await person.press("ctrl+u")
        await person.type("rain")
        await person.press("enter")
        await person.sees("No neuron matches", "● 0:1: rain.")

    drive(own_runs, write, run=run)
    assert kept(run) == [("0:1", "ann", "rain", "Rain,\n日本語.")]


def test_leaving_asks_only_if_something_was_typed_and_an_empty_note_is_none(own_runs: Path) -> None:
    run = own_runs / "whole"
    NotesFile(run).put(0, 0, "", author="ann", label="silent")

    async def leave(person: Person) -> None:
        await person.sees("─ 0:0 · silent ─")
        await edit(person)
        await person.press("escape")
        await back(person)
        await edit(person)
        await person.type("!")
        await person.press("escape")
        await person.until(lambda: isinstance(person.app.screen, Confirm))
        await person.press("y")
        await back(person)
        assert kept(run) == [("0:0", "ann", "silent", "")]
        await edit(person)
        await person.press("ctrl+u", "enter")
        await person.sees("─ 0:0 ─")

    drive(own_runs, leave, run=run)
    assert kept(run) == []


def test_what_others_write_meanwhile_is_shown(own_runs: Path) -> None:
    run = own_runs / "whole"

    async def look(person: Person) -> None:
        assert "label" not in person.lines()[4]
        NotesFile(run).put(0, 0, "", author="bob", label="quiet one")
        await person.press("r")  # at once; else it comes by itself
        await person.sees("─ 0:0 · quiet one ─", "bob")
        await edit(person)  # one's own is another
        await person.type("mine")
        await person.press("enter")
        await person.sees("quiet one  bob", "mine  ann")

    drive(own_runs, look, run=run)


def test_of_a_long_note_the_card_has_the_beginning_until_the_whole_is_asked_for(own_runs: Path) -> None:
    NotesFile(own_runs / "whole").put(0, 0, "", author="bob", text="\n".join(f"line {n}." for n in range(20)))

    async def look(person: Person) -> None:
        await person.sees("bob", "line 0.", "…")
        assert "line 19." not in person.screen()
        person.explorer.browser.action_more_rows()
        await person.sees("line 19.")

    drive(own_runs, look, run=own_runs / "whole")


def test_a_damaged_file_is_said_once_and_the_run_is_shown(own_runs: Path) -> None:
    run = own_runs / "whole"
    (run / NOTES_FILE).write_text("broken\n")

    async def look(person: Person) -> None:
        await person.until(lambda: any("line 1: no JSON" in message for message in person.app.messages))
        await person.sees("─ 0:0 ─")
        await person.press("N")
        assert isinstance(person.app.screen, Explorer)
        (run / NOTES_FILE).unlink()  # moved away, as the message says
        person.explorer.noting.look()
        await person.until(lambda: not person.explorer.noting.problem)
        await edit(person)

    drive(own_runs, look, run=run)


def test_what_cannot_be_saved_stays_to_be_saved_again(own_runs: Path) -> None:
    run = own_runs / "whole"

    async def save(person: Person) -> None:
        await edit(person)
        await person.type("rain")
        (run / NOTES_FILE).write_text("broken\n")
        await person.press("enter")
        await person.sees("line 1: no JSON", "Label rain")
        (run / NOTES_FILE).unlink()
        await person.press("enter")
        await back(person)

    drive(own_runs, save, run=run)
    assert kept(run) == [("0:0", "ann", "rain", "")]


def test_a_note_on_a_gated_neuron_is_on_a_pole_or_on_both(copy: Path) -> None:
    with_poles(copy)

    async def write(person: Person) -> None:
        await edit(person)
        await person.sees("0:0+ · by ann", "● pole +  ○ both poles")
        await person.type("plus")
        await person.press("enter")
        await person.sees("─ 0:0+ · plus ─")
        await person.press("down")
        await person.sees("─ 0:0- ─")
        await edit(person)
        await person.press("tab", "right")
        await person.press("shift+tab")
        await person.type("zero")
        await person.press("ctrl+s")
        await person.sees("─ 0:0- · zero ─")

    drive(copy.parent, write, run=copy)
    assert kept(copy) == [("0:0", "ann", "zero", ""), ("0:0+", "ann", "plus", "")]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=str)
def test_hostile_notes_act_on_nothing_and_shift_no_column(own_runs: Path, size: tuple[int, int]) -> None:
    config_path().write_text("")
    run = own_runs / "few"
    text = "\n".join([NAME, "\t日本語\u0301", *TEXTS[-40:]])
    note = NotesFile(run).put(0, 0, "", author="ann", label=f"日本語 {NAME}", text=text)

    async def look(person: Person) -> None:
        await person.sees("─ 0:0 · 日本語")
        for _ in range(2):
            assert not acting(person.screen())
            assert all(aligned(line, size[0]) for line in person.lines())
            if isinstance(person.app.screen, Explorer):
                await edit(person)
        await person.press("tab")
        await person.type("x")
        await person.press("ctrl+s")
        await back(person)

    drive(own_runs, look, run=run, size=size)
    assert kept(run)[0][2:] == (note.label, f"x{note.text}")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_field_shows_each_character_in_its_own_place(text: str) -> None:
    field = TextField(text)
    assert field.value == text
    assert len(shown(text)) == len(text)
    assert not acting(shown(text).replace("\t", ""))
    assert shown(shown(text)) == shown(text)
    assert len(hidden(text)) == shown(text).count("�")
