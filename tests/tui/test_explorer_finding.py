"""Which neurons fire on this? And where one was before: finding neurons in the explorer."""

from pathlib import Path

import pytest

from neuron_tui.store.neurons.grams import Gram
from neuron_tui.tui.drawing.spans import plain
from neuron_tui.tui.screens.explorer import asking
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.explorer.firing import Firing
from neuron_tui.tui.screens.figures.figures import Figures
from neuron_tui.tui.screens.figures.team import Team
from neuron_tui.tui.widgets.firing_list import FiringList
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from tests.tui.driving import Person, drive


def first_token(person: Person, neuron: int = 1) -> tuple[tuple[int, ...], str]:
    """Tokens and text of the best trigger of a neuron of layer 0."""
    trigger = person.explorer.opened.run.layers[0].neuron(neuron).triggers[1].top[0]
    return trigger.ids, trigger.forms[0].replace("Ġ", " ")


async def shown(person: Person) -> FiringList:
    await person.until(lambda: isinstance(person.app.screen, Firing) and person.app.screen.rows.count)
    return person.app.screen.rows


def column(rows: FiringList, place: int) -> list[str]:
    return [plain(rows.row_line(row, 110)).split()[place] for row in range(rows.count)]


async def go_to(person: Person, place: str) -> None:
    await person.press(":")
    await person.type(place)
    await person.press("enter")
    await person.until(lambda: person.address == tuple(map(int, place.split(":"))))


@pytest.mark.parametrize("leading", ["", " ", '"'])
def test_w_asks_for_a_text_and_lists_the_neurons_that_fire_on_it(runs: Path, leading: str) -> None:
    async def ask(person: Person) -> None:
        (token,), text = first_token(person)
        typed = {"": text.strip(), " ": text, '"': f'"{text}"'}[leading]
        await person.press("w")
        await person.sees("one to three tokens")
        await person.type(typed)
        await person.press("enter")
        rows = await shown(person)
        opened = person.explorer.opened
        stored = {
            (layer.index, neuron): trigger.active
            for layer in opened.run.layers.values()
            for neuron in range(64)
            for trigger in layer.neuron(neuron).triggers[1].top
            if trigger.ids == (token,)
        }
        listed = list(zip(map(int, column(rows, 0)), map(int, column(rows, 1)), strict=True))
        assert set(listed) == set(stored)
        active = [stored[address] for address in listed]
        assert active == sorted(active, reverse=True)
        await person.sees(f"which neurons fire on the token ·{text.strip()}", f"{rows.count} neurons")
        await person.sees("every neuron with this n-gram among its 50 stored triggers")

    drive(runs, ask, run=runs / "whole")


def test_enter_goes_to_the_neuron_and_back_leads_to_where_one_was(runs: Path) -> None:
    async def go(person: Person) -> None:
        ids, text = first_token(person)
        await person.press("down", "down")
        person.pane.post_message(NeuronPane.TokenAsked(ids, text))
        rows = await shown(person)
        await person.press("down", "down")
        chosen = rows.address
        await person.press("enter")
        await person.until(lambda: person.address == chosen)
        assert isinstance(person.app.screen, Explorer)
        await person.press("[")
        await person.until(lambda: person.address == (0, 2))
        await person.press("]")
        await person.until(lambda: person.address == chosen)

    drive(runs, go, run=runs / "whole")


def test_the_list_is_sorted_by_precision_by_f1_by_rank_and_by_layer(runs: Path) -> None:
    async def sort(person: Person) -> None:
        ids, text = first_token(person)
        person.pane.post_message(NeuronPane.TokenAsked(ids, text))
        rows = await shown(person)
        for title, told in (("prec.↓", rows.answer.scores.precision), ("F1↓", rows.answer.scores.f1)):
            await person.press("s", "down", "enter")
            await person.sees(title)
            shares = told[rows.order].tolist()
            assert shares == sorted(shares, reverse=True)
        await person.press("s", "down", "enter")
        await person.sees("rank↓")
        assert column(rows, -1) == sorted(column(rows, -1), key=int)
        await person.press("s", "down", "enter")
        await person.sees("l↓")
        places = [(int(a), int(b)) for a, b in zip(column(rows, 0), column(rows, 1), strict=True)]
        assert places == sorted(places)

    drive(runs, sort, run=runs / "whole")


def test_the_answer_becomes_a_filter(runs: Path) -> None:
    async def become(person: Person) -> None:
        ids, text = first_token(person)
        person.pane.post_message(NeuronPane.TokenAsked(ids, text))
        await shown(person)
        await person.press("/")
        await person.sees(f' · trigger:"{text}"')
        await person.until(lambda: person.neurons.place_of((0, 1)) is not None)

    drive(runs, become, run=runs / "whole")


def test_a_token_that_no_filter_can_hold_is_said_so_and_shown_safely(runs: Path) -> None:
    async def refuse(person: Person) -> None:
        vocabulary = person.explorer.opened.run.corpus.vocabulary
        null = vocabulary.index("Ā")  # how a byte-level vocabulary writes the byte 0
        person.pane.post_message(NeuronPane.TokenAsked((null,), "\x00"))
        await shown(person)
        await person.press("/")
        await person.sees("characters that a filter cannot hold", "\\x00")
        assert all(c.isprintable() for line in person.lines() for c in line)
        await person.press("q")
        assert isinstance(person.app.screen, Explorer)

    drive(runs, refuse, run=runs / "whole", size=(80, 24))


def test_a_text_that_the_corpus_lacks_is_said_in_a_note_that_the_next_key_clears(runs: Path) -> None:
    async def ask(person: Person) -> None:
        await person.press("w")
        await person.type("nowhere to be found")
        await person.press("enter")
        await person.sees("No token, bigram or trigram of this corpus reads nowhere·to·be·found")
        await person.press("down")
        await person.until(lambda: "No token" not in person.screen())

    drive(runs, ask, run=runs / "whole")


def test_a_text_that_several_n_grams_read_asks_which_is_meant(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(person: Person) -> None:
        ids, _ = first_token(person)
        other, _ = first_token(person, 2)
        several = [Gram(other, "·ti tle", 9), Gram(ids, "·title", 4)]
        monkeypatch.setattr(asking, "grams_reading", lambda *_: several)
        await person.press("w")
        await person.type("title")
        await person.press("enter")
        await person.sees("Which of these", "·ti tle   token, 9 times", "·title   token, 4 times")
        await person.press("down", "enter")
        await shown(person)
        assert person.app.screen.ids == ids

    drive(runs, ask, run=runs / "whole")


def test_a_neuron_is_visited_when_the_cursor_rests_on_it_not_when_it_passes(runs: Path) -> None:
    async def walk(person: Person) -> None:
        explorer = person.explorer
        for keys, rests in ((["down"], True), (["down"], False), (["down"], True)):
            await person.press(*keys)
            explorer.browser.notice_rest()
            if rests:
                explorer.browser.notice_rest()
        assert explorer.browser.browsing.history.visits[-2:] == ((0, 1), (0, 3))
        await person.press("backspace")
        await person.until(lambda: person.address == (0, 1))

    drive(runs, walk, run=runs / "whole")


def test_jumps_are_visits_and_go_back_through_filters(runs: Path) -> None:
    async def jump(person: Person) -> None:
        await go_to(person, "3:17")
        await go_to(person, "1:5")
        await person.press("/")
        await person.type("type:dead")
        await person.press("enter")
        await person.sees(" · type:dead")
        await person.press("alt+left")
        await person.until(lambda: person.address == (1, 5))
        await person.sees("The filter is cleared")
        await person.press("[")
        await person.until(lambda: person.address == (3, 17))
        await person.press("[")
        await person.until(lambda: person.address == (0, 0))
        await person.press("[")
        await person.sees("No neuron was visited before this one")
        await person.press("alt+right")
        await person.until(lambda: person.address == (3, 17))

    drive(runs, jump, run=runs / "whole")


def test_the_position_team_of_the_layer_in_view_and_the_figures_open(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.press("right", "right")
        await person.sees("layer 1")
        await person.press("t")
        await person.until(lambda: isinstance(person.app.screen, Team))
        person.app.screen.dismiss((1, 5))
        await person.until(lambda: person.address == (1, 5))
        await person.press("f")
        await person.until(lambda: isinstance(person.app.screen, Figures))

    drive(runs, look, run=runs / "whole")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_the_list_of_firing_neurons_fits_the_screen(runs: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        ids, text = first_token(person)
        person.pane.post_message(NeuronPane.TokenAsked(ids, text))
        await shown(person)
        await person.sees("act./occ.", "prec.", "recall", "F1", "rank", "q back")
        assert all(len(line) == size[0] for line in person.lines())

    drive(runs, look, run=runs / "whole", size=size)
