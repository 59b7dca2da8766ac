"""Hostile text in a real terminal: the frames of the panes stand, and the program alone speaks to the terminal."""

import re
import unicodedata
from pathlib import Path

import pytest

from tests.hostile import FORMS, NAME
from tests.journeys.terminal import ENTER, Terminal
from tests.synthetic import build_run

LAYERS, NEURONS = 2, 110

_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[()][0-9A-Z]|[=>78cDEHM])"
)
"""What a program tells a terminal: CSI, OSC and DCS sequences, character sets, single letters."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = {"domains": (NAME, "\u0301[b]\x07日", "=1"), "model": NAME}
    whole = tmp_path_factory.mktemp("runs") / "whole"
    return build_run(whole, layers=LAYERS, neurons=NEURONS, sequences=12, extra=FORMS, **names)


def grid(terminal: Terminal) -> list[list[str]]:
    """What stands in each cell; nothing in the second one of a wide character."""
    buffer = terminal._screen.buffer
    return [[buffer[y][x].data for x in range(terminal.columns)] for y in range(terminal.rows)]


def frames(rows: list[list[str]]) -> dict[int, tuple[int, int]]:
    """Columns of the corners, and the rows that what is between them spans."""
    found = {}
    for x in range(len(rows[0])):
        top = [y for y, row in enumerate(rows) if row[x] in "╭╮┏┓" and row[x]]
        bottom = [y for y, row in enumerate(rows) if row[x] in "╰╯┗┛" and row[x]]
        if top and bottom:
            found[x] = (top[0], bottom[-1])
    return found


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 36), (200, 60)])
def test_frames_stand_in_their_columns_whatever_neuron_is_shown(columns: int, rows: int, folder: Path) -> None:
    terminal = Terminal(["open", str(folder)], columns, rows)
    terminal.wait_for(lambda screen: "notable first" in screen and "filter" in screen.splitlines()[-1])
    terminal.wait_for(lambda _: len(frames(grid(terminal))) >= (4 if columns == 80 else 6))
    corners = frames(grid(terminal)).keys()

    def drawn(screen: str, address: str) -> bool:
        rows = grid(terminal)
        standing = {x: {rows[y][x] for y in range(top + 1, bottom)} for x, (top, bottom) in frames(rows).items()}
        return (
            f" {address} " in screen
            and "filter" in screen.splitlines()[-1]
            and standing.keys() == corners
            and all(seen <= set("│┃╭╮╰╯┏┓┗┛") for seen in standing.values())
        )

    for layer in range(LAYERS):
        for neuron in range(9 + layer, NEURONS, 8):
            address = f"{layer}:{neuron}"
            terminal.press(":", address, ENTER)
            terminal.wait_for(lambda screen, address=address: drawn(screen, address))
    assert not terminal.too_wide()
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
    only_ours(terminal.sent.decode())


def only_ours(sent: str) -> None:
    """Between the sequences of the program itself there is nothing but what can be seen."""
    rest = _SEQUENCE.sub("", sent)
    assert not {c for c in rest if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn") and c not in "\r\n\b"}
    sequences = "".join(_SEQUENCE.findall(sent))
    assert "owned" not in sequences
    assert "]52" not in sequences
