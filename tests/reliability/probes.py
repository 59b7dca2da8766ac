"""Everything that reads a run: the library, the commands, the app; each as a step that ends with a code and a text."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.errors import NeuronTuiError, RunDamagedError
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.neurons.causal_table import causal_table
from neuron_tui.store.neurons.firing import firing_on
from neuron_tui.store.neurons.opened import open_for_browsing
from neuron_tui.store.neurons.query_completion import completions
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.process import say
from neuron_tui.store.runs.catalog import list_runs, summarise
from neuron_tui.store.runs.job import log_tail
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.cli.main import main
from neuron_tui.tui.config import read_config
from neuron_tui.tui.remembered.saved_filters import read_filters
from neuron_tui.tui.remembered.session import read_session
from tests.hostile import acting
from tests.reliability.limited import Step, catching, highest, resident

RUNS = Path("runs")
"""Runs lie there below the folder that a trial is in, so that no path in a message differs between two trials."""

RUN, VARIANT, OTHER = "demo", "demo@loose", "other"

Probe = Callable[[], str]


def _records(name: str = RUN) -> str:
    run = open_run(name, RUNS)
    return json.dumps([record.to_dict() for layer in run.layers.values() for record in layer.records()])


def _contexts() -> str:
    run, told = open_run(RUN, RUNS), []
    for layer in run.layers.values():
        every = np.arange(layer.neurons)
        told += [layer.contexts_of(every), layer.contexts_of(every, kind="highest"), layer.contexts_of(every, 60, 60)]
        told += [layer.frequencies(every).tolist(), layer.keeps_activations]
        record = layer.neuron(2)
        told += [layer.contexts_on(2, trigger.ids) for trigger in record.triggers[1].top[:2]]
    return repr(told)


def _browsing() -> str:
    opened = open_for_browsing(RUNS / RUN)
    told: list[Any] = [opened.state]
    for n in (1, 2, 3):
        opened.load_triggers(n)
        told += [opened.first_trigger(row, n) for row in range(len(opened.table))]
        told += [opened.trigger_keys(n).tolist()]
    grams = opened.run.corpus.grams(1).ids
    told += [repr(firing_on(opened.run, tuple(ids))) for ids in grams[:40:10].tolist()]
    return repr(told)


def _summaries() -> str:
    every = [summarise(RUNS / RUN), *list_runs(RUNS)]
    if damage := [run.problem for run in every if run.problem]:
        raise RunDamagedError(damage[0])
    return repr([(run.name, run.state, run.size, run.job) for run in every])


def _aggregates() -> str:
    run = open_run(RUN, RUNS)
    return repr(aggregates_of(run)) + json.dumps(run_info(run))


def _notes() -> str:
    run = open_run(RUN, RUNS)
    return repr([note.to_line() for note in run.notes.kept]) + repr(causal_table(run).records)


def _checked() -> str:
    problems = check_run(RUNS / RUN)
    if any(problem.severity == "error" for problem in problems):
        raise RunDamagedError(repr(problems))
    return repr(problems)


def _remembered() -> str:
    session = read_session(RUNS / RUN, open_run(RUN, RUNS).manifest)
    return repr((read_filters(), session, read_config(), log_tail(RUNS / RUN)))


def _completions() -> str:
    thresholds = Run(RUNS / RUN).manifest.thresholds
    return repr([completions(text, len(text), thresholds) for text in ("", "ty", "type:t", "layer:0 m")])


LIBRARY: dict[str, Probe] = {
    **{"records": _records, "records of the variant": lambda: _records(VARIANT), "contexts": _contexts},
    **{"browsing": _browsing, "summaries": _summaries, "aggregates": _aggregates, "notes": _notes},
    **{"check": _checked, "remembered": _remembered, "completions": _completions},
}


def _commands() -> Iterator[tuple[str, ...]]:
    yield from (("runs",), ("runs", "--json"), ("job", RUN), ("job", RUN, "--json"))
    yield from (("info", RUN), ("info", RUN, "--json"), ("info", VARIANT), ("check", RUN), ("check", RUN, "--json"))
    for format_ in ("md", "html", "json", "csv", "parquet", "neuronpedia"):
        yield "export", RUN, "--all", "--format", format_
    yield "export", RUN, "--all", "--format", "jsonl", "--contexts"
    yield "export", VARIANT, "--where", "type:token", "--format", "md"
    yield "export", RUN, "--where", 'trigger:" the" label:* mi>0', "--format", "json"
    for format_ in ("table", "json", "csv", "chart", "txt"):
        yield "figures", RUN, OTHER, "--format", format_
    yield from (("figures", VARIANT), ("figures", RUN, "--figure", "9", "--format", "svg"))
    yield from (("paper", RUN), ("paper", RUN, OTHER, "--format", "json"), ("paper", RUN, "--format", "md"))
    yield from (("find", RUN, "--text", " the of"), ("find", RUN, "--text", " the", "--json"))
    for by in ("triggers", "position", "activity"):
        yield "similar", RUN, "0:2", "--by", by, "--in", OTHER, "--json", "--permutations", "9"
    yield "similar", OTHER, "0:2", "--by", "triggers", "--in", RUN, "--permutations", "0"
    yield "universal", RUN, OTHER, "--by", "triggers", "--permutations", "2"
    yield from (("compare", RUN, OTHER), ("compare", RUN, OTHER, "--tokens", "--format", "json"))
    yield from (("compare", RUN, VARIANT, "--format", "json"), ("compare", OTHER, RUN, "--format", "csv"))
    yield from (("note", RUN, "0:2"), ("note", RUN, "0:2", "--json"), ("notes", "export", RUN))
    yield "note", RUN, "1:3", "--label", "new", "--author", "me"
    yield "notes", "import", RUN, "brought.jsonl"
    yield "pack", RUN, "--output", "-"
    yield "unpack", "demo.tar", "--name", "unpacked"


COMMANDS = tuple(_commands())

ENGINE_COMMANDS = (
    ("prompt", RUN, "--text", "The theory of respect", "--ablate", "0:22", "--top", "3", "--at", "2"),
    ("prompt", RUN, "--text", "the weather", "--where", "mi>0.01", "--json"),
    ("ablate", RUN, "--neuron", "0:22", "--contexts", "3", "--again"),
    ("ablate", RUN, "--where", "type:token layer:1", "--contexts", "2", "--mean", "--together", "--json"),
    ("analyze", RUN, "--name", "again", "--coverage", "0.9"),
    ("mend", RUN, "--dry-run", "--json"),
    ("mend", RUN),
)
"""Those that take a run's model."""

OPENING = ("enter", "down", "n")
LISTED = (
    *(("R", "escape"), ("L", "g", "G", "escape"), ("v", "escape"), ("f", "right", "escape"), ("c", "escape")),
    *(("d", "escape"), ("p", "escape"), ("m", "down", "m", "c", "escape"), ("r",), ("?", "escape"), ("e", "escape")),
)
EXPLORED = (
    *(("2", "3", "1", "a", "s", "escape"), ("enter", "down", "f", "d", "z", ".", "w", "escape"), ("i", "?", "escape")),
    *(("S", "left", "left", "down", "escape"), ("W", *"the", "enter", "down", "escape"), ("Z", "down", "escape")),
    *(
        ("N", "escape", "escape"),
        ("R", "escape", "escape"),
        ("T", "right", "escape"),
        ("F", "right", "right", "escape"),
    ),
    *(
        ("C", "down", "escape"),
        ("V", "escape"),
        ("A", "escape"),
        ("m", "x", "ctrl+t", "ctrl+t", "escape"),
        ("U", "*", "o"),
    ),
    *((":", *"1:3", "enter", "p"), ("slash", *"mi>0", "enter"), ("X", "escape"), ("r", "[", "]")),
)
"""Screens by the keys that lead there and back: of the list of runs, of the explorer."""


def library_step(name: str, begin: Callable[[str], None]) -> Step:
    """Read a run through the library."""
    return _stepped(name, begin, lambda: _as_command(LIBRARY[name]))


def command_step(arguments: tuple[str, ...], begin: Callable[[str], None]) -> Step:
    """Run a command as a person does, in this process."""

    def run() -> int:
        sys.argv = ["neuron-tui", *arguments, "--runs-dir", str(RUNS)]
        if arguments in ENGINE_COMMANDS:  # which the program would put in its own place
            from neuron_tui.engine.command import main as run_command
        else:
            run_command = main
        if arguments[0] == "unpack":
            _pack_what_is_there()
        try:
            run_command()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
        return 0

    return _stepped(" ".join(arguments), begin, run)


def _pack_what_is_there() -> None:
    from neuron_tui.store.archive.packing import packing

    try:
        with packing(RUNS / RUN) as ready, Path("demo.tar").open("wb") as file:
            ready.write(file)
    except (NeuronTuiError, OSError):
        Path("demo.tar").write_bytes(b"")


def app_step(begin: Callable[[str], None], rng: random.Random | None = None) -> Step:
    """Walk through the app, looking at each screen that comes: at all there are, or at some by chance."""
    listed, explored = (LISTED, EXPLORED) if rng is None else (rng.sample(LISTED, 2), rng.sample(EXPLORED, 4))
    keys = [key for part in (*listed, OPENING, *explored, ("q", "q")) for key in part]

    def walk() -> int:
        print("\n".join(asyncio.run(_walk(keys, begin))))
        return 0

    return _stepped("app", begin, lambda: _guarded(walk))


async def _walk(keys: list[str], begin: Callable[[str], None]) -> list[str]:
    from tests.tui.driving import Person

    app = NeuronTuiApp(RUNS)
    seen = []
    async with app.run_test(size=(110, 32), notifications=True) as pilot:
        person = Person(pilot, app)
        for place, key in enumerate(keys):
            begin(f"app, after {' '.join(keys[max(0, place - 6) : place])}: {key}")
            await person.press(key)
            for _ in range(200):
                if app.idle:
                    break
                await asyncio.sleep(0.005)
            screen = person.screen()
            seen.append(screen)
            if wrong := acting(screen):
                raise AssertionError(f"on the screen after {key}: {wrong}")
            if app.leaving:
                break
    return seen


def _as_command(probe: Probe) -> int:
    return _guarded(lambda: print(probe()) or 0)


def _guarded(work: Callable[[], int]) -> int:
    try:
        return work()
    except NeuronTuiError as error:
        say(str(error))  # as commands tell it
        return error.exit_code
    except BaseException:
        print(traceback.format_exc(), file=sys.stderr)
        return 1


def _stepped(name: str, begin: Callable[[str], None], work: Callable[[], int]) -> Step:
    begin(name)
    started, memory = time.process_time(), resident()
    with catching() as caught:
        code = work()
        out, err = caught()
    log = Path(os.environ["XDG_STATE_HOME"]) / "neuron-tui" / "log" / "neuron-tui.log"
    if code == 1 and log.exists():
        err += log.read_text(errors="replace")
    return Step(name, code, out, err, time.process_time() - started, highest() - memory)


def set_up_home() -> None:
    """Keep all that is a person's own in the folder that the trial is in."""
    for name, place in (("XDG_STATE_HOME", "state-home"), ("XDG_CACHE_HOME", "cache"), ("NEURON_TUI_STATE", "state")):
        os.environ[name] = str(Path(place).absolute())
    os.environ["NEURON_TUI_CONFIG"] = "config.toml"
    os.environ["COLUMNS"] = "120"
