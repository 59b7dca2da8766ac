from pathlib import Path

from textual.widgets import Input

from neuron_tui.tui.remembered.saved_filters import SavedFilters, read_filters, write_filters
from neuron_tui.tui.screens.filter_prompt import FilterPrompt
from neuron_tui.tui.screens.prompt import Suggestions
from tests.tui.driving import Person, drive


async def opened(person: Person, query: str = "") -> list[str | None]:
    answers: list[str | None] = []
    person.app.push_screen(FilterPrompt(query), answers.append)
    await person.until(lambda: isinstance(person.app.screen, FilterPrompt) and person.app.focused is not None)
    return answers


def typed(person: Person) -> str:
    return person.app.screen.query_one(Input).value


def test_tab_completes_a_filter_word_by_word(runs: Path):
    async def scenario(person: Person) -> None:
        answers = await opened(person)
        await person.type("ty")
        await person.press("tab")
        assert typed(person) == "type:"
        await person.type("su")
        await person.sees("a token detector that writes against its triggers")
        await person.press("tab")
        assert typed(person) == "type:suppressing"
        await person.press("enter")
        await person.until(lambda: answers)
        assert answers == ["type:suppressing"]

    drive(runs, scenario)


def test_enter_takes_a_suggestion_only_after_walking_to_it(runs: Path):
    async def scenario(person: Person) -> None:
        answers = await opened(person)
        await person.type("type:o")
        await person.press("down", "down", "enter")
        assert typed(person) == "type:one" and not answers
        await person.press("enter")
        await person.until(lambda: answers == ["type:one"])

    drive(runs, scenario)


def test_what_is_wrong_is_said_with_a_caret_below_the_place(runs: Path):
    async def scenario(person: Person) -> None:
        answers = await opened(person)
        await person.type("layer:0 freq<abc")
        await person.press("enter")
        await person.sees("'abc' is no number")
        line, caret = person.lines()[-2:]
        assert caret.index("▲") == line.index("abc") and not answers

    drive(runs, scenario, size=(80, 24))


def test_a_word_that_is_still_being_typed_is_not_called_wrong(runs: Path):
    async def scenario(person: Person) -> None:
        await opened(person)
        for key in "type:token freq":
            await person.press(key)
            assert "▲" not in person.lines()[-1]
        await person.press("enter")
        await person.sees("freq is followed by one of", "▲")

    drive(runs, scenario)


def test_an_objection_longer_than_the_line_is_told_whole(runs: Path):
    async def scenario(person: Person) -> None:
        await opened(person)
        await person.type("type:nonsense")
        await person.sees("unknown type 'nonsense'", "weak")

    drive(runs, scenario, size=(120, 36))


def test_a_saved_filter_is_offered_the_next_time(runs: Path):
    async def scenario(person: Person) -> None:
        await opened(person, "type:dead layer:0")
        await person.press("ctrl+s")
        await person.until(lambda: read_filters().saved == ("type:dead layer:0",))
        await person.press("escape")
        answers = await opened(person)
        await person.sees("type:dead layer:0", "★ saved")
        await person.press("down", "enter", "enter")
        await person.until(lambda: answers == ["type:dead layer:0"])
        await person.until(lambda: read_filters().recent == ("type:dead layer:0",))

    drive(runs, scenario)


def test_a_filter_that_cannot_be_read_is_not_saved(runs: Path):
    async def scenario(person: Person) -> None:
        await opened(person)
        await person.type("freq")
        await person.press("ctrl+s")
        assert person.app.screen.query_one(Suggestions).count
        assert read_filters() == SavedFilters()

    drive(runs, scenario)


def test_saving_twice_forgets():
    assert SavedFilters().toggled("mi>0.05").toggled("mi>0.05") == SavedFilters()


def test_the_latest_filter_comes_first_and_once():
    filters = SavedFilters().used("a").used("b").used("a").used("")
    assert filters.recent == ("a", "b")


def test_a_file_that_cannot_be_read_holds_no_filters():
    write_filters(SavedFilters(saved=("mi>0.05",)))
    assert read_filters().saved == ("mi>0.05",)
    from neuron_tui.tui.remembered.saved_filters import filters_path

    filters_path().write_text("{")
    assert read_filters() == SavedFilters()
