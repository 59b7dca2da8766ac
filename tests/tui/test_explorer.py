"""What people do in the explorer, and what they see."""

from pathlib import Path

import pytest

from neuron_tui.tui.app import DARK, LIGHT
from neuron_tui.tui.drawing.spans import plain
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.help import Help
from neuron_tui.tui.screens.prompt import Prompt
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.layers.line import LayerLine
from neuron_tui.tui.widgets.layers.pane import LayerPane
from neuron_tui.tui.widgets.painting import role_styles
from tests.tui.driving import Person, drive
from tests.tui.runs_driving import choose

NEURONS = 64


def test_a_run_opens_with_its_layers_neurons_and_first_neuron(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("whole · synthetic-opt", "4 layers × 64 neurons", "Neurons · 256", "0:0", "Dead.")
        await person.sees("of 256 dead", "token detectors", "suppress their triggers", "positional")
        assert person.address == (0, 0)

    drive(runs, look, run=runs / "whole")


def test_walking_shows_the_neuron_under_the_cursor(runs: Path) -> None:
    async def walk(person: Person) -> None:
        for keys, address in (
            (["down"], (0, 1)),
            (["j", "j"], (0, 3)),
            (["k", "up"], (0, 1)),
            (["G"], (3, 63)),
            (["g"], (0, 0)),
            (["n", "n"], (0, 2)),
            (["p"], (0, 1)),
        ):
            await person.press(*keys)
            await person.until(lambda address=address: person.address == address)
        await person.press("pagedown")
        await person.settled()
        assert person.neurons.cursor > 10

    drive(runs, walk, run=runs / "whole")


def test_left_and_right_switch_the_layer_and_a_shows_all(runs: Path) -> None:
    async def switch(person: Person) -> None:
        await person.press("right", "l")
        await person.sees("Neurons · 64 · layer 1", "1:0")
        await person.press("h")
        await person.sees("Neurons · 64 · layer 0", "0:0")
        await person.press("a")
        await person.sees("Neurons · 256")

    drive(runs, switch, run=runs / "whole")


def test_the_layers_pane_chooses_a_layer(runs: Path) -> None:
    async def choose(person: Person) -> None:
        await person.press("shift+tab", "down", "down", "down", "enter")
        await person.sees("Neurons · 64 · layer 2", "2:0")
        assert person.app.focused is person.neurons

    drive(runs, choose, run=runs / "whole")


def test_a_filter_leaves_matching_neurons_and_counts_them(runs: Path) -> None:
    async def filter_dead(person: Person) -> None:
        dead = int(person.explorer.opened.table.dead.sum())
        await person.press("/")
        await person.type("type:dead")
        await person.press("enter")
        await person.sees(f"Neurons · {dead} of 256 · type:dead")
        assert person.neurons.count == dead
        await person.press("/", "ctrl+u", "enter")
        await person.sees("Neurons · 256")

    drive(runs, filter_dead, run=runs / "whole")


def test_a_filter_that_matches_nothing_says_so(runs: Path) -> None:
    async def filter_nothing(person: Person) -> None:
        await person.press("/")
        await person.type("freq>99%")
        await person.press("enter")
        await person.sees("0 of 256", "No neuron matches")
        await person.press("down", "m", "x")
        await person.sees("There is no neuron to export")
        await person.press("enter", "G")
        await person.until(lambda: "no neuron to export" not in person.screen())

    drive(runs, filter_nothing, run=runs / "whole")


def test_a_malformed_filter_points_at_the_place_and_stays_open(runs: Path) -> None:
    async def mistake(person: Person) -> None:
        await person.press("/")
        await person.type("type:dead fooo<1")
        await person.sees("unknown word 'fooo'")
        *_, line, caret = person.lines()
        assert line.index("fooo") == caret.index("▲")
        await person.press("enter")
        assert isinstance(person.app.screen, Prompt)
        await person.press("escape")
        await person.sees("Neurons · 256")

    drive(runs, mistake, run=runs / "whole")


def test_a_filter_by_trigger_finds_the_neurons_that_fire_on_it(runs: Path) -> None:
    async def filter_trigger(person: Person) -> None:
        opened = person.explorer.opened
        text = opened.run.layers[0].neuron(1).triggers[1].top[0].forms[0].replace("Ġ", " ")
        await person.press("/")
        await person.type(f'trigger:"{text}" type:token')
        await person.press("enter")
        await person.until(lambda: 0 < person.neurons.count < 256)
        await person.until(lambda: person.neurons.place_of((0, 1)) is not None)

    drive(runs, filter_trigger, run=runs / "whole")


def test_sorting_from_the_menu_and_by_a_click_on_a_title(runs: Path) -> None:
    async def sort(person: Person) -> None:
        table = person.explorer.opened.table
        await person.press("s", "down", "down", "down", "enter")
        await person.sees("freq↓")
        assert person.neurons.row == int(table.count.argmax())
        await person.press("s", "enter")
        await person.sees("freq↑")
        assert table.count[person.neurons.row] == 0
        header = person.neurons.render_line(0).text
        await person.pilot.click(person.neurons, offset=(header.index(" mi") + 3, 1))
        await person.sees("mi↓")

    drive(runs, sort, run=runs / "whole")


def test_going_to_a_neuron_finds_it_behind_a_filter(runs: Path) -> None:
    async def go(person: Person) -> None:
        await person.press(":")
        await person.type("3:17")
        await person.press("enter")
        await person.until(lambda: person.address == (3, 17))
        await person.press("/")
        await person.type("type:dead")
        await person.press("enter")
        await person.sees("type:dead")
        await person.press(":")
        await person.type("2:1")
        await person.press("enter")
        await person.until(lambda: person.address == (2, 1))
        await person.sees("Neurons · 256", "The filter is cleared")

    drive(runs, go, run=runs / "whole")


@pytest.mark.parametrize(("place", "objection"), [("9:1", "no layer 9"), ("0:64", "0 to 63"), ("x", "such as 3:117")])
def test_going_nowhere_says_why(runs: Path, place: str, objection: str) -> None:
    async def go(person: Person) -> None:
        await person.press(":")
        await person.type(place)
        await person.press("enter")
        await person.sees(objection)
        await person.press("escape")
        assert person.address == (0, 0)

    drive(runs, go, run=runs / "whole")


def test_one_two_three_switch_the_n_grams(runs: Path) -> None:
    async def switch(person: Person) -> None:
        await person.press("down", "2")
        await person.sees("[2]", "bigram", "cov.2")
        await person.press("3")
        await person.sees("[3]", "cov.3")
        await person.press("1")
        await person.sees("[1]", "cover")
        assert person.address == (0, 1)

    drive(runs, switch, run=runs / "whole")


def test_at_80_columns_layers_fold_and_enter_gives_the_neuron_the_screen(runs: Path) -> None:
    async def fold(person: Person) -> None:
        assert not person.explorer.query_one(LayerPane).display
        assert person.explorer.query_one(LayerLine).display
        await person.sees("all 4 layers ◂▸", "Neurons · 256", "0:0")
        await person.press("right", "down", "enter")
        await person.until(lambda: not person.neurons.display and person.pane.up_to_date)
        await person.sees("0:1", "Triggers", "Promotes", "Position", "Contexts")
        assert "Neurons" not in person.screen()
        await person.press("right")
        await person.until(lambda: person.address == (0, 2))
        await person.press("q")
        await person.sees("Neurons · 64 · layer 0", "layer 0 of 4")
        assert person.app.focused is person.neurons

    drive(runs, fold, run=runs / "whole", size=(80, 24))


def test_at_200_columns_the_neuron_has_two_columns(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.press("down")
        await person.until(lambda: person.address == (0, 1) and person.pane.up_to_date)
        assert any("Triggers" in line and "Position" in line for line in person.lines())

    drive(runs, look, run=runs / "whole", size=(200, 60))


def test_resizing_at_any_moment_keeps_the_neuron_and_the_width(runs: Path) -> None:
    async def resize(person: Person) -> None:
        await person.press("down", "down")
        for columns, rows in ((80, 24), (40, 10), (200, 60), (20, 5), (120, 36), (63, 20)):
            await person.pilot.resize_terminal(columns, rows)
            await person.until(lambda columns=columns: len(person.lines()[0]) == columns)
            assert len(person.lines()) == rows
        await person.pilot.resize_terminal(120, 36)
        await person.settled()
        await person.until(lambda: person.address == (0, 2))

    drive(runs, resize, run=runs / "whole")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_hostile_tokens_neither_act_nor_shift_a_column(runs: Path, size: tuple[int, int]) -> None:
    from rich.cells import cell_len

    async def look(person: Person) -> None:
        for keys in (["g", *["j"] * 9], ["2"], ["3"], ["enter"]):
            await person.press(*keys)
            await person.settled()
            await person.until(lambda: person.address == (0, 9))
            for line in person.lines():
                assert cell_len(line) == size[0]
                assert all(c.isprintable() for c in line), ascii(line)
            assert "\\x" in person.screen()

    drive(runs, look, run=runs / "whole", size=size)


def test_rows_are_chosen_by_mouse_and_scrolled_by_its_wheel(runs: Path) -> None:
    async def click(person: Person) -> None:
        await person.pilot.click(person.neurons, offset=(10, 7))  # the border, the titles, then rows 0, 1, ...
        await person.until(lambda: person.address == (0, 5))
        before = person.neurons.scroll_offset.y
        person.neurons.scroll_to(y=before + 3, animate=False)
        await person.until(lambda: person.neurons.scroll_offset.y == before + 3)
        assert person.neurons.cursor == 5
        await person.pilot.click(person.neurons, offset=(10, 7), times=2)
        await person.until(lambda: person.explorer.has_class("-zoom"))

    drive(runs, click, run=runs / "whole")


def test_help_explains_every_sign(runs: Path) -> None:
    async def read(person: Person) -> None:
        await person.press("?")
        assert isinstance(person.app.screen, Help)
        seen = person.screen()
        for _ in range(20):
            await person.press("pagedown")
            seen += person.screen()
        assert all(sign in seen for sign in ("·", "▼", "◂", "▐ ▌", "◆", "oscillatory"))
        await person.press("q")
        assert isinstance(person.app.screen, Explorer)

    drive(runs, read, run=runs / "whole", size=(80, 24))


def test_the_footer_names_at_most_seven_keys_and_fits_80_columns(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("q back")
        footer = person.lines()[-1]
        assert [word for word in footer.split() if len(word) == 1] == ["/", ":", "W", "m", "x", "?", "q"]
        assert "back" in footer

    drive(runs, look, run=runs / "whole", size=(80, 24))


def test_keys_of_the_footer_can_be_clicked_and_the_way_back_stays_in_sight(runs: Path) -> None:
    async def click(person: Person) -> None:
        await person.sees("q back")
        await person.pilot.click(KeyLine, offset=(person.lines()[-1].index("? keys"), 0))
        await person.until(lambda: isinstance(person.app.screen, Help))
        await person.press("q")
        await person.pilot.resize_terminal(30, 12)
        await person.sees("q back")

    drive(runs, click, run=runs / "whole")


def test_the_palette_finds_actions_by_name(runs: Path) -> None:
    async def find(person: Person) -> None:
        assert person.app.theme == DARK.name
        await person.press("ctrl+p")
        await person.type("light")
        await person.sees("Light theme")
        await person.press("enter")
        await person.until(lambda: person.app.theme == LIGHT.name)
        heading = role_styles(person.app)["heading"].color
        assert heading is not None
        assert heading.get_truecolor().hex == LIGHT.primary
        await person.press("ctrl+p")
        await person.type("bigrams")
        await person.sees("Show triggers that are tokens, bigrams or trigrams")
        await person.press("enter")
        await person.sees("[2]")

    drive(runs, find, run=runs / "whole")


def test_keys_typed_ahead_reach_what_they_are_meant_for(runs: Path) -> None:
    async def burst(person: Person) -> None:
        # As a slow line delivers them when it catches up: all at once.
        await person.press("/", *"type:dead", "enter", "j", "j", "s", "escape", "2")
        await person.sees(" · type:dead", "cov.2")
        assert person.neurons.cursor == 2
        assert not isinstance(person.app.screen, Prompt | Choose)

    drive(runs, burst, run=runs / "whole")


def test_keys_typed_while_a_run_is_being_opened_are_meant_for_the_run(runs: Path) -> None:
    async def burst(person: Person) -> None:
        await choose(person, "whole")
        await person.press("enter", ":", *"1:3", "enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer) and person.address == (1, 3))

    drive(runs, burst)


def test_a_partial_run_opens_on_its_finished_layers(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("partial", "2 of 4 layers", "Neurons · 32")
        await person.press(":")
        await person.type("3:0")
        await person.sees("no layer 3")

    drive(runs, look, run=runs / "partial")


def test_a_layer_damaged_while_the_run_is_open_is_told_in_the_pane(own_runs: Path) -> None:
    async def look(person: Person) -> None:
        path = own_runs / "whole" / "layers" / "layer_003.h5"
        path.write_bytes(path.read_bytes()[:2000])
        await person.press("G")
        await person.until(lambda: person.address == (3, 63) and person.pane.up_to_date)
        told = "".join(plain(line) for line in person.pane.card.lines)
        assert "layer_003.h5" in told
        assert "damaged" in told
        await person.press("g")
        await person.sees("Dead.")

    drive(own_runs, look, run=own_runs / "whole")


def test_q_leads_from_the_neuron_to_the_list_to_the_runs_and_out(runs: Path) -> None:
    async def leave(person: Person) -> None:
        await person.press("enter", "q")
        assert isinstance(person.app.screen, Explorer)
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Runs))
        await person.sees("partial", "short", "whole")
        await person.press("q")
        await person.until(lambda: not person.app.is_running)

    assert drive(runs, leave, run=runs / "whole").return_code == 0
