"""An operation on its stage: the world that it begins with, its steps, and the world that it is to end in."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.reliability.failing_disk import watch
from tests.reliability.operations import Operation, World, settle_in
from tests.reliability.trials import forked, found_by, fresh
from tests.reliability.worlds import contents, problems_of


class Stage:
    """One operation in a folder of its own; `seconds` is how long it takes undisturbed, at best."""

    def __init__(self, operation: Operation, folder: Path, times: int = 1) -> None:
        """Do it so many times undisturbed."""
        self.operation, self.folder, self.said = operation, folder, folder / "said"
        folder.mkdir(parents=True)
        self.template, self.world = folder / "template", folder / "world"
        self.template.mkdir()
        self._require(partial(operation.prepare, self.template), self.template)
        self.seconds = math.inf
        for _ in range(times):
            self.set_up()
            self._require(self._act_and_count, self.world)
            self.seconds = min(self.seconds, float(json.loads((folder / "seconds").read_text())))
        self.steps: list[tuple[str, str]] = [tuple(step) for step in json.loads((folder / "steps").read_text())]
        self._require(partial(operation.finish, self.world), self.world)
        self.before, self.wanted = contents(self.template), contents(self.world)

    def set_up(self) -> None:
        """Have the world be as it is before."""
        fresh(self.template, self.world)

    def inside(self, act: Callable[[World], object]) -> Callable[[], object]:
        """Something to do in the world, in a process of its own."""

        def acting() -> None:
            settle_in(self.world)
            act(self.world)

        return acting

    def problems(self) -> list[str]:
        """What is wrong with the world as it is now, and once it is done again."""
        return found_by(self._look, self.folder)

    def words(self) -> str:
        """The end of what the process said that did it."""
        return self.said.read_text(errors="replace")[-2000:]

    def _look(self) -> list[str]:
        settle_in(self.world)
        return problems_of(self.operation, self.world, self.before, self.wanted)

    def _act_and_count(self) -> None:
        steps, begin = watch(), time.monotonic()
        self.operation.act(self.world)
        (self.folder / "seconds").write_text(str(time.monotonic() - begin))
        (self.folder / "steps").write_text(json.dumps(steps))

    def _require(self, work: Callable[[], object], world: Path) -> None:
        def settled() -> None:
            settle_in(world)
            work()

        code = forked(settled, self.said)
        assert code == 0, f"{self.operation.name}: {self.words()}"


class Stages:
    """The stages of some operations, each made when it is asked for."""

    def __init__(self, operations: tuple[Operation, ...], folder: Path, times: int = 1) -> None:
        self._operations, self._folder, self._times = {one.name: one for one in operations}, folder, times
        self._made: dict[str, Stage] = {}

    @property
    def names(self) -> list[str]:
        """What the operations are called."""
        return list(self._operations)

    def __getitem__(self, name: str) -> Stage:
        if name not in self._made:
            folder = self._folder / name.replace(" ", "-").replace(",", "")
            self._made[name] = Stage(self._operations[name], folder, self._times)
        return self._made[name]
