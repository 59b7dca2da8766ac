"""The list of runs."""

import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
from textual.binding import Binding, BindingType
from textual.screen import Screen

from neuron_tui.store.disk import lock
from neuron_tui.store.errors import InputError
from neuron_tui.store.runs.catalog import RunSummary, list_runs
from neuron_tui.store.wording import size_text
from neuron_tui.tui.actions import actions_of, shown_key
from neuron_tui.tui.browsing.run_order import SORTS
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.help import help_sections
from neuron_tui.tui.screens.runs.keys import keys_for
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.runs.run_list import RunList
from tests.tui.driving import Person, drive
from tests.tui.runs_driving import choose, listed, names, run_list


def test_runs_are_listed_with_what_they_hold(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("Runs · 4", "synthetic-opt", "prose", "complete", "partial", "2/4")
        await choose(person, "partial")
        await person.sees("partial: partial, 2 of 4 layers done", "context length 64")

    drive(runs, look)


def test_enter_opens_a_run_and_q_comes_back(runs: Path) -> None:
    async def visit(person: Person) -> None:
        await choose(person, "whole")
        await person.press("enter")
        await person.settled()
        await person.sees("Neurons · 256")
        await person.press("q")
        await person.sees("Runs · 4")
        assert person.app.screen.query_one(RunList).selected.name == "whole"

    drive(runs, visit)


def test_deleting_names_the_run_asks_and_deletes(own_runs: Path) -> None:
    async def delete(person: Person) -> None:
        await choose(person, "few")
        await person.press("d")
        await person.sees("Delete the run few?", "cannot be brought back")
        await person.press("enter")  # the safe answer has the focus
        assert isinstance(person.app.screen, Runs)
        assert (own_runs / "few").exists()
        await person.press("d", "escape", "d", "n")
        assert (own_runs / "few").exists()
        await person.press("d", "y")
        await person.sees("The run few is deleted", "Runs · 3")

    drive(own_runs, delete)
    assert not (own_runs / "few").exists()
    assert (own_runs / "whole").exists()


def test_the_question_can_be_answered_by_mouse(own_runs: Path) -> None:
    async def delete(person: Person) -> None:
        await choose(person, "few")
        await person.press("d")
        assert isinstance(person.app.screen, Confirm)
        await person.pilot.click("#ask-yes")
        await person.sees("Runs · 3")

    drive(own_runs, delete)
    assert not (own_runs / "few").exists()


def test_damaged_runs_say_why_and_do_not_open(own_runs: Path) -> None:
    (own_runs / "whole" / "layers" / "layer_002.h5").unlink()
    (own_runs / "few" / "run.json").write_text("{")

    async def look(person: Person) -> None:
        await choose(person, "whole")
        await person.sees("whole: damaged. layers/layer_002.h5 is missing", "E mends it, v verifies all of it")
        await person.press("enter")
        await person.sees("Damaged")
        assert isinstance(person.app.screen, Runs)
        await choose(person, "few")
        await person.sees("few: damaged.", "run.json", "extract again with --overwrite")

    drive(own_runs, look)


def test_a_run_damaged_after_it_was_listed_leads_back_with_the_reason(own_runs: Path) -> None:
    async def look(person: Person) -> None:
        await choose(person, "whole")
        (own_runs / "whole" / "corpus.h5").unlink()
        await person.press("enter")
        await person.sees("corpus.h5 is missing")
        await person.until(lambda: isinstance(person.app.screen, Runs))
        assert not any(isinstance(screen, Explorer) for screen in person.app.screen_stack)

    drive(own_runs, look)


def test_new_runs_appear_when_the_list_is_read_again(own_runs: Path) -> None:
    (own_runs / "short").rename(own_runs.parent / "short")

    async def look(person: Person) -> None:
        await person.sees("Runs · 3")
        (own_runs.parent / "short").rename(own_runs / "short")
        await person.press("r")
        await person.sees("Runs · 4")

    drive(own_runs, look)


def test_names_that_would_act_on_the_terminal_are_shown_not_obeyed(own_runs: Path) -> None:
    (own_runs / "few").rename(own_runs / "f\x1b[31mew[bold]")

    async def look(person: Person) -> None:
        await person.sees("f\\x1b[31mew[bold]")
        assert "\x1b" not in person.screen()
        await person.press("d")
        await person.sees("Delete the run f\\x1b[31mew[bold]?")

    drive(own_runs, look)


def test_titles_give_way_to_the_width(runs: Path) -> None:
    async def look(person: Person) -> None:
        await listed(person)
        title = person.lines()[2]
        for column in ("name", "state", "model", "corpus", "tokens", "layers", "size"):
            assert column in title
        assert ("created" in title) == (person.app.size.width > 80)
        assert "synthetic" in person.screen()

    for width in (80, 120, 200):
        drive(runs, look, size=(width, 24))


def test_the_list_is_sorted_by_every_column_both_ways(own_runs: Path) -> None:
    shutil.rmtree(own_runs / "partial" / "layers")

    async def sort(person: Person) -> None:
        await listed(person)
        assert names(person) == ["few", "partial", "short", "whole"]
        await choose(person, "partial")
        for times, (column, _) in enumerate(SORTS):
            await person.press("s", "g", *["j"] * times, "enter")
            assert run_list(person).list_query.column == column
            await person.press("s", "enter")
            once = names(person)
            await person.press("s", "enter")
            assert sorted(once) == sorted(names(person))
            assert run_list(person).selected.name == "partial"
        await person.press("s", "g", "j", "enter")
        await person.sees("state↑")
        assert names(person)[0] == "partial"  # damaged: it needs something
        await person.press("s", "enter")
        await person.sees("state↓")
        assert names(person)[-1] == "partial"
        await person.press("s", "g", *["j"] * 6, "enter")
        await person.sees("size↓")
        assert names(person)[0] == "whole"

    drive(own_runs, sort)


def test_a_click_on_a_title_sorts_and_another_turns_round(runs: Path) -> None:
    async def click(person: Person) -> None:
        await listed(person)
        at = person.lines()[2].index("layers")
        await person.pilot.click(RunList, offset=(at, 0))
        await person.sees("layers↓")
        assert names(person)[0] == "whole"
        await person.pilot.click(RunList, offset=(at, 0))
        await person.sees("layers↑")
        assert names(person)[-1] == "whole"

    drive(runs, click)


def test_words_filter_and_escape_shows_all(runs: Path) -> None:
    async def filtering(person: Person) -> None:
        await choose(person, "whole")
        await person.press("/")
        await person.type("OPT complete wh")
        await person.press("enter")
        await person.sees("Runs · OPT complete wh · 1 of 4")
        assert names(person) == ["whole"]
        await person.press("/", *["backspace"] * 20)
        await person.type("nothing like it")
        await person.press("enter")
        await person.sees("0 of 4", "No run matches", "esc show all")
        await person.press("d", "enter", "c", "R", "v", "e")
        assert isinstance(person.app.screen, Runs)
        await person.press("escape")
        await person.sees("Runs · 4")
        await person.press("/")
        await person.type("partial")
        await person.press("enter", "/", *["backspace"] * 7, "enter")
        await person.sees("Runs · 4")

    drive(runs, filtering)


def test_the_cursor_stays_on_its_run_when_others_come_and_go(own_runs: Path) -> None:
    async def look(person: Person) -> None:
        await choose(person, "short")
        (own_runs / "few").rename(own_runs.parent / "few")
        await person.press("r")
        await person.sees("Runs · 3")
        assert run_list(person).selected.name == "short"
        (own_runs.parent / "few").rename(own_runs / "few")
        await person.press("r")
        await person.sees("Runs · 4")
        assert run_list(person).selected.name == "short"

    drive(own_runs, look)


def test_the_headline_says_what_the_runs_take_and_what_is_free(runs: Path) -> None:
    async def look(person: Person) -> None:
        await listed(person)
        size = size_text(sum(run.size for run in run_list(person).all))
        assert f"{size} in runs, " in person.lines()[0]
        assert person.lines()[0].rstrip().endswith("B free")

    drive(runs, look)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Figures or comparison, and the names of the runs that were asked for, each time."""
    asked: list[list[str]] = []

    def standing_in(name: str) -> type[Screen[None]]:
        class StandIn(Screen[None]):
            BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "dismiss")]

            def __init__(self, paths: list[Path]) -> None:
                super().__init__()
                asked.append([name, *(path.name for path in paths)])

        return StandIn

    for place, name in (("figures.figures", "Figures"), ("comparison.compare", "Compare")):
        module = ModuleType(place)
        setattr(module, name, standing_in(name))
        monkeypatch.setitem(sys.modules, f"neuron_tui.tui.screens.{place}", module)
    return asked


def test_one_run_has_its_figures_shown_and_several_marked_ones_are_compared(
    own_runs: Path, drawn: list[list[str]]
) -> None:
    (own_runs / "few" / "corpus.h5").unlink()

    async def compare(person: Person) -> None:
        await choose(person, "short")
        await person.press("c", "q")
        assert drawn == [["Figures", "short"]]
        await person.press("m")
        await choose(person, "whole")
        await person.press("m")
        await choose(person, "few")
        await person.press("m")
        await person.sees("Runs · 4 · 3 marked", "◆ whole")
        await person.press("c", "q")
        assert drawn[1:] == [["Compare", "short", "whole"]]  # a damaged one cannot be
        await choose(person, "short")
        await person.press("m")
        await choose(person, "whole")
        await person.press("m")
        await person.press("c")
        await person.sees("There is no finished layer to draw")

    drive(own_runs, compare)


def test_renaming_keeps_the_cursor_on_the_run(own_runs: Path) -> None:
    async def rename(person: Person) -> None:
        await choose(person, "few")
        await person.press("R")
        await person.press(*["backspace"] * 3)
        await person.type("a/b")
        await person.sees("cannot be used")
        await person.press("enter", *["backspace"] * 3)
        await person.type("whole")
        await person.sees("There is a run called whole.")
        await person.press("enter", *["backspace"] * 5)
        await person.type("zebra")
        await person.press("enter")
        await person.sees("few is now zebra", "zebra: complete")
        assert run_list(person).selected.name == "zebra"
        await person.press("f2", "escape")
        assert isinstance(person.app.screen, Runs)

    drive(own_runs, rename)
    assert (own_runs / "zebra" / "run.json").is_file()
    assert not (own_runs / "few").exists()
    assert (own_runs / "whole" / "layers" / "layer_003.h5").is_file()


def test_marked_runs_are_deleted_together_after_their_sizes_were_said(own_runs: Path) -> None:
    async def delete(person: Person) -> None:
        await choose(person, "few")
        await person.press("m")
        await choose(person, "short")
        await person.press("m")
        sizes = {run.name: size_text(run.size) for run in run_list(person).all}
        await choose(person, "whole")
        await person.press("d")
        await person.sees("Delete 2 marked runs?", f"few ({sizes['few']}), short ({sizes['short']})", "together")
        await person.press("y")
        await person.sees("2 runs deleted", "Runs · 2")
        assert run_list(person).selected.name == "whole"
        assert not run_list(person).marked

    drive(own_runs, delete)
    assert sorted(path.name for path in own_runs.iterdir()) == ["partial", "whole"]


def test_a_directory_that_cannot_be_read_is_said_not_crashed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path, _at_most: int | None) -> None:
        raise InputError(f"cannot read {directory}: no permission\nName another with --runs-dir.")

    monkeypatch.setattr("neuron_tui.tui.screens.runs.loading.list_runs", refuse)

    async def look(person: Person) -> None:
        await person.sees("no permission", "Name another with --runs-dir.", "r read again")
        await person.press("enter", "d")  # nothing is started in a place that cannot be read
        assert isinstance(person.app.screen, Runs)
        assert "The demo" not in person.screen()

    drive(tmp_path, look)


def test_the_footer_shows_what_the_run_allows_in_seven_keys_at_most(runs: Path) -> None:
    for run in list_runs(runs):
        assert 4 <= len(keys_for(run)) <= 7
    partial, whole = (next(run for run in list_runs(runs) if run.name == name) for name in ("partial", "whole"))
    assert "runs.resume" in [key.name for key in keys_for(partial)]
    assert "runs.resume" not in [key.name for key in keys_for(whole)]
    damaged = replace(whole, state="damaged", problem="corpus.h5 is missing")
    assert "runs.open" not in [key.name for key in keys_for(damaged)]


def test_every_action_is_in_the_palette_and_every_key_in_the_help(runs: Path) -> None:
    own = [action for action in actions_of(Runs) if action.name.startswith("runs.")]
    assert all(action.palette for action in own if action.name != "runs.quit")
    assert all(action.sentence or action.palette for action in own)

    async def look(person: Person) -> None:
        told = " ".join(key for _, entries in help_sections(person.app.screen) for key, _ in entries).split()
        for action in own:
            if action.sentence and action.keys:
                assert shown_key(action.keys.split(",")[0]) in told

    drive(runs, look)


def test_of_very_many_runs_the_first_are_shown_before_all_are_read(
    own_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuron_tui.tui.screens.runs.loading._FIRST", 2)
    shown: list[list[str]] = []
    show = RunList.show

    def showing(self: RunList, runs: Sequence[RunSummary]) -> None:
        shown.append([run.name for run in runs])
        show(self, runs)

    monkeypatch.setattr(RunList, "show", showing)

    async def look(person: Person) -> None:
        await person.until(lambda: len(shown) >= 2)
        assert names(person) == ["few", "partial", "short", "whole"]

    drive(own_runs, look)
    assert shown[:2] == [["few", "partial"], ["few", "partial", "short", "whole"]]


def test_that_there_are_no_locks_is_told_on_the_screen_and_not_over_it(
    own_runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", without)
    monkeypatch.setattr(lock, "_told", [])

    async def rename(person: Person) -> None:
        await choose(person, "few")
        await person.press("R", "x", "enter")
        await person.sees("No locks", "has no locks")
        await person.until(lambda: "fewx" in names(person))

    drive(own_runs, rename)
    assert capsys.readouterr().err == ""
