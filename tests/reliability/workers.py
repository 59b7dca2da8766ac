"""Every worker and timer of the app fails once; what a person is told, the account, the log, and that the app goes on.

`python -m tests.reliability.workers --times N` takes N ways past all of them and prints a tally.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from neuron_tui.store import process
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.jobs import measuring
from neuron_tui.tui.screens.causal.measure_prompt import MeasurePrompt
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction
from neuron_tui.tui.screens.fault_account import FaultAccount
from neuron_tui.tui.terminal.clipboard import copy
from neuron_tui.tui.terminal.faults import KEY
from tests.reliability.planted_faults import TEXT, Planter, planted, sites
from tests.synthetic import build_run
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import at_work
from tests.tui.runs_driving import choose
from tests.tui.test_live import Model
from tests.tui.test_new_extraction import Engine

_MEASURE = "import json; print(json.dumps({'progress': [0, 1]})); print(json.dumps({'done': 1}))"


async def rest(person: Person) -> None:
    await person.until(lambda: person.app.idle)


async def twice(person: Person, *keys: str) -> None:
    """Do something whose first time fails, and once more; each time leave what it opened."""
    for _ in range(2):
        here = person.app.screen
        await person.press(*keys)
        await rest(person)
        for _ in range(6):
            if person.app.screen is here or here not in person.app.screen_stack:
                break
            await person.press("escape")
            await rest(person)
        assert person.app.screen is here, keys


async def in_the_list(person: Person) -> None:
    """Read, verify, log, compare, figures, paper, rename, write a file."""
    await person.press("r", "r")
    await choose(person, "whole")
    for keys in ("v", "L", "c", "C", "N", "A"):
        await twice(person, keys)
    await twice(person, "R", *"x", "enter")
    await choose(person, "wholex")
    await person.press("m")
    await choose(person, "few")
    await person.press("m", "c", "l", "enter")
    await twice(person, "enter")
    await twice(person, "x", "enter")
    await person.press("escape")


async def beside_a_job(person: Person) -> None:
    """Follow a job, and read its log."""
    for _ in range(2):
        await choose(person, "partial")
    await person.press("r", "r")
    await person.until(lambda: "partial  layer" in person.screen())
    await person.press("L")
    await person.until(lambda: sum("job_log.py" in account.short for account in person.app.faults.values()) == 2)
    await person.press("escape", "L", "escape")


async def in_a_form(person: Person) -> None:
    """Complete a path, look at the disk, estimate, start."""
    engine = Engine()
    for _ in range(2):
        form = NewExtraction(person.app._runs_dir, None, ask=engine.ask, start=engine.start)
        person.app.push_screen(form)
        await person.until(lambda form=form: form.is_current and person.app.idle)
        await person.press("ctrl+n", "ctrl+l")
        await rest(person)
        await person.press("escape", *"data", "ctrl+e")
        await rest(person)
        await person.press("ctrl+s")
        await rest(person)
        for _ in range(3):
            if form in person.app.screen_stack:
                await person.press("escape", "y")


async def in_a_run(person: Person) -> None:
    """Open, list, read neurons, look up, note, export, search, measure, have a text read."""
    await choose(person, "wholex")
    for _ in range(2):
        await person.press("enter")
        await rest(person)
    assert isinstance(person.app.screen, Explorer)
    await person.press("o", "i")
    await person.until(lambda: person.app.idle and person.address is not None)
    for keys in ("t", "S", "N", "V", "r"):
        await twice(person, keys)
    await twice(person, "/", *"type:dead", "enter")
    await person.press("/", "ctrl+u", "enter")
    await twice(person, "w", *"the", "enter")
    await twice(person, "x", "enter")
    await person.press("N", *"y", "ctrl+s")
    await rest(person)
    await person.press("ctrl+s")
    await person.until(lambda: person.app.screen is person.explorer)
    await person.press("S")
    for _ in range(2):
        await person.press("i")
        await rest(person)
    await person.press("down", "enter")
    await rest(person)
    await person.press("escape", "Z", "m")
    await person.until(lambda: isinstance(person.app.screen, MeasurePrompt))
    await person.press("enter")
    await rest(person)
    await twice(person, "m", "enter")
    await person.press("escape", "R")
    Model.refusal = "no model"
    await twice(person, "e", *"the", "enter")
    Model.refusal = ""
    await twice(person, "e", *"the", "enter")
    await twice(person, "/", *"type:dead", "enter")
    await person.press("escape")
    copy(person.app, "copied")
    await rest(person)
    with at_work(person.explorer.path):
        await twice(person, "r")
        await twice(person, "P")


def ways(folder: Path, monkeypatch: pytest.MonkeyPatch, way: Callable[[Person], Awaitable[None]]) -> NeuronTuiApp:
    """Go one way past workers that fail, in a place with a log of its own, and look at the account at the end."""
    monkeypatch.setattr(process, "log_file", lambda: folder / "log" / "neuron-tui.log")
    monkeypatch.setattr("neuron_tui.tui.screens.live.talk.ModelProcess", Model)
    monkeypatch.setattr(measuring, "engine_command", lambda *_: [sys.executable, "-c", _MEASURE])
    monkeypatch.setattr("neuron_tui.tui.screens.explorer.growing.pause_job", lambda _: None)
    monkeypatch.setenv("TMUX", "/nowhere,1,0")
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "a.txt").write_text("x")
    monkeypatch.chdir(folder)

    async def go(person: Person) -> None:
        await way(person)
        while len(person.app.screen_stack) > 2:
            person.app.pop_screen()
        await person.press(KEY)
        await person.until(lambda: isinstance(person.app.screen, FaultAccount) and "Traceback" in person.screen())
        assert TEXT in person.screen(), "the person may see what they wrote"
        await person.press("q")
        assert not isinstance(person.app.screen, FaultAccount)

    return drive(folder / "runs", go, faulty=True)


def failures(planter: Planter, apps: list[NeuronTuiApp], log: Path) -> list[str]:
    """What is wrong with how the planted faults were told, kept and logged."""
    written = log.read_text(encoding="utf-8")
    told = [fault.short for app in apps for fault in app.told]
    found = [f"{TEXT!r} is in the log"] if TEXT in written else []
    for place, kind in planter.failed.items():
        if not any(short.startswith(kind) for short in told):
            found.append(f"{place}: no message")
        if (times := written.count(f"{kind}: (")) != 1:
            found.append(f"{place}: {times} times in the log")
    return found


def build_runs(folder: Path) -> None:
    """The runs that the ways lead past."""
    build_run(folder / "whole")
    build_run(folder / "partial", finished=2, neurons=16)
    build_run(folder / "few", sequences=5, layers=1, neurons=16)


def main() -> int:
    """Go all ways several times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="there is no chance in it")
    arguments = parser.parse_args()
    begun, faults, bad = time.monotonic(), 0, 0
    for trial in range(arguments.times):
        with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
            folder = Path(place)
            for name in ("XDG_CACHE_HOME", "NEURON_TUI_STATE", "HF_HUB_CACHE"):
                patch.setenv(name, str(folder / name))
            patch.setenv("NEURON_TUI_CONFIG", str(folder / "config.toml"))
            build_runs(folder / "runs")
            with planted(patch) as planter:
                apps = [ways(folder, patch, in_the_list)]
                with at_work(folder / "runs" / "partial"):
                    apps.append(ways(folder, patch, beside_a_job))
                apps += [ways(folder, patch, way) for way in (in_a_form, in_a_run)]
            wrong = failures(planter, apps, folder / "log" / "neuron-tui.log")
            missed = sites("Latest", "in_thread", "set_interval") - set(planter.failed)
            shutil.rmtree(folder / "runs")
        faults += len(planter.failed)
        bad += len(wrong)
        print(*(f"trial {trial}: {one}" for one in wrong), sep="\n", end="\n" if wrong else "")
        print(f"trial {trial}: not reached: {', '.join(sorted(missed)) or 'nothing'}", flush=True)
    print(f"{faults:,} faults in workers and timers of the app: {bad:,} failed ({time.monotonic() - begun:.0f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
