"""Of what is asked for while a thread is at work, only the latest is done."""

import asyncio
from collections.abc import Callable
from threading import Event

import pytest
from textual.app import App

from neuron_tui.store.errors import InputError, NeuronTuiError
from neuron_tui.tui.latest import Latest


class Desk:
    """Work that waits until it is let go, and what was told of it."""

    def __init__(self) -> None:
        self.go_on, self.begun = Event(), Event()
        self.done: list[int] = []
        self.told: list[object] = []

    def work(self, number: int) -> int:
        self.begun.set()
        self.go_on.wait(20)
        self.done.append(number)
        if number < 0:
            raise InputError("below zero")
        return number * number

    def answered(self, number: int, answer: int) -> None:
        self.told.append((number, answer))

    def refused(self, number: int, error: NeuronTuiError) -> None:
        self.told.append((number, str(error)))


def at_desk(act: Callable[[Desk, Latest[int, int]], None], *, every: bool = False) -> Desk:
    desk = Desk()

    async def run() -> None:
        app: App[None] = App()
        async with app.run_test():
            latest = Latest(app, desk.work, desk.answered, desk.refused, every=every)
            latest.request(2)
            await asyncio.to_thread(desk.begun.wait, 20)
            act(desk, latest)
            assert latest.busy
            desk.go_on.set()
            await app.workers.wait_for_complete()
            assert not latest.busy

    asyncio.run(run())
    return desk


def several(desk: Desk, latest: Latest[int, int]) -> None:
    for number in (3, 4, 5):
        latest.request(number)


def test_only_the_latest_request_is_done_and_an_overtaken_answer_is_not_told() -> None:
    desk = at_desk(several)
    assert (desk.done, desk.told) == ([2, 5], [(5, 25)])


def test_every_answer_is_told_where_that_is_asked_for() -> None:
    desk = at_desk(several, every=True)
    assert (desk.done, desk.told) == ([2, 5], [(2, 4), (5, 25)])


def test_an_error_of_ours_is_told_with_its_request() -> None:
    desk = at_desk(lambda _, latest: latest.request(-1))
    assert desk.told == [(-1, "below zero")]


def test_an_answer_may_lead_to_another_request() -> None:
    desk, asked = Desk(), []
    desk.go_on.set()

    async def run() -> None:
        app: App[None] = App()
        async with app.run_test() as pilot:

            def answered(number: int, answer: int) -> None:
                desk.answered(number, answer)
                if answer < 100:
                    latest.request(answer)

            latest = Latest(app, desk.work, answered)
            asked.append(latest)
            latest.request(2)
            while not desk.told or latest.busy:
                await pilot.pause()

    asyncio.run(run())
    assert desk.told == [(2, 4), (4, 16), (16, 256)]


def test_nothing_is_told_once_the_owner_is_gone() -> None:
    desk = Desk()

    async def run() -> None:
        app: App[None] = App()
        async with app.run_test():
            Latest(app, desk.work, desk.answered).request(2)
            await asyncio.to_thread(desk.begun.wait, 20)
            app.workers.cancel_all()
            desk.go_on.set()

    asyncio.run(run())
    assert desk.told == []


def test_an_error_that_nobody_hears_of_is_a_fault() -> None:
    desk = Desk()
    desk.go_on.set()

    async def run() -> None:
        app: App[None] = App()
        async with app.run_test() as pilot:
            Latest(app, desk.work, desk.answered).request(-1)
            while app.is_running and not app.return_code:
                await pilot.pause()

    with pytest.raises(Exception, match="below zero"):
        asyncio.run(run())
