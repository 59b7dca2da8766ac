"""Make the pictures of docs/pictures from a run: `python docs/make_pictures.py RUN_FOLDER`.

SVG files by the app itself; what is on them is what the app shows, nothing is drawn by hand.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from neuron_tui.tui.app import NeuronTuiApp

PICTURES = Path(__file__).parent / "pictures"
PATIENCE = 60.0


async def until(app: NeuronTuiApp, shown: Callable[[str], bool]) -> None:
    """Wait until the screen shows something."""
    async with asyncio.timeout(PATIENCE):
        while not shown("\n".join(strip.text for strip in app.screen._compositor.render_strips())):
            await asyncio.sleep(0.05)


async def picture(run: Path, name: str, size: tuple[int, int], keys: list[str], shows: str) -> None:
    """Open the run in a terminal of a size, press keys, wait for a text and save the screen."""
    app = NeuronTuiApp(run.parent, run)

    async def press(pilot: Pilot[None], key: str) -> None:
        await pilot.press(*key) if len(key) > 1 and key not in ("enter", "tab", "down") else await pilot.press(key)

    async with app.run_test(size=size) as pilot:
        await until(app, lambda screen: ("trigger" in screen and "Contexts" in screen) or size[0] < 100)
        for key in keys:
            await press(pilot, key)
        await until(app, lambda screen: shows in screen)
        await pilot.pause()
        (PICTURES / f"{name}.svg").write_text(app.export_screenshot(title=f"neuron-tui {' x '.join(map(str, size))}"))
        await pilot.press("ctrl+q")


def main() -> None:
    """Make all pictures."""
    run = Path(sys.argv[1])
    PICTURES.mkdir(exist_ok=True)
    filtered = ["/", "type:suppressing", "enter"]
    positional = ["/", "type:positional,strong mi>0.05", "enter"]
    asyncio.run(picture(run, "explorer", (120, 36), filtered, "uppresses its"))
    asyncio.run(picture(run, "wide", (200, 50), positional, "ositional"))
    asyncio.run(picture(run, "narrow", (80, 24), filtered, "uppresses its"))


if __name__ == "__main__":
    main()
