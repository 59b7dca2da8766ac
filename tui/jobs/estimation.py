"""What an extraction will take, asked of the engine before it starts."""

from __future__ import annotations

import atexit
import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import Literal, cast, get_args
from weakref import WeakSet

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from neuron_tui.tui.jobs.engine_process import engine_command

Option = Literal[
    "model", "corpus", "tokens", "context-length", "layers", "device", "dtype", "batch-tokens", "memory", "name"
]
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Estimated:
    """What an extraction will take.

    `seconds` by a timed probe; `tokens` are counted ones, `positions` all; bytes are peaks of memory here and on the
    device, what the run will take on disk, what scratch files take meanwhile, and what is free there now. `model` is
    its name, `layers` how many will be extracted of `neurons` each, `context_length` T. `domains` are names with their
    counted tokens and documents. `at_most` says that the text was not read to the end: it may hold less.
    """

    seconds: float
    tokens: int
    positions: int
    host_bytes: int
    device_bytes: int
    disk_bytes: int
    scratch_bytes: int
    disk_free: int
    device: str
    dtype: str
    model: str
    layers: int
    neurons: int
    context_length: int
    domains: tuple[tuple[str, int, int], ...]
    at_most: bool = False


@dataclass(frozen=True, slots=True, config=_STRICT)
class Refused:
    """Why an extraction would not start; `field` is the option to look at, if it is one."""

    field: Option | None
    message: str


@dataclass(frozen=True, slots=True, config=_STRICT)
class _Refusal:
    refused: Refused


_ANSWER: TypeAdapter[Estimated | _Refusal] = TypeAdapter(Estimated | _Refusal)


class Estimation:
    """An estimate under way, in a process that ends with the app."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Start it; `arguments` as for `start_job`, and `--runs-dir` if the run will lie elsewhere than usual."""
        self._process = subprocess.Popen(
            engine_command("extract", *arguments, "--dry-run", "--json"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._answer: Estimated | Refused = Refused(None, "the estimate was stopped")
        self._stopped = False
        self._thread = threading.Thread(target=self._listen, name="estimate", daemon=True)
        self._thread.start()
        _UNDER_WAY.add(self)

    def wait(self) -> Estimated | Refused:
        """Wait for the answer: call it from a thread. Stopped, it says that it was."""
        self._thread.join()
        return self._answer

    def stop(self) -> None:
        """End it at once; it may have ended already."""
        self._stopped = True
        self._process.kill()

    def _listen(self) -> None:
        out, said = self._process.communicate()
        if self._stopped:
            return
        code = self._process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            self._answer = Refused(None, f"the engine was ended by {name}\nMost likely memory ran out: free some.")
        else:
            self._answer = parse_answer(out, said.decode("utf-8", "replace"))


_UNDER_WAY: WeakSet[Estimation] = WeakSet()


@atexit.register
def _stop_all() -> None:
    for estimation in list(_UNDER_WAY):
        estimation.stop()


def parse_answer(out: bytes, said: str) -> Estimated | Refused:
    """What `extract --dry-run --json` printed: its answer on stdout; without one, what it said on stderr."""
    try:
        answer = _ANSWER.validate_json(out)
    except ValidationError:
        return _refused_in_words(said)
    return answer.refused if isinstance(answer, _Refusal) else answer


def in_words(said: str) -> str:
    """The message in what the engine printed for people, without the frame that the command line draws around it."""
    lines = [line.strip(" │╭╰╮╯─") for line in said.splitlines()]
    framed = "╭" in said
    return (" " if framed else "\n").join(
        line for line in lines if line and not (framed and line.startswith(("Usage:", "Try ", "Error")))
    )


def _refused_in_words(said: str) -> Refused:
    """The refusal in a message for people: arguments that the command line itself does not take, or a fault."""
    message = in_words(said)
    named = re.search(r"--([a-z-]+)", message)
    field = named[1] if named and named[1] in get_args(Option) else None
    return Refused(cast(Option | None, field), message or "the engine gave no answer")
