"""Work in threads of which only the latest request counts: reading, looking up, drawing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from textual.dom import DOMNode
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.terminal.faults import fault_met

Request = TypeVar("Request")
Answer = TypeVar("Answer")


def is_leaving(node: DOMNode) -> bool:
    """Whether the app or the screen of a node is being closed: its parts are gone one by one, and none may be asked."""
    app = node.app
    own = [ancestor for ancestor in node.ancestors_with_self if isinstance(ancestor, Screen)]
    return not app.is_running or any(screen not in app.screen_stack for screen in own)


class Latest(Generic[Request, Answer]):
    """Does one thing at a time in a thread. Of the requests that come meanwhile it keeps the latest.

    `answered` and `refused` are called on the event loop, so they may touch widgets; nothing is called once the owner
    is gone.

    Parameters
    ----------
    owner
        The screen or widget that asks.
    work
        Runs in a thread; gives the answer to a request, or raises a NeuronTuiError.
    answered
        Called with a request and its answer.
    refused
        Called with a request and the NeuronTuiError it met; without it such an error is a fault of the app. A fault
        is told by the app and then comes here as an error too, so that nobody waits for an answer.
    every
        Whether answers are given that a later request has overtaken. A list that is read again and again would
        otherwise never be shown on a slow disk.
    """

    def __init__(
        self,
        owner: DOMNode,
        work: Callable[[Request], Answer],
        answered: Callable[[Request, Answer], None],
        refused: Callable[[Request, NeuronTuiError], None] | None = None,
        *,
        every: bool = False,
    ) -> None:
        self._owner, self._work, self._answered, self._refused = owner, work, answered, refused
        self._every = every
        self._waiting: list[Request] = []
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether a request is not answered yet."""
        return self._busy

    def request(self, request: Request) -> None:
        """Ask for something; what was asked for before and has not begun is dropped."""
        self._waiting[:] = [request]
        if not self._busy:
            self._busy = True
            self._owner.run_worker(self._serve(), group=f"latest-{id(self)}")

    async def _serve(self) -> None:
        while self._waiting:
            tell = await self._done(self._waiting.pop())
            overtaken = bool(self._waiting)
            self._busy = overtaken
            if is_leaving(self._owner):
                return
            if self._every or not overtaken:
                try:
                    tell()  # it may ask for more: that is a new beginning, or waits for the next turn
                except Exception as error:
                    fault_met(self._owner, error)

    async def _done(self, request: Request) -> Callable[[], None]:
        """Do what is asked for; gives what is to be told of it."""
        try:
            answer = await asyncio.to_thread(self._work, request)
        except Exception as error:
            if self._refused is None:
                fault_met(self._owner, error)
                return lambda: None
            problem = error if isinstance(error, NeuronTuiError) else fault_met(self._owner, error)
            return partial(self._refused, request, problem)
        return partial(self._answered, request, answer)
