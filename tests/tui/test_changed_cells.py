"""What reaches the terminal, read back by an emulator, beside what would have been written in full."""

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.control import Control
from rich.segment import Segment
from rich.style import Style

from neuron_tui.tui.terminal.changed_cells import ShownCells

WIDTH, HEIGHT = 24, 4
STYLES = (
    None,
    Style.parse("#dcd7ba on #16161d"),
    Style.parse("bold #dcd7ba on #16161d"),
    Style.parse("underline #7fb4ca on #16161d"),
    Style.parse("reverse"),
    Style.parse("#7fb4ca"),
    Style.parse("on #2a2a37"),
)

texts = st.text(st.sampled_from("ab ·▐│⣿日本🚨\u0301"), min_size=1, max_size=12).map(lambda text: "x" + text)
pieces = st.lists(st.tuples(texts, st.sampled_from(STYLES)), min_size=1, max_size=3)
paints = st.tuples(st.integers(0, 8), st.integers(0, HEIGHT - 1), pieces)


class Emulator:
    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.reset_mode(pyte.modes.DECAWM)
        self.stream = pyte.Stream(self.screen)

    def cells(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def cropped(pieces: list[tuple[str, Style | None]], room: int) -> list[Segment]:
    segments = [Segment(text, style) for text, style in pieces]
    return Segment.adjust_line_length(segments, min(room, Segment.get_line_length(segments)))


def in_full(segments: list[Segment]) -> str:
    system = ColorSystem.TRUECOLOR
    return "".join(
        text if control or style is None else style.render(text, color_system=system)
        for text, style, control in segments
    )


@given(st.lists(st.lists(paints, min_size=1, max_size=4), min_size=1, max_size=6))
def test_the_terminal_shows_what_it_would_if_everything_were_written(updates):
    frugal, lavish, shown = Emulator(), Emulator(), ShownCells()
    shown.fit(WIDTH, HEIGHT)
    for update in updates:
        segments = []
        for x, y, pieces in update:
            segments += [Control.move_to(x, y).segment, *cropped(pieces, WIDTH - x)]
        lavish.stream.feed(in_full(segments))
        frugal.stream.feed(shown.changes(segments, ColorSystem.TRUECOLOR))
        blank = pyte.screens.Char(" ")
        for y, (row, wanted) in enumerate(zip(frugal.cells(), lavish.cells(), strict=True)):
            for x, (cell, full) in enumerate(zip(row, wanted, strict=True)):
                assert cell == full or full == blank, (x, y)


def painted(text: str, y: int = 0) -> list[Segment]:
    return [Control.move_to(0, y).segment, Segment(text, STYLES[1])]


def test_nothing_is_written_for_what_is_there_already():
    shown = ShownCells()
    shown.fit(WIDTH, HEIGHT)
    assert "3:117" in shown.changes(painted("neuron 3:117"), ColorSystem.TRUECOLOR)
    assert shown.changes(painted("neuron 3:117"), ColorSystem.TRUECOLOR) == ""


def test_only_the_characters_that_differ_are_written():
    shown = ShownCells()
    shown.fit(WIDTH, HEIGHT)
    shown.changes(painted("freq .42% of all tokens"), ColorSystem.TRUECOLOR)
    written = shown.changes(painted("freq .17% of all tokens"), ColorSystem.TRUECOLOR)
    assert "17" in written and "freq" not in written and "tokens" not in written


def test_a_wide_character_is_written_whole_or_not_at_all():
    shown, emulator = ShownCells(), Emulator()
    shown.fit(WIDTH, HEIGHT)
    for text in ("日本語", "ab本語", "日本xy", "a本 z "):
        emulator.stream.feed(shown.changes(painted(text), ColorSystem.TRUECOLOR))
        assert emulator.screen.display[0].rstrip() == text.rstrip()


def test_after_another_size_everything_is_written_again():
    shown = ShownCells()
    shown.fit(WIDTH, HEIGHT)
    shown.changes(painted("all of it"), ColorSystem.TRUECOLOR)
    shown.fit(WIDTH + 1, HEIGHT)
    assert "all of it" in shown.changes(painted("all of it"), ColorSystem.TRUECOLOR)
    shown.forget()
    assert "all of it" in shown.changes(painted("all of it"), ColorSystem.TRUECOLOR)


def test_a_terminal_without_colours_gets_none():
    shown = ShownCells()
    shown.fit(WIDTH, HEIGHT)
    written = shown.changes(painted("plain"), None)
    assert written.endswith("plain") and "m" not in written
