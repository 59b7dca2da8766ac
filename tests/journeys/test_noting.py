"""A neuron is given a label in the app, found by it, and seen with it on a larger terminal and by a command."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.journeys.conftest import Home
from tests.journeys.terminal import ENTER, PROGRAM, RIGHT, TAB


def test_a_label_is_written_found_and_seen_on_another_terminal(home: Home, two_runs: Path) -> None:
    home.configure('author = "Ann"\n')
    run = Path(shutil.copytree(two_runs / "one", home.runs / "one"))
    terminal = home.start((80, 24), "open", "one")
    terminal.wait_for("Neurons · 256 ")
    terminal.press(":", "0:1", ENTER)
    terminal.wait_for("─ 0:1 ─")
    terminal.press("N")
    terminal.reads("Label detects ")  # the suggested one, not taken yet
    terminal.press("wind and 日本", TAB, "Blows.", ENTER, "Twice.", "\x13")  # ctrl+s
    terminal.wait_for("─ 0:1 · wind and 日本 ")
    terminal.press("/", "label:WIND", ENTER)
    terminal.wait_for("Neurons · 1 of 256 ")
    assert not terminal.too_wide()
    terminal.resize(160, 48)
    screen = terminal.wait_for(lambda screen: screen.count("wind and 日本") == 3)  # in the list, on the card, above it
    assert "Ann" in screen and "Blows." in screen and "Twice." in screen
    terminal.press("N", RIGHT, "!", ENTER)  # typed ahead; in a label that is there → only moves
    terminal.wait_for("─ 0:1 · wind and 日本! ")
    assert not terminal.too_wide()
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
    printed = subprocess.run([PROGRAM, "note", run, "0:1", "--json"], capture_output=True, text=True, check=True).stdout
    (note,) = json.loads(printed)["notes"]
    assert (note["label"], note["text"], note["author"]) == ("wind and 日本!", "Blows.\nTwice.", "Ann")
