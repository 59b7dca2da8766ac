"""The terminal gets another size at any moment: while a list opens, in the form, in figures, in an export."""

from collections.abc import Sequence
from pathlib import Path

from tests.journeys.conftest import SMALL, Home
from tests.journeys.terminal import ENTER, ESCAPE, F1, Terminal

OTHERS = ((50, 15), (200, 60), (80, 24))


def resized(terminal: Terminal, *signs: str, help_key: str = "?") -> None:
    """Give the terminal one size after the other; at each, all is drawn anew and nothing beyond the edge."""
    for columns, rows in OTHERS:
        terminal.resize(columns, rows)
        terminal.footer(*signs)
        # What was under way was still of the size before: it is seen once or twice, what is wrong each time.
        assert any(not too_wide_anew(terminal, help_key, signs) for _ in range(4)), (columns, rows, terminal.text())


def too_wide_anew(terminal: Terminal, help_key: str, signs: Sequence[str]) -> list[tuple[int, str]]:
    """Have all drawn anew, and give what was drawn beyond the edge."""
    terminal.too_wide()
    terminal.press(help_key)
    terminal.wait_for("q closes")
    terminal.press(ESCAPE)
    terminal.wait_for(lambda screen: "q closes" not in screen)
    terminal.footer(*signs)
    return terminal.too_wide()


@SMALL
def test_the_size_may_change_at_any_moment(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    terminal = home.start(size, "--runs-dir", str(two_runs))
    terminal.wait_for("Runs · 2")
    terminal.press(ENTER)
    resized(terminal, "/ filter", "q back")  # the run is still being opened
    terminal.wait_for("Neurons · 256 ")
    terminal.press("x")
    resized(terminal, "╰", "╯", help_key=F1)
    terminal.wait_for("Export neuron ")
    terminal.press(ESCAPE)
    terminal.footer("/ filter")
    terminal.press("F")
    resized(terminal, "x export", "q back")
    terminal.wait_for("share of neurons dead")
    terminal.press("q")
    terminal.footer("/ filter")
    terminal.press("q")
    terminal.footer("q out")
    terminal.press("n")
    resized(terminal, "esc leave", help_key=F1)
    terminal.wait_for("Model")
    terminal.press(ESCAPE)
    terminal.footer("q out")
    resized(terminal, "q out")
    terminal.resize(*size)
    terminal.footer("q out")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
