"""What happens when we are at fault: a message and a full account in the app, an entry in the log, and work goes on.

What a thread, a task or a timer raises is told, and the app stays: what it was doing is lost, nothing else is. What
a widget raises while it is composed, painted or given a message leaves it without a way to go on, and ends the app.
"""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from textual.dom import DOMNode
from textual.driver import Driver
from textual.worker import WorkerFailed

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.fault_log import log_file
from neuron_tui.store.process import describe_fault, log_fault
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.terminal.textual_internals import raised_by_timer
from neuron_tui.tui.terminal.type_ahead import TypeAheadApp

KEY = "f8"
"""Shows the account of the last fault, from anywhere."""

_IN_SIGHT = 12.0
"""Seconds a message is in sight; the same fault is not told again while it is."""

_KEPT = 100
"""Faults whose accounts are kept, the latest."""


class FaultError(NeuronTuiError):
    """A fault of ours that was told and logged: for who waits for an answer that will not come."""


@dataclass(slots=True)
class Account:
    """A fault: its kind and message in short, the whole of it, where it is logged or why not, and how often it came."""

    short: str
    whole: str
    logged: str
    times: int = 1
    told_at: float = 0.0


class FaultsApp(TypeAheadApp):
    """An app that tells its faults and goes on where it can."""

    def __init__(self, *, ansi_color: bool | None = None, driver_class: type[Driver] | None = None) -> None:
        super().__init__(ansi_color=ansi_color, driver_class=driver_class)
        self.faults: dict[str, Account] = {}
        """What was met, by all that tells one from another, the latest last. Threads add to it too."""
        self._adding = threading.Lock()

    def met(self, error: BaseException, *, again_and_again: bool = False) -> FaultError:
        """Log a fault and tell it; from any thread. One that comes `again_and_again` is told once."""
        account = self._account(error)
        now = time.monotonic()
        if account.times == 1 or (not again_and_again and now - account.told_at > _IN_SIGHT):
            account.told_at = now
            if self.is_running:
                self.call_later(self._tell, account.short)
        return FaultError(f"a fault in neuron-tui ({type(error).__name__})\n{KEY} shows its account.")

    @property
    def told(self) -> list[Account]:
        """The faults that a person was told of."""
        return [account for account in self.faults.values() if account.told_at]

    def _account(self, error: BaseException) -> Account:
        trace = "".join(traceback.format_tb(error.__traceback__))
        with self._adding:
            account = self.faults.pop(key := f"{type(error).__name__}\n{trace}", None)
            if account is None:
                whole = "".join(traceback.format_exception(error))
                what = "".join(str(error).splitlines()[:1])
                account = Account(f"{type(error).__name__}: {what}".rstrip(": "), whole, "", 0)
            account.times += 1
            self.faults[key] = account
            while len(self.faults) > _KEPT:
                del self.faults[next(iter(self.faults))]
        try:
            account.logged = f"It is logged in {log_fault(error)}."
        except OSError as refused:
            account.logged = f"It could not be logged to {log_file()}: {refused.strerror or refused}."
        return account

    def _tell(self, short: str) -> None:
        said = f"{short[:200]}\nWhat was under way is lost, nothing else is. {KEY} shows the account."
        self.notify(message(said), title="A fault", severity="error", timeout=_IN_SIGHT, markup=False)

    @property
    def fault_lines(self) -> list[str]:
        """The account of the latest fault, line by line; empty while there was none."""
        if not self.faults:
            return []
        account = list(self.faults.values())[-1]
        times = "" if account.times == 1 else f"It came {account.times:,} times. "
        others = len(self.faults) - 1
        before = f"{others} other{'s' if others > 1 else ''} before it, in the log only." if others else ""
        head = (account.short, f"{times}{account.logged}", *([before] if before else []), "")
        return [*head, *account.whole.splitlines()]

    def describe_fault(self, error: BaseException) -> str:
        """Log the whole fault and say in short what happened."""
        return describe_fault(error.error if isinstance(error, WorkerFailed) else error)

    def goes_on_after(self, error: BaseException) -> bool:
        """Tell a fault that a thread, a task or a timer met; False if it is one that the app cannot go on after."""
        if isinstance(error, WorkerFailed):
            self.met(error.error)
            return True
        if raised_by_timer(error):
            self.met(error, again_and_again=True)
            return True
        return False

    @contextmanager
    def hearing_threads(self) -> Iterator[None]:
        """Tell what threads raise that belong to no worker, and tasks that nobody waits for."""
        before = threading.excepthook

        def heard(of: threading.ExceptHookArgs) -> None:
            if isinstance(of.exc_value, Exception):
                self.met(of.exc_value)

        threading.excepthook = heard
        try:
            yield
        finally:
            threading.excepthook = before

    def hear_tasks(self) -> None:
        """Tell what tasks raise that nobody waits for; to be called on the event loop."""

        def heard(_loop: asyncio.AbstractEventLoop, said: dict[str, Any]) -> None:
            error = said.get("exception")
            if isinstance(error, Exception):
                self.met(error)

        asyncio.get_running_loop().set_exception_handler(heard)


def fault_met(node: DOMNode, error: Exception) -> FaultError:
    """Tell a fault by the app of a node; from any thread."""
    app = node.app
    if isinstance(app, FaultsApp):
        return app.met(error)
    raise error


def in_thread(
    owner: DOMNode, work: Callable[[], None], *, group: str, failed: Callable[[FaultError], object] | None = None
) -> None:
    """Do some work of a screen or widget in a thread.

    Parameters
    ----------
    owner
        Who wants it: a screen, a widget or the app.
    work
        Runs in the thread, and posts what it finds.
    group
        What the work is called.
    failed
        Called on the event loop after an exception that `work` did not deal with, which is told: to let go of what
        waits for the work.
    """
    app = owner.app

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            if not isinstance(app, FaultsApp):
                raise
            met = app.met(error)
            if failed is not None:
                owner.call_later(failed, met)

    owner.run_worker(guarded, thread=True, group=group)
