"""The list of runs."""

from pathlib import Path

from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer import Explorer
from neuron_tui.tui.screens.runs import Runs
from neuron_tui.tui.widgets.run_list import RunList
from tests.tui.driving import Person, drive


async def choose(person: Person, name: str) -> None:
    """Put the cursor on a run."""
    runs = person.app.screen.query_one(RunList)
    await person.press("g", *["j"] * [run.name for run in runs.runs].index(name))
    assert runs.selected is not None
    assert runs.selected.name == name


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


def test_without_runs_it_says_what_to_do(tmp_path: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("There are no runs yet", "neuron-tui demo", "neuron-tui extract MODEL --corpus")
        await person.press("enter", "d")
        assert isinstance(person.app.screen, Runs)

    drive(tmp_path / "nothing here", look, size=(80, 24))


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
        await person.sees("whole: damaged. layers/layer_002.h5 is missing")
        await person.press("enter")
        await person.sees("Damaged")
        assert isinstance(person.app.screen, Runs)
        await choose(person, "few")
        await person.sees("few: damaged.", "run.json")

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
