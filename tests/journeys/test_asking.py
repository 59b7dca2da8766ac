"""A text that a run's own model reads, in a real terminal: what fires, what silencing moves, and back to the neuron."""

import re

from tests.journeys.conftest import SMALL, Home, Texts
from tests.journeys.terminal import DOWN, ENTER, ESCAPE, TAB


@SMALL
def test_a_text_is_read_silenced_and_left(size: tuple[int, int], home: Home, texts: Texts) -> None:
    terminal = home.start(size, "open", str(texts.run))
    terminal.wait_for("Neurons · 640")
    # From the command palette, as somebody who does not know the key.
    terminal.press("\x10")
    terminal.press("Read a text")
    terminal.wait_for("Read a text with the model")
    terminal.press(ENTER)
    terminal.wait_for("type or paste a text")
    terminal.press("words of a text", ENTER)
    terminal.wait_for("nats a token")
    terminal.wait_for(re.compile(r"\d+ fire in layer 0").search)
    terminal.press(DOWN)
    terminal.wait_for(re.compile(r"\d+ fire in layer 1").search)
    terminal.press(TAB, "z")
    terminal.wait_for("1 silenced to zero")  # at 80 columns too
    terminal.wait_for(lambda screen: "Moved after" in screen and "∅" in screen)
    terminal.press("?")
    terminal.wait_for("On this screen")
    terminal.press(ESCAPE)
    terminal.wait_for("Moved after")
    terminal.press(ENTER)
    terminal.wait_for(re.compile(r"─ 1:\d+ ─|1:\d+ · ").search)
    assert not terminal.too_wide()
    terminal.press("\x11")
    assert terminal.wait_for_end() == 0
