"""Notifications come and go without holding up the app."""

import asyncio
import time

import pytest
from textual.notifications import Notification
from textual.widgets._toast import Toast

from neuron_tui.tui.terminal.textual_internals import OpenApp


@pytest.mark.timeout(60)
@pytest.mark.parametrize("left", [-1.0, -1e-9, 1e-9])
def test_one_that_expires_while_the_screen_changes_does_not_stop_the_app(left: float) -> None:
    async def act() -> None:
        app = OpenApp()
        async with app.run_test() as pilot:
            toast = Toast(Notification("over", timeout=0.0, raised_at=time.time() + left))
            await app.screen.mount(toast)
            while toast.is_attached:
                await pilot.pause()

    asyncio.run(act())
