"""Terminals of few colours or none, without a mouse, and the settings file."""

import re
from pathlib import Path

import pytest

from tests.journeys.conftest import SMALL, Home
from tests.journeys.terminal import MOUSE, Terminal

NEURON = re.compile(r"─ \d:\d+ ─")
"""The title of a neuron's pane."""

NAMED = {"default", "black", "red", "green", "brown", "blue", "magenta", "cyan", "white"}
NAMED |= {f"bright{name}" for name in NAMED}
"""The 16 colours that every terminal has, as the emulator names them."""


def opened(home: Home, size: tuple[int, int], run: Path, *options: str, **environment: str) -> Terminal:
    terminal = home.start(size, "open", str(run), *options, **environment)
    terminal.wait_for(lambda screen: "Neurons · 256" in screen and NEURON.search(screen))
    return terminal


def left(terminal: Terminal) -> None:
    assert not terminal.too_wide()
    terminal.press("\x11")  # ctrl+q ends it from anywhere
    assert terminal.wait_for_end() == 0


@SMALL
@pytest.mark.parametrize("kind", ["xterm", "vt100", "linux"])
def test_a_terminal_of_16_colours_gets_no_others(kind: str, size: tuple[int, int], home: Home, two_runs: Path) -> None:
    terminal = opened(home, size, two_runs / "one", TERM=kind, COLORTERM="")
    assert terminal.colours() <= NAMED
    assert len(terminal.colours()) > 1
    left(terminal)


@SMALL
def test_without_colour_nothing_is_coloured(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    terminal = opened(home, size, two_runs / "one", NO_COLOR="1")
    # Shades of grey at most.
    grey = {c for c in terminal.colours() if c in ("default", "black", "white") or c[:2] == c[2:4] == c[4:6]}
    assert terminal.colours() == grey
    # What colours say is said in words and signs too: the cursor, the pane that has the keys, the marks.
    terminal.press("m")
    terminal.wait_for("◆")
    assert "▸" in terminal.text() and "┏━ Neurons" in terminal.text()
    left(terminal)


@SMALL
def test_the_mouse_is_left_to_the_terminal_if_asked(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    with_mouse = opened(home, size, two_runs / "one")
    assert all(code in with_mouse.sent for code in (MOUSE[0], MOUSE[3]))
    left(with_mouse)
    without = opened(home, size, two_runs / "one", "--no-mouse")
    left(without)
    assert not any(code in without.sent for code in MOUSE)


@SMALL
def test_settings_choose_the_theme_the_keys_and_the_mouse(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    home.configure('theme = "light"\nmouse = false\n\n[keys]\n"explorer.filter" = "ctrl+f"\n')
    terminal = opened(home, size, two_runs / "one")
    terminal.footer("ctrl+f filter")
    assert "fbfaf7" in terminal.colours()
    assert "16161d" not in terminal.colours()
    terminal.press("/")  # does nothing any more
    terminal.press("oj")
    terminal.wait_for("─ 0:1 ─")
    terminal.press("\x06", "type:token \r")  # ctrl+f
    terminal.wait_for(" · type:token ")
    left(terminal)
    assert not any(code in terminal.sent for code in MOUSE)


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        (
            'theme = "light"\ncolour = "blue"\n',
            "",
            "unknown key 'colour'; known are theme, mouse, verify, author, keys",
        ),
        ('\ntheme = "lihgt"\n', "theme: ", "unknown theme 'lihgt'; known are dark, light"),
        (
            '[keys]\n"explorer.filtre" = "f"\n',
            "keys.explorer.filtre: ",
            "unknown name of a key 'explorer.filtre'; known are explorer.",
        ),
        ('[keys]\nexplorer.filter = "f99"\n', "keys.explorer.filter: ", "'f99' is no key"),
        ("[defaults]\ntokens = 0\n", "defaults.tokens: ", "at least 1"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_with_their_key(
    text: str, key: str, what: str, home: Home, two_runs: Path
) -> None:
    home.configure(text)
    terminal = home.start((200, 60), "--runs-dir", str(two_runs))
    assert terminal.wait_for_end() == 3
    said = terminal.text()
    assert f"config.toml: {key}{what}" in said
    assert "Mend that setting, or remove it to have what holds by itself." in said
