"""An app that is a neuron pane and nothing else, and a person at its keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen

from neuron_tui.store.neurons.run import Run
from neuron_tui.tui.drawing.spans import plain
from neuron_tui.tui.terminal.textual_internals import lines_of
from neuron_tui.tui.widgets.neuron.item_cursor import ItemCursor
from neuron_tui.tui.widgets.neuron.pane import NeuronPane

ROUNDS = 4000
"""Turns of the event loop after which a condition is taken never to come true."""


class PaneScreen(Screen[None]):
    """The pane, and the neighbours that its keys ask for; what it asks is kept."""

    CSS = "NeuronPane { border: round white; overflow-x: hidden; scrollbar-gutter: stable; }"

    def __init__(self, run: Run, layer: int, neuron: int) -> None:
        super().__init__()
        self.run, self.address = run, (layer, neuron)
        self.asked: list[NeuronPane.TokenAsked] = []
        self.left, self.lengthened = 0, 0

    BINDINGS = [("escape", "back"), ("plus", "long")]  # noqa: RUF012 - as textual declares it

    def compose(self) -> ComposeResult:
        yield NeuronPane(id="neuron")

    def on_mount(self) -> None:
        pane = self.query_one(NeuronPane)
        pane.focus()
        pane.use(self.run)
        pane.show(self.address)

    def on_neuron_pane_token_asked(self, event: NeuronPane.TokenAsked) -> None:
        self.asked.append(event)

    def on_neuron_pane_neighbour_wanted(self, event: NeuronPane.NeighbourWanted) -> None:
        self.walk(event.by)

    def walk(self, by: int) -> None:
        self.address = (self.address[0], self.address[1] + by)
        self.query_one(NeuronPane).show(self.address)

    def action_back(self) -> None:
        self.left += 1

    def action_long(self) -> None:
        self.lengthened += 1


class PaneHost(App[None]):
    """Holds the screen."""

    def __init__(self, run: Run, layer: int, neuron: int) -> None:
        super().__init__()
        self.pane_screen = PaneScreen(run, layer, neuron)

    def on_mount(self) -> None:
        self.push_screen(self.pane_screen)


class Reader:
    """Someone at the pane."""

    def __init__(self, app: PaneHost, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> PaneScreen:
        return self.app.pane_screen

    @property
    def pane(self) -> NeuronPane:
        return self.screen.query_one(NeuronPane)

    @property
    def at(self) -> ItemCursor:
        return self.pane.at

    async def until(self, condition: Callable[[], object]) -> None:
        for _ in range(ROUNDS):
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("never came; the screen:\n" + "\n".join(self.lines()))

    async def press(self, *keys: str) -> None:
        """Press keys and wait until what they ask for is shown."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
            await self.until(lambda: self.pane.up_to_date)

    def lines(self) -> list[str]:
        """The lines of the terminal."""
        return lines_of(self.app.screen)

    def card(self) -> str:
        """The whole card, also what is scrolled away."""
        pane = self.pane
        return "\n".join(plain(pane.line_at(i, pane.inner_width)) for i in range(pane.virtual_size.height))

    def aligned(self) -> bool:
        """Whether every line of the terminal takes its cells, and nothing in it acts."""
        width = self.app.size.width
        return all(cell_len(line) == width and line.isprintable() for line in self.lines())


def at_pane(
    run: Run,
    scenario: Callable[[Reader], Awaitable[None]],
    *,
    neuron: int,
    layer: int = 1,
    size: tuple[int, int] = (40, 40),
) -> None:
    """Let a person act at a neuron's pane."""

    async def act() -> None:
        app = PaneHost(run, layer, neuron)
        async with app.run_test(size=size) as pilot:
            reader = Reader(app, pilot)
            await reader.until(lambda: isinstance(app.screen, PaneScreen) and reader.pane.up_to_date)
            await reader.until(lambda: reader.pane.card is not None)
            await scenario(reader)

    asyncio.run(act())
