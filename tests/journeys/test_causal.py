"""The causal table in a real terminal, from the explorer to it and back."""

import shutil
from pathlib import Path

import pytest

from tests.causal_records import keep
from tests.journeys.conftest import Home
from tests.journeys.terminal import ENTER, ESCAPE


@pytest.mark.parametrize("wide", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
def test_the_causal_table_of_a_run_is_looked_at_and_left(wide: tuple[int, int], home: Home, two_runs: Path) -> None:
    run = Path(shutil.copytree(two_runs / "one", home.runs / "one"))
    keep(run)
    terminal = home.start(wide, "open", "one")
    terminal.wait_for("Neurons · 256")
    terminal.press("Z")
    terminal.wait_for("5 measurements")
    terminal.wait_for("1 of 1 likelier")
    terminal.footer("m measure", "q back")
    terminal.press("m")
    terminal.wait_for("[one at a time]")
    terminal.press(ESCAPE)
    terminal.footer("m measure")
    assert not terminal.too_wide()
    terminal.press("j", "j", ENTER)
    terminal.wait_for("─ 0:2 ─")
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
