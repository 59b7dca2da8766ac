"""The processes of an extraction and how they talk: started by torchrun, or one alone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch

from neuron_tui.store.errors import NeuronTuiError, RunPartialError
from neuron_tui.store.process import UNUSABLE_INPUT, problem_of

_LONG = timedelta(days=30)
"""A pause may last; a process that is gone is noticed by its connection."""

_SHORT = timedelta(minutes=10)
"""For all to meet; and between GPUs, where a process that is gone is noticed only by this."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a process from going on, for the others: its message, its exit code, and where that was."""

    message: str
    code: int
    where: str


class ElsewhereError(NeuronTuiError):
    """Another process cannot go on, and says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.message}\n({problem.where})")
        self.exit_code = problem.code


class Ranks:
    """The processes of an extraction, `count` of them; this one is number `rank`, and number 0 leads.

    Alone, nothing is told to anybody. `begun`: whether the leader has told the others what there is to do.
    """

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count
        self.begun = False
        self._group: Any = None
        self._between_gpus: Any = None

    @property
    def leads(self) -> bool:
        """Whether this process tells the others what to do, and writes."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.count == 1

    @classmethod
    def joined(cls, device: torch.device) -> Ranks:
        """Meet the others, if torchrun's environment names any; returns when all are there."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls()
        import torch.distributed as distributed

        distributed.init_process_group("gloo", timeout=_SHORT)
        ranks = cls(distributed.get_rank(), count)
        ranks._group = distributed.new_group(backend="gloo", timeout=_LONG)
        if device.type == "cuda":
            torch.cuda.set_device(device)
            ranks._between_gpus = distributed.new_group(backend="nccl", timeout=_SHORT)
        return ranks

    def __enter__(self) -> Ranks:
        return self

    def __exit__(self, *_: object) -> None:
        """Part from the others."""
        if not self.alone:
            import torch.distributed as distributed

            distributed.destroy_process_group()

    def told(self, what: object = None) -> Any:  # noqa: ANN401 - whatever the leader tells
        """What the leader tells all; only the leader's argument counts. Raises RunPartialError if one is gone."""
        import torch.distributed as distributed

        parcel = [what]
        with self._gone_named():
            distributed.broadcast_object_list(parcel, src=0, group=self._group)
        return parcel[0]

    def heard(self, what: object) -> list[Any]:
        """What each of them says, by rank, to all of them. Raises RunPartialError if one is gone."""
        if self.alone:
            return [what]
        import torch.distributed as distributed

        said: list[Any] = [None] * self.count
        with self._gone_named():
            distributed.all_gather_object(said, what, group=self._group)
        return said

    def exchanged(self, parts: list[torch.Tensor], sizes: list[int]) -> list[torch.Tensor]:
        """Give part r (1-D) to rank r, and get from each one of a size; raises RunPartialError if one is gone."""
        import torch.distributed as distributed

        given = torch.cat(parts) if len(parts) > 1 else parts[0]
        got = given.new_empty(sum(sizes))
        group = self._between_gpus if given.device.type == "cuda" else self._group
        with self._gone_named():
            distributed.all_to_all_single(got, given, sizes, [part.numel() for part in parts], group=group)
        return list(torch.split(got, sizes))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Do something that all do: who cannot go on tells the others, and all end.

        Raises
        ------
        ElsewhereError
            Another one cannot go on.
        RunPartialError
            Another one is gone.
        """
        try:
            yield
        except (NeuronTuiError, torch.OutOfMemoryError) as error:
            self.heard(self.problem(error))
            raise
        for said in self.heard(None):
            if said is not None:
                raise ElsewhereError(said)

    def problem(self, error: BaseException) -> Problem:
        """An error in the words for the others."""
        return Problem(problem_of(error), getattr(error, "exit_code", UNUSABLE_INPUT), self._where())

    def _where(self) -> str:
        return f"process {self.rank} of {self.count} on {socket.gethostname()}"

    @contextmanager
    def _gone_named(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # gloo: the connection was closed; NCCL: it took too long
            raise RunPartialError(
                f"one of the {self.count} processes of this extraction ended before its time\n"
                "Finished layers are kept: run the same command again, with as many processes as you like."
            ) from error
