"""Several processes give the files that one gives, and end together when one of them ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from neuron_tui.engine.command import app
from neuron_tui.engine.extraction import extract
from neuron_tui.engine.model.forward import Batch, batches
from neuron_tui.engine.ranks.launching import started as started_beside
from neuron_tui.engine.ranks.shares import RowShare, share_of_batches, stretch_of
from neuron_tui.store.runs.manifest import MANIFEST, read_manifest

from .cases import FAMILY, Case, build, request, three_domains, two_domains
from .checkpoints import Shape
from .test_by_tensors import datasets

CASES = {
    "three words of neurons": Case(
        Shape(layers=2, width=16, heads=2, neurons=140, context=24), "fast", 300, three_domains
    ),
    "less text than a window": FAMILY["less text than a window"],
    "in files": Case(Shape(layers=3, width=16, heads=2, neurons=129, context=24), "fast", 300, two_domains),
}


def environment(rank: int, count: int, port: int) -> dict[str, str]:
    """What torchrun sets."""
    own = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    return (
        os.environ
        | {name: str(value) for name, value in own.items()}
        | {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "OMP_NUM_THREADS": "1",
        }
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def extracting(own: dict[str, str], arguments: list[str], said: Path) -> None:
    """The body of a process: the command, with what it says in a file."""
    os.environ.update(own)
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        app(["extract", *arguments], prog_name="neuron-tui")


FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["neuron_tui.engine.ranks.following", "neuron_tui.engine.extraction"])
"""Imports are made once for all the processes of these tests."""


class Processes:
    """The processes of an extraction, each with what it says in a file."""

    def __init__(self, arguments: list[list[str]], said: Path) -> None:
        port, count = free_port(), len(arguments)
        self._files = [said / f"said-{rank}.txt" for rank in range(count)]
        self._running = [
            FORKING.Process(target=extracting, args=(environment(rank, count, port), own, file))
            for rank, (own, file) in enumerate(zip(arguments, self._files, strict=True))
        ]
        for process in self._running:
            process.start()

    def ended(self) -> list[int | None]:
        """Wait for the end; the exit codes."""
        for process in self._running:
            process.join(timeout=120)
        return [process.exitcode for process in self._running]

    def said(self, rank: int) -> str:
        return self._files[rank].read_text()

    def send(self, rank: int, number: int, moment: Callable[[], bool]) -> None:
        """Send a signal to one when a moment has come."""
        while not moment():
            assert self._running[0].is_alive(), self.said(0)
            self._running[rank].join(timeout=0.001)
        pid = self._running[rank].pid
        assert pid is not None
        os.kill(pid, number)

    def kill(self) -> None:
        for process in self._running:
            process.kill()
            process.join()
            process.close()


@contextmanager
def started(arguments: list[list[str]], said: Path) -> Iterator[Processes]:
    with ExitStack() as ending:
        processes = Processes(arguments, said)
        ending.callback(processes.kill)
        yield processes


def command(model: Path, corpus: tuple[str, ...], runs: Path, *more: str) -> list[str]:
    sources = [part for source in corpus for part in ("--corpus", source)]
    return [str(model), *sources, "--name", "x", "--device", "cpu", "--runs-dir", str(runs), *more]


def contents(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.name: datasets(path) for path in sorted((folder / "layers").iterdir())}


def assert_same(found: Path, expected: Path) -> None:
    files, others = contents(found), contents(expected)
    assert files.keys() == others.keys()
    for name, values in others.items():
        assert files[name].keys() == values.keys()
        for key, value in values.items():
            assert files[name][key].tobytes() == value.tobytes(), f"{name} {key}"


@pytest.mark.parametrize(
    ("name", "count"), [("three words of neurons", 3), ("less text than a window", 2), ("in files", 3)]
)
def test_files_are_those_of_one_process(name: str, count: int, tmp_path: Path) -> None:
    case = CASES[name]
    corpus = build(case, tmp_path)
    batch_tokens = 4 * case.shape.context
    asked = request(case, tmp_path, corpus, tmp_path / "one", keep_activations="always", batch_tokens=batch_tokens)
    one = extract(asked)
    more = ("--keep-activations", "always", "--batch-tokens", str(batch_tokens))
    if name == "in files":
        more += ("--memory", "1")
    with started([command(tmp_path, corpus, tmp_path / "runs", *more)] * count, tmp_path) as processes:
        assert processes.ended() == [0] * count, processes.said(0)
    assert_same(tmp_path / "runs" / "x", one)
    assert all(not processes.said(rank) for rank in range(1, count))
    assert f"{count} processes share the text and the neurons." in processes.said(0)
    assert not (tmp_path / "runs" / "x" / "scratch").exists()


SLOW = Case(Shape(layers=9, width=32, heads=2, neurons=64, context=64), "fast", 300, two_domains)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...], Path]:
    folder = tmp_path_factory.mktemp("slow")
    corpus = build(SLOW, folder)
    return folder, corpus, extract(request(SLOW, folder, corpus, folder / "runs"))


def has_finished(runs: Path, layers: int) -> Callable[[], bool]:
    manifest = runs / "x" / MANIFEST
    return lambda: manifest.exists() and len(read_manifest(runs / "x").layers) >= layers


def test_where_one_is_killed_all_end_and_one_alone_can_go_on(slow: Any, tmp_path: Path) -> None:
    model, corpus, undisturbed = slow
    with started([command(model, corpus, tmp_path)] * 2, tmp_path) as processes:
        processes.send(1, signal.SIGKILL, has_finished(tmp_path, 1))
        assert processes.ended() == [4, -signal.SIGKILL], processes.said(0)
    assert "one of the 2 processes of this extraction ended before its time" in processes.said(0)
    assert "run the same command again, with as many processes as you like" in processes.said(0)
    assert "Traceback" not in processes.said(0) + processes.said(1)
    assert 1 <= len(read_manifest(tmp_path / "x").layers) < 9
    extract(request(SLOW, model, corpus, tmp_path))
    assert_same(tmp_path / "x", undisturbed)


def test_an_interruption_ends_all_and_keeps_what_is_finished(slow: Any, tmp_path: Path) -> None:
    model, corpus, _ = slow
    with started([command(model, corpus, tmp_path)] * 2, tmp_path) as processes:
        processes.send(0, signal.SIGINT, has_finished(tmp_path, 1))
        codes = processes.ended()
    assert codes[0] == 130, processes.said(0)
    assert codes[1] in (4, 130)
    assert "interrupted" in processes.said(0)
    assert read_manifest(tmp_path / "x").layers


def test_what_the_leader_refuses_ends_all_with_its_code(slow: Any, tmp_path: Path) -> None:
    model, corpus, _ = slow
    refused = command(model, corpus, tmp_path, "--context-length", "1000")
    with started([refused] * 2, tmp_path) as processes:
        assert processes.ended() == [3, 3]
    assert "--context-length 1,000 is over the model's 64" in processes.said(0)
    assert not processes.said(1)


def test_a_finished_run_is_nothing_to_do_for_any(slow: Any, tmp_path: Path) -> None:
    model, corpus, undisturbed = slow
    with started([command(model, corpus, undisturbed.parent)] * 2, tmp_path) as processes:
        assert processes.ended() == [0, 0]
    assert "nothing to do" in processes.said(0)


def test_what_another_process_cannot_do_is_said_by_the_leader(slow: Any, tmp_path: Path) -> None:
    model, corpus, _ = slow
    elsewhere = command(tmp_path / "not-there", corpus, tmp_path / "runs")
    with started([command(model, corpus, tmp_path / "runs"), elsewhere], tmp_path) as processes:
        assert processes.ended() == [3, 3]
    assert "not-there" in processes.said(0)
    assert "(process 1 of 2 on " in processes.said(0)
    assert not processes.said(1)


def launching(model: str, corpus: tuple[str, ...], runs: str, said: Path) -> None:
    """The body of a process that starts the other one itself, as for all GPUs of a machine."""
    with said.open("w") as file:
        os.dup2(file.fileno(), 2)
        os.environ["OMP_NUM_THREADS"] = "1"
        arguments = command(Path(model), corpus, Path(runs))
        with started_beside([sys.executable, "-m", "neuron_tui.engine", "extract", *arguments], 2):
            app(["extract", *arguments], prog_name="neuron-tui")


@pytest.mark.parametrize("killed", [False, True])
def test_a_process_starts_the_others_and_they_end_with_it(killed: bool, slow: Any, tmp_path: Path) -> None:
    model, corpus, undisturbed = slow
    leader = FORKING.Process(target=launching, args=(str(model), corpus, str(tmp_path), tmp_path / "said.txt"))
    leader.start()
    try:
        if killed:
            while not has_finished(tmp_path, 1)():
                assert leader.is_alive(), (tmp_path / "said.txt").read_text()
                leader.join(timeout=0.001)
            (other,) = children_of(leader.pid)
            leader.kill()
            while Path(f"/proc/{other}").exists() and "Z" not in state_of(other):
                leader.join(timeout=0.01)
            return
        leader.join(timeout=120)
        assert leader.exitcode == 0, (tmp_path / "said.txt").read_text()
        assert "2 processes share the text and the neurons." in (tmp_path / "said.txt").read_text()
        assert_same(tmp_path / "x", undisturbed)
    finally:
        leader.kill()
        leader.join()
        leader.close()


def children_of(pid: int | None) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_all_gpus_of_a_machine_without_any_are_refused(slow: Any, tmp_path: Path) -> None:
    model, corpus, _ = slow
    done = CliRunner().invoke(app, ["extract", *command(model, corpus, tmp_path), "--device", "cuda:all"])
    assert done.exit_code == 3
    assert "--device cuda:all: this machine has 0 CUDA devices" in done.stderr


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_every_batch_and_every_row_has_one_who_takes_it(count: int) -> None:
    cut = [Batch(start, 1, 10) for start in range(0, 100, 10)] + batches_of_two()
    shares = [share_of_batches(cut, count, rank) for rank in range(count)]
    assert [batch for share in shares for batch in share] == cut
    assert max(sum(batch.tokens for batch in share) for share in shares) <= 140 / count + 20
    for rows in (1, 64, 65, 1000):
        of_rows = [RowShare.of(rows, count, rank) for rank in range(count)]
        assert [row for share in of_rows for row in range(rows)[share.rows]] == list(range(rows))
        assert max(share.words for share in of_rows) - min(share.words for share in of_rows) <= 1
    assert len(stretch_of([])) == 0


def batches_of_two() -> list[Batch]:
    return [Batch(100 + batch.start, batch.sequences, batch.length) for batch in batches(np.array([0, 10, 20, 40]), 20)]
