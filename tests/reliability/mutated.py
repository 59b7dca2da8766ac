"""Mutated runs, read by the library, the commands and the app: `python -m tests.reliability.mutated --times 10000`.

Of each mutated run it is judged that no process died or hung, that none took a gigabyte or met a fault of ours, that
nothing outside the run was read or written, and that a command that says nothing of damage says what it says of the
sound run.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from tests.hostile import acting
from tests.reliability import hostile_run, strange_files
from tests.reliability.hostile_run_of_a_model import build_with_model
from tests.reliability.limited import GIB, SECONDS, Ended, Step, Tell, run_limited
from tests.reliability.probes import (
    COMMANDS,
    ENGINE_COMMANDS,
    EXPLORED,
    LIBRARY,
    LISTED,
    app_step,
    command_step,
    library_step,
    set_up_home,
)

APP_SHARE, COMMANDS_EACH, LIBRARY_EACH = 0.015, 1, 2
"""Of how many trials the app is a part, and how many commands and ways through the library each takes by chance."""

NOT_MADE = "not made"
"""Of a trial whose mutation the files did not allow."""

_BYTES = ("bytes of HDF5", "bytes of other files")
_CHANGING = ("note demo 1:3", "notes import", "unpack", "app", "ablate", "analyze", "mend demo")
"""Steps after which others rightly tell something else."""

_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Readings:
    """What is made, and in which ways it is read."""

    commands: tuple[tuple[str, ...], ...] = COMMANDS
    library: tuple[str, ...] = tuple(LIBRARY)
    with_app: bool = True
    build: Callable[[Path], None] = hostile_run.build_template


EVERY = Readings()
OF_A_MODEL = Readings(ENGINE_COMMANDS, ("check", "notes", "summaries"), with_app=False, build=build_with_model)
"""Through the commands that take the model. It has too many neurons to read each in every way."""


@dataclass(slots=True)
class Trial:
    """One mutated run and what came of it. `wrong` names what must not be; `silent` steps that say something else."""

    seed: int
    kind: str = ""
    path: str = ""
    done: str = ""
    wrong: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    steps: int = 0
    codes: Counter[int] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.kind}, {self.path}, {self.done}"


class Campaign:
    """Trials in a folder of their own, all below one path, so that no text differs by it."""

    def __init__(self, folder: Path, how: Readings) -> None:
        self._commands, self._library, self._with_app = how.commands, how.library, how.with_app
        self._template, self._here = folder / "template", folder / "trial"
        self._log = folder / "stack"
        self._sound: dict[str, Step] = {}
        how.build(self._template)
        shutil.copytree(self._template, self._here)
        os.chdir(self._here)
        set_up_home()
        hostile_run.remember()
        shutil.copytree("state", self._template / "state")

    def _run(self, work: object, *, memory: int = GIB) -> Ended:
        self._afresh()
        self._log.unlink(missing_ok=True)
        return run_limited(work, self._log, memory=memory)  # type: ignore[arg-type]

    def _afresh(self) -> None:
        os.chdir("/")
        _force_removal(self._here)
        shutil.copytree(self._template, self._here, symlinks=True)
        os.chdir(self._here)

    def warm_up(self) -> None:
        """Have everything imported that a trial needs: what each step says of the sound run is what it is to say."""
        for name in (*self._library, *self._commands):
            self._afresh()
            step = _step(name, lambda _: None)
            self._sound[step.name] = step
        if self._with_app:
            app_step(lambda _: None)
        from neuron_tui.store.disk.open_files import close_files

        close_files(Path("runs").absolute())
        close_files(Path("runs"))
        gc.collect()
        gc.freeze()  # what children would else copy when their collector looks at it

    def trial(self, seed: int, only: str | None = None) -> Trial:
        """Mutate the run and read it in every way, or by chance in some."""
        rng = random.Random(seed)
        with_app = rng.random() < APP_SHARE and self._with_app
        chosen = [*rng.sample(self._commands, COMMANDS_EACH), *rng.sample(self._library, LIBRARY_EACH)]
        trial, before = Trial(seed), ""

        def work(begin: object, tell: Tell) -> None:
            begin("mutation")  # type: ignore[operator]
            kind, path, done = hostile_run.mutate(rng, only)
            tell(Step("mutation", 0, f"{kind}\n{path}\n{done}", hostile_run.outside_now(), 0, 0))
            if strange_files.UNREADABLE in done and kind == "files that are none":
                _become_nobody()
            order = [*([None] if with_app else []), *chosen]
            rng.shuffle(order)
            for name in order:
                tell(app_step(begin, rng) if name is None else _step(name, begin))  # type: ignore[arg-type]

        with_engine = not set(chosen).isdisjoint(ENGINE_COMMANDS)
        ended = self._run(work, memory=GIB * (4 if with_app or with_engine else 1))
        mutation, *steps = ended.steps or [Step("mutation", 0, "none\n\n", "", 0, 0)]
        trial.kind, trial.path, trial.done = mutation.out.split("\n", 2)
        before = mutation.err
        if ended.begun == "mutation":
            trial.kind = NOT_MADE
            return trial
        if ended.fate:
            trial.wrong.append(f"{ended.fate} at {ended.begun or 'the end'}\n{ended.stack[:6000]}")
        if hostile_run.outside_now() != before and not trial.wrong:
            trial.wrong.append("something outside the run was changed")
        changed = False
        for step in steps:
            trial.steps += 1
            trial.codes[step.code] += 1
            trial.wrong += [f"{step.name}: {why}" for why in self._faults(step)]
            if trial.kind in _BYTES and not changed and self._is_silent(step):
                trial.silent.append(step.name)
            changed = changed or step.name.startswith(_CHANGING)
        return trial

    def _faults(self, step: Step) -> Iterator[str]:
        if step.code not in (0, 2, 3, 4, 130):
            yield f"code {step.code}\n{step.err[-3000:]}"
        if step.memory > GIB:
            yield f"took {step.memory / GIB:.2f} GiB"
        if any(words in step.err for words in ("Unable to allocate", "MemoryError", "llocation failed", "t allocate")):
            yield f"asked for more than a gibibyte: {step.err[:500]}"
        if step.seconds > SECONDS and step.name != "app":  # whose keys are steps of their own
            yield f"took {step.seconds:.1f} s"
        if hostile_run.CANARY in step.out + step.err or str(hostile_run.CANARY_NUMBER) in step.out.replace(",", ""):
            yield f"read what lies outside the run\n{step.err[:500]}"
        if step.name != "app" and acting(step.err):
            yield f"wrote what acts on a terminal: {acting(step.err)}"

    def _is_silent(self, step: Step) -> bool:
        """Whether a step ended as with the sound run, said nothing of damage, and yet told something else."""
        sound = self._sound.get(step.name)
        if sound is None or step.code or step.err != sound.err or '"damaged"' in step.out or " damaged" in step.out:
            return False
        return _without_size(step.out) != _without_size(sound.out)


def _without_size(text: str) -> str:
    """A list of runs without the bytes that each takes, which a change of length changes."""
    return re.sub(r"'complete', \d+|\"bytes\": \d+| *[\d.]+ [kM]?B\b| +size$", "", text, flags=re.MULTILINE)


def _step(name: object, begin: object) -> Step:
    if isinstance(name, tuple):
        return command_step(name, begin)  # type: ignore[arg-type]
    return library_step(str(name), begin)  # type: ignore[arg-type]


def _become_nobody() -> None:
    """Lay down the rights of root, to whom nothing is unreadable."""
    if os.getuid() == 0:
        for folder, below, names in os.walk("."):
            for one in (folder, *(f"{folder}/{name}" for name in (*below, *names))):
                os.chown(one, _NOBODY, _NOBODY, follow_symlinks=False)
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _force_removal(folder: Path) -> None:
    if folder.exists():
        for one, _, _ in os.walk(folder):
            Path(one).chmod(0o700)
        shutil.rmtree(folder)


@dataclass(slots=True)
class Tally:
    """Trials by kind, those that failed, and those that said something else without a word."""

    trials: Counter[str] = field(default_factory=Counter)
    failed: dict[str, list[Trial]] = field(default_factory=dict)
    silent: dict[str, list[Trial]] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)
    steps: int = 0

    def add(self, trial: Trial) -> None:
        """Count a trial."""
        self.trials[trial.kind] += 1
        self.steps += trial.steps
        self.codes += trial.codes
        if trial.wrong:
            self.failed.setdefault(trial.kind, []).append(trial)
        if trial.silent:
            self.silent.setdefault(f"{trial.kind}: {Path(trial.path).name}", []).append(trial)

    def lines(self) -> Iterator[str]:
        """The tally by kind, then in one line."""
        for kind, count in sorted(self.trials.items()):
            yield f"  {kind}: {count:,}, failed {len(self.failed.get(kind, ()))}"
        for name, trials in sorted(self.silent.items()):
            seeds = " ".join(str(trial.seed) for trial in trials[:12])
            yield f"  said something else without a word: {name}: {len(trials)} (seeds {seeds})"
        yield f"  exit codes of {self.steps:,} readings: " + ", ".join(
            f"{c} {n:,}" for c, n in sorted(self.codes.items())
        )
        bad = [trial.seed for trials in self.failed.values() for trial in trials]
        named = f"; seeds {' '.join(map(str, bad[:100]))}" if bad else ""
        yield f"{self.trials.total() - self.trials[NOT_MADE]:,} mutated runs: {len(bad)} failed{named}"


def run_trials(
    times: int,
    seed: int,
    folder: Path,
    *,
    tell: bool = False,
    only: str | None = None,
    how: Readings = EVERY,
) -> Tally:
    """Make so many trials, with seeds from `seed` on, of mutations of one kind or of all."""
    here = Path.cwd()
    try:
        campaign = Campaign(folder, how)
        campaign.warm_up()
        tally, seen = Tally(), Counter[str]()
        for number in range(seed, seed + times):
            try:
                trial = campaign.trial(number, only)
            except KeyboardInterrupt:  # the tally of those before it is told
                break
            tally.add(trial)
            for wrong in trial.wrong:
                key = wrong.strip().splitlines()[-1][:100]
                seen[key] += 1
                if tell and seen[key] <= 2:
                    print(f"{trial}\n    " + wrong.replace("\n", "\n    "), flush=True)
            if tell and trial.silent:
                print(f"{trial}: silent: {', '.join(trial.silent)[:300]}", flush=True)
            if tell and (number - seed) % 250 == 249:
                print(f"[{time.strftime('%H:%M:%S')}] {number - seed + 1} done", file=sys.stderr, flush=True)
        return tally
    finally:
        os.chdir(here)


def main() -> int:
    """Run the campaign and print its tally."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=10_000)
    parser.add_argument("--only", choices=hostile_run.KINDS, help="mutations of one kind")
    parser.add_argument("--engine", action="store_true", help="runs of a model, through the commands that take it")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    how = OF_A_MODEL if given.engine else EVERY
    started = time.monotonic()
    folder = Path(mkdtemp(prefix="mutated-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    folder.chmod(0o755)  # for nobody, who some trials are
    try:
        tally = run_trials(given.times, given.seed, folder, tell=True, only=given.only, how=how)
    finally:
        os.chdir("/")
        _force_removal(folder)
    print(
        f"{len(how.commands)} commands, {len(how.library)} ways through the library,",
        f"{len(LISTED) + len(EXPLORED) if how.with_app else 0} screens of the app;",
        end=" ",
    )
    print(f"{time.monotonic() - started:.0f} s")
    print("\n".join(tally.lines()))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
