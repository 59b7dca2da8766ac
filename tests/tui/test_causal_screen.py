"""The causal table on its screen, and measuring; the engine is a script that keeps what a test wants kept."""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from neuron_tui.store.neurons.causal import keep_causal
from neuron_tui.store.runs.folder import CAUSAL_FILE
from neuron_tui.tui.drawing.spans import plain
from neuron_tui.tui.jobs import measuring
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.causal.causal import Causal
from neuron_tui.tui.screens.causal.measure_prompt import MeasurePrompt
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.widgets.causal_list import CausalList
from tests.causal_records import keep, measured
from tests.synthetic import HOSTILE_IDS
from tests.tui.driving import Person, drive

ENGINE = """
import json, os, sys, time
given = sys.argv[1:]
open("asked.json", "w").write(json.dumps(given))
def tell(**what): print(json.dumps(what), flush=True)
tell(progress=[0, 2])
with open(given[-1] + "/causal.jsonl", "a") as kept: kept.write(open("more.jsonl").read())
tell(progress=[1, 2])
try:
    while not os.path.exists("go on"): time.sleep(0.01)
except KeyboardInterrupt:
    sys.exit("interrupted")
tell(progress=[2, 2]); tell(done=2)
"""
"""Keeps what lies in more.jsonl, then waits for `go on`."""


def at_table(
    run: Path, scenario: Callable[[Person], Awaitable[None]], *, size: tuple[int, int] = (120, 36), marked: int = 0
) -> None:
    async def open_it(person: Person) -> None:
        for _ in range(marked):
            await person.press("m", "down")
        await person.press("Z")
        await person.until(lambda: isinstance(person.app.screen, Causal) and not person.app.screen.under_way)
        await scenario(person)

    drive(run.parent, open_it, run=run, size=size)


def rows(person: Person) -> CausalList:
    return person.app.screen.query_one(CausalList)


def names(person: Person) -> list[str]:
    return [plain(rows(person).row_line(row, 110)).split()[0] for row in range(rows(person).count)]


@pytest.fixture
def engine(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the script works: a person lets it go on by a file `go on` there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measuring, "engine_command", lambda *given: [sys.executable, "-c", ENGINE, *given])
    (tmp_path / "more.jsonl").write_text(measured(2, 5, triggers=(12,), by=2.0).model_dump_json() + "\n")
    return tmp_path


def asked(engine: Path) -> list[str]:
    return list(json.loads((engine / "asked.json").read_text()))


def test_a_row_says_what_silencing_did_and_the_foot_sums_up(copy: Path) -> None:
    keep(copy)

    async def look(person: Person) -> None:
        await person.sees("5 measurements", "▼ suppressing", "31/32", "−9.00 → −7.75", "+1.250", "+1.150 +1.350")
        await person.sees("likelier", "less likely", "cannot tell")
        await person.sees("Silenced, its triggers become 3.5× likelier to follow (3.2–3.9) on 32 contexts")
        await person.sees("1 of 1 likelier (100%, 3–100%), 0 less", "promoting to zero", "together to zero")
        assert names(person) == ["0:1", "0:1", "0:2", "1:9", "1:"]
        await person.press("down")
        await person.sees("Silenced at its mean, its triggers become 2.7× likelier")

    at_table(copy, look)


def test_it_is_sorted_by_a_column_and_the_other_way_round(copy: Path) -> None:
    keep(copy)

    async def sort(person: Person) -> None:
        await person.press("s", "down", "down", "down", "enter")
        await person.sees("change↓")
        assert names(person) == ["1:", "0:1", "0:1", "1:9", "0:2"]
        await person.press("s", "enter")
        await person.sees("change↑")
        assert names(person) == ["0:2", "1:9", "0:1", "0:1", "1:"]
        assert rows(person).record is not None and rows(person).record.rows == (1,), "the cursor stays on its row"

    at_table(copy, sort)


@pytest.mark.parametrize(("row", "leads"), [(2, (0, 2)), (4, None)])
def test_enter_goes_to_the_neuron_or_filters_by_what_was_silenced_together(
    copy: Path, row: int, leads: tuple[int, int] | None
) -> None:
    keep(copy)

    async def go(person: Person) -> None:
        await person.press(*["down"] * row, "enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer))
        await person.settled()
        if leads is not None:
            assert person.address == leads
        else:
            assert person.explorer.browser.browsing.list_query.query == "type:token layer:1"

    at_table(copy, go)


def test_without_measurements_it_says_what_they_are_and_how_to_come_by_them(copy: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("Nothing is measured yet. m asks which neurons to silence")
        await person.sees("The model reads contexts that end with a neuron's triggers", "neuron-tui ablate demo")
        await person.press("enter", "x")
        await person.sees("There is no measurement to write.")

    at_table(copy, look, size=(80, 24))


def test_a_damaged_table_is_one_message_and_the_screen_stays(copy: Path) -> None:
    (copy / CAUSAL_FILE).write_text("{}\n")

    async def look(person: Person) -> None:
        await person.sees("The table cannot be read.", "line 1:", "Delete the file and measure again")
        await person.press("q")
        await person.settled()

    at_table(copy, look)


def test_rows_appear_while_neurons_are_silenced_and_the_end_is_told(copy: Path, engine: Path) -> None:
    async def measure(person: Person) -> None:
        await person.press("m")
        await person.until(lambda: isinstance(person.app.screen, MeasurePrompt))
        await person.sees("type:token", "[to zero]", "[one at a time]")
        await person.press("enter")
        await person.sees("1 of 2", "left · X stops", "2:5")
        assert asked(engine)[:2] == ["ablate", "--where=type:token"]
        await person.press("m")
        await person.sees("Neurons are being silenced already")
        (engine / "go on").touch()
        await person.sees("2 measured.")
        await person.until(lambda: "X stops" not in person.screen())

    at_table(copy, measure)


def test_two_switches_say_how_neurons_are_silenced(copy: Path, engine: Path) -> None:
    async def measure(person: Person) -> None:
        await person.press("m")
        await person.until(lambda: isinstance(person.app.screen, MeasurePrompt))
        await person.press("ctrl+t", "ctrl+g")
        await person.sees("[to its mean]", "[together]")
        await person.type(" layer:1")
        await person.press("enter")
        await person.until(lambda: (engine / "asked.json").exists() and "1 of 2" in person.screen())
        assert asked(engine) == [
            *("ablate", "--where=type:token layer:1", "--together", "--mean", "--lines", "--", str(copy)),
        ]

    at_table(copy, measure)


def test_marked_neurons_are_offered_first(copy: Path, engine: Path) -> None:
    async def measure(person: Person) -> None:
        await person.press("m")
        await person.sees("the 2 marked neurons, to zero", "those that a filter matches …")
        await person.press("down", "enter")
        await person.sees("1 of 2")
        assert asked(engine) == ["ablate", "--neuron=0:0", "--neuron=0:1", "--mean", "--lines", "--", str(copy)]

    at_table(copy, measure, marked=2)


def test_stopping_keeps_what_was_measured(copy: Path, engine: Path) -> None:
    async def stop(person: Person) -> None:
        await person.press("m", "enter")
        await person.sees("1 of 2")
        await person.press("X")
        await person.sees("Stopped; what was measured is kept.", "2:5")

    at_table(copy, stop)


def test_leaving_while_neurons_are_silenced_is_asked_about(copy: Path, engine: Path) -> None:
    async def leave(person: Person) -> None:
        await person.press("m", "enter")
        await person.sees("1 of 2")
        await person.press("escape")
        await person.until(lambda: isinstance(person.app.screen, Confirm))
        await person.press("n")
        await person.sees("1 of 2")
        await person.press("q", "y")
        await person.until(lambda: isinstance(person.app.screen, Explorer))

    at_table(copy, leave)


def test_what_the_engine_refuses_is_one_message(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; sys.exit('model /gone: there is no such directory\\nName a checkpoint directory.')"
    monkeypatch.setattr(measuring, "engine_command", lambda *given: [sys.executable, "-c", script, *given])

    async def measure(person: Person) -> None:
        await person.press("m", "enter")
        await person.sees("Not measured", "model /gone: there is no such", "Name a checkpoint directory.")
        assert "silencing" not in "\n".join(person.lines()[-4:])

    at_table(copy, measure)


def test_the_table_is_written_to_a_file(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(copy)
    monkeypatch.chdir(tmp_path)

    async def write(person: Person) -> None:
        await person.press("x")
        await person.sees("demo-causal.csv")
        await person.press("backspace", "backspace", "backspace")
        await person.type("json")
        await person.press("enter")
        await person.sees("Written to")

    at_table(copy, write)
    assert len(json.loads((tmp_path / "demo-causal.json").read_text())["neurons"]) == 5


def test_the_card_tells_what_is_newly_measured(copy: Path) -> None:
    async def come_back(person: Person) -> None:
        keep_causal(copy, [measured(0, 0, triggers=(10,), by=1.0)])
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Explorer))
        await person.press("enter")
        await person.settled()
        await person.sees("Silenced, its trigger becomes 2.7× likelier to")

    at_table(copy, come_back)


@pytest.mark.parametrize("size", [(64, 18), (160, 48)])
def test_hostile_triggers_and_filters_are_shown_safely_at_every_size(copy: Path, size: tuple[int, int]) -> None:
    hostile = [measured(0, row, triggers=(token,)) for row, token in enumerate(HOSTILE_IDS)]
    together = measured(1, 1, 2, triggers=HOSTILE_IDS, where='trigger:"\x1b[31m日本"')
    keep_causal(copy, [*hostile, together])

    async def look(person: Person) -> None:
        await person.sees("17 measurements")
        for key in ("home", "end"):
            await person.press(key)
            assert all(line.isprintable() and cell_len(line) == size[0] for line in person.lines())

    at_table(copy, look, size=size)
