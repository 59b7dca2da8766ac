"""What an extraction will take, asked of the engine before it starts."""

from __future__ import annotations

import atexit
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from weakref import WeakSet

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.options import OPTIONS
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, short_count, size_text
from neuron_tui.tui.jobs.engine_process import ending_with_us, engine_command

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
    """Why an extraction would not start; `field` is the option to look at, without dashes before it."""

    field: str | None
    message: str


@dataclass(frozen=True, slots=True, config=_STRICT)
class _Refusal:
    refused: Refused


_ANSWER: TypeAdapter[Estimated | _Refusal] = TypeAdapter(Estimated | _Refusal)


class Estimation:
    """One estimate, by a process that ends with the app; it may be stopped before the process starts and after."""

    def __init__(self, arguments: Callable[[], Sequence[str]]) -> None:
        """`arguments` gives those of `start_job`, and `--runs-dir` if the run will lie elsewhere than usual."""
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    def run(self) -> Estimated | Refused | None:
        """In a thread: ask the engine and wait for the answer; None if it was stopped."""
        if self._stopped.is_set():
            return None
        try:
            command = engine_command("extract", *self._arguments(), "--dry-run", "--json")
            pipe = subprocess.PIPE
            self._process = process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=ending_with_us()
            )
        except NeuronTuiError as error:
            return Refused(None, str(error))
        except OSError as error:
            return Refused(None, f"The engine cannot be started: {error.strerror or error}.")
        _UNDER_WAY.add(self)
        if self._stopped.is_set():  # meanwhile: `stop` did not know of the process yet
            process.kill()
        out, messages = process.communicate()
        if self._stopped.is_set():
            return None
        if process.returncode < 0:
            name = signal.Signals(-process.returncode).name
            return Refused(None, f"the engine was ended by {name}\nMost likely memory ran out: free some.")
        return parse_answer(out, messages.decode("utf-8", "replace"))

    def stop(self) -> None:
        """End it at once; it may have ended already."""
        self._stopped.set()
        if self._process is not None:
            self._process.kill()


_UNDER_WAY: WeakSet[Estimation] = WeakSet()


@atexit.register
def _stop_all() -> None:
    for estimation in list(_UNDER_WAY):
        estimation.stop()


def parse_answer(out: bytes, messages: str) -> Estimated | Refused:
    """What `extract --dry-run --json` printed: its answer on stdout; without one, what it said on stderr."""
    try:
        answer = _ANSWER.validate_json(out)
    except ValidationError:
        return _refused_in_words(messages)
    if not isinstance(answer, _Refusal):
        return answer
    field = answer.refused.field
    return answer.refused if field is None or field.replace("-", "_") in OPTIONS else _refused_in_words(messages)


def in_words(messages: str) -> str:
    """The message in what the engine printed for people, without the frame that the command line draws around it."""
    lines = [line.strip(" │╭╰╮╯─") for line in messages.splitlines()]
    framed = "╭" in messages
    return (" " if framed else "\n").join(
        line for line in lines if line and not (framed and line.startswith(("Usage:", "Try ", "Error")))
    )


def _refused_in_words(messages: str) -> Refused:
    """The refusal in a message for people: arguments that the command line itself does not take, or a fault."""
    message = in_words(messages)
    named = re.search(r"--([a-z-]+)", message)
    field = named[1] if named and named[1].replace("-", "_") in OPTIONS else None
    return Refused(field, message or "the engine gave no answer")


# In words.

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def about(seconds: float) -> str:
    """A duration that is only roughly known: `under 10 s`, `about 40 s`, `about 4 min`, `about 2 h 10 min`."""
    if seconds < 10:
        return "under 10 s"
    if seconds < 95:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 99.5 * _MINUTE:
        return f"about {max(2, round(seconds / _MINUTE))} min"
    if seconds < 2 * _DAY:
        hours, minutes = divmod(10 * round(seconds / (10 * _MINUTE)), 60)
        return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"
    return f"about {seconds / _DAY:.1f} days"


def estimate_paragraphs(estimated: Estimated) -> list[tuple[str, str]]:
    """Time, memory and disk; then what is counted. Paragraphs, each with its role."""
    e = estimated
    memory = f"{size_text(e.host_bytes)} here"
    if e.device_bytes:
        memory = f"{size_text(e.device_bytes)} on the GPU, {memory}"
    scratch = f", {size_text(e.scratch_bytes)} more meanwhile" if e.scratch_bytes else ""
    disk = f"{size_text(e.disk_bytes)} on disk{scratch} ({size_text(e.disk_free)} free)"
    first = f"{about(e.seconds)} on {e.device} · peak memory {memory} · {disk}"
    domains = ", ".join(
        f"{printable(name)} {short_count(tokens)} in {short_count(documents)} document{'' if documents == 1 else 's'}"
        for name, tokens, documents in e.domains
    )
    shape = (
        f"{count_noun(e.layers, 'layer')} × {count_noun(e.neurons, 'neuron')}, context {e.context_length:,}, {e.dtype}"
    )
    at_most = "at most " if e.at_most else ""
    paragraphs = [(first, "strong"), (f"{at_most}{count_noun(e.tokens, 'token')}: {domains} · {shape}", "")]
    if e.disk_bytes + e.scratch_bytes > e.disk_free:
        paragraphs.insert(0, ("Not enough disk: free some, or take fewer tokens or layers.", "bad"))
    return paragraphs
