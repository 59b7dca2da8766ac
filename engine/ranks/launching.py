"""All GPUs of one machine for one extraction: this process leads, and starts the others."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import torch

from neuron_tui.store.errors import InputError

ALL_GPUS = "cuda:all"
"""The device that stands for as many processes as there are GPUs."""

_PARENT = "NEURON_TUI_LEADER"
"""Names, in a process that was started here, the one that started it."""

_PR_SET_PDEATHSIG: Final = 1


def processes_of(device: str) -> int:
    """How many processes a device takes; raises InputError for all GPUs of a machine that has none."""
    if device != ALL_GPUS:
        return 1
    count = torch.cuda.device_count()
    if not count:
        raise InputError(f"--device {device}: this machine has 0 CUDA devices\nUse --device cpu.")
    return count


@contextmanager
def accompanied(device: str, arguments: Sequence[str]) -> Iterator[None]:
    """Start the processes that a device takes beside this one, and end them with the block.

    `arguments` of the engine's command start each of them. Raises InputError as `processes_of` does.
    """
    count = processes_of(device)
    if count == 1 or _PARENT in os.environ:
        yield
        return
    with started([sys.executable, "-m", "neuron_tui.engine", *arguments], count):
        yield


@contextmanager
def started(command: Sequence[str], count: int) -> Iterator[None]:
    """Make this process the first of `count`, the others being started by a command; they end with the block."""
    before = dict(os.environ)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    others: list[subprocess.Popen[bytes]] = []
    try:
        for rank in range(count):
            own = {name: str(value) for name, value in (meeting | {"RANK": rank, "LOCAL_RANK": rank}).items()}
            if rank == 0:
                os.environ.update(own)
            else:
                environment = before | own | {_PARENT: str(os.getpid())}
                # Of a group of their own: what is pressed at the terminal is for the leader.
                others.append(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, process_group=0))
        yield
        for other in others:
            other.wait()
    finally:
        for other in others:
            other.kill()
            other.wait()
        for name in (*meeting, "RANK", "LOCAL_RANK"):
            os.environ.pop(name, None)
            os.environ.update({name: before[name]} if name in before else {})


def end_with_the_leader() -> None:
    """In a process that another one started for its extraction: end when that one does, however it ends."""
    if _PARENT not in os.environ:
        return
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(os.environ[_PARENT]):  # it ended before that
        sys.exit(0)
