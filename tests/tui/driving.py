"""Driving the app without a terminal: keys in, lines of the screen out, waiting on conditions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from neuron_tui.store.neurons.places import address_of
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.terminal.textual_internals import key_of, lines_of
from neuron_tui.tui.widgets.layers.overview import Overview
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from neuron_tui.tui.widgets.neurons import NeuronList
from neuron_tui.tui.widgets.runs.run_list import RunList

CHARACTERS = {"enter": "\r", "escape": "\x1b", "tab": "\t"}
"""What a terminal sends for keys with a name."""

ROUNDS = 4000
"""Turns of the event loop after which a condition is taken never to come true."""


class Person:
    """Someone at the app: types, looks, and waits for what must come."""

    def __init__(self, pilot: Pilot[None], app: NeuronTuiApp) -> None:
        self.pilot, self.app = pilot, app

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app work until a condition holds."""
        for _ in range(ROUNDS):
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("never came; the screen:\n" + self.screen())

    async def press(self, *keys: str) -> None:
        """Press keys, given by name or character, and wait until the app has taken them all."""
        for key in keys:
            character = key if len(key) == 1 else CHARACTERS.get(key)
            name = key_of(key) if len(key) == 1 else key
            self.app.post_message(events.Key(name, character))
        # What a key set going, the closing of a screen for one, is a chain of messages: each turn takes a link of it.
        for _ in range(2):
            await self.until(lambda: self.app.quiet)

    async def type(self, text: str) -> None:
        """Press the keys that write a text."""
        await self.press(*text)

    async def sees(self, *texts: str) -> None:
        """Wait until all of these stand on the screen."""
        await self.until(lambda: all(text in self.screen() for text in texts))

    def lines(self) -> list[str]:
        """The lines of the screen on top."""
        return lines_of(self.app.screen)

    def screen(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    @property
    def explorer(self) -> Explorer:
        """The explorer, wherever it lies in the stack."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, Explorer))

    @property
    def neurons(self) -> NeuronList:
        """The neurons pane."""
        return self.explorer.query_one(NeuronList)

    @property
    def pane(self) -> NeuronPane:
        """The neuron pane."""
        return self.explorer.query_one(NeuronPane)

    @property
    def marked(self) -> set[tuple[int, int]]:
        """Layer and neuron of each marked neuron."""
        opened = self.explorer.opened
        return {address_of(opened, code) for code in self.neurons.marks} if opened is not None else set()

    @property
    def address(self) -> tuple[int, int] | None:
        """Layer and neuron of the card in sight."""
        return self.pane.card.address if self.pane.card else None

    async def settled(self) -> None:
        """Wait until the run is open, all that was asked for is shown, and the layers are summarised."""
        await self.until(lambda: any(isinstance(screen, Explorer) for screen in self.app.screen_stack))
        await self.until(lambda: self.explorer.browser.ready and self.app.quiet)

    async def knows_the_run(self) -> None:
        """Have a run that is opened for the first time in the order of the model, without the overview."""
        overview = self.explorer.query_one(Overview)
        if overview.display:
            await self.press("i", "o")
            await self.until(lambda: "notable" not in self.screen() and not overview.display)
            await self.settled()


def drive(
    runs: Path,
    scenario: Callable[[Person], Awaitable[None]],
    *,
    run: Path | None = None,
    size: tuple[int, int] = (120, 36),
    first_time: bool = False,
    faulty: bool = False,
) -> NeuronTuiApp:
    """Run the app at a size and let a person act in it.

    A run opened at once begins without the overview and in the order of the model, unless `first_time`. Unless the app
    is to be `faulty`, nothing that it goes on after may have been wrong.
    """

    async def act() -> NeuronTuiApp:
        app = NeuronTuiApp(runs, run)
        async with app.run_test(size=size, notifications=True) as pilot:
            person = Person(pilot, app)
            if run is not None:
                await person.settled()
                if not first_time:
                    await person.knows_the_run()
            else:
                await person.until(lambda: isinstance(app.screen, Runs) and not app.screen.loader.reading)
                assert app.screen.query_one(RunList) is not None
            await scenario(person)
        assert faulty or not app.faults, next(iter(app.faults.values())).whole
        return app

    return asyncio.run(act())
