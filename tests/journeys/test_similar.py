"""Similar neurons in a real terminal: by several measures, in another run, and of a model that is gone."""

from pathlib import Path

from tests.journeys.conftest import Home
from tests.journeys.terminal import DOWN, ENTER, RIGHT


def test_neurons_like_one_are_found_in_its_run_and_in_another(home: Home, two_runs: Path) -> None:
    terminal = home.start((80, 24), "open", "one", NEURON_TUI_RUNS=str(two_runs))
    terminal.wait_for("Neurons · 256 ")
    terminal.press(":", "0:6", ENTER)
    terminal.wait_for("─ 0:6 ─")
    terminal.press("S")
    terminal.reads("one · neurons similar to 0:6")
    terminal.reads("By chance the best would be")

    # Its update direction takes the model, which is not there.
    terminal.press(RIGHT)
    terminal.reads("not searched")
    terminal.reads("the run one needs its model again")

    terminal.press(RIGHT)
    terminal.reads("[position]")
    terminal.reads("at the same positions")
    terminal.press("i")
    terminal.wait_for("Search which run")
    terminal.press(DOWN, ENTER)
    terminal.reads("in two")
    terminal.wait_for("≤0.005")
    assert not terminal.too_wide()
    terminal.press(ENTER)  # to the best match, in its own run
    terminal.wait_for(lambda screen: "two" in screen and "Neurons · 256 " in screen)
    terminal.press("q")
    terminal.reads("one · neurons similar to 0:6")
    terminal.press("q")
    terminal.wait_for("─ 0:6 ─")
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
