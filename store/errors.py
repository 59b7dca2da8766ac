"""Everything that can go wrong in a way a person can mend, with the exit code it leads to.

Exit codes: 2 wrong usage, 3 input that cannot be used, 4 a run that is partial
or damaged. Whatever is not one of these classes is a fault of ours (1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class NeuronTuiError(Exception):
    """Base of all errors with a message meant for people.

    The message is one or two lines: it names the thing and says what to do.
    """

    exit_code = 1
    option: str | None = None
    """The option of `extract` that it is about, without the dashes, or `model`; for forms that point at it."""


@contextmanager
def concerning(option: str) -> Iterator[None]:
    """Note on errors that leave the block which option they are about; what is noted already stays."""
    try:
        yield
    except NeuronTuiError as error:
        error.option = error.option or option
        raise


class UsageError(NeuronTuiError, ValueError):
    """A command or a function was called with arguments that do not fit together."""

    exit_code = 2


class QueryError(UsageError):
    """A filter query that cannot be read; `position` is where in the query, from 0."""

    def __init__(self, message: str, query: str, position: int) -> None:
        super().__init__(f"{message}\n  {query}\n  {' ' * position}^")
        self.reason = message
        self.query = query
        self.position = position


class InputError(NeuronTuiError, ValueError):
    """Input that cannot be used: missing, malformed, unsupported or refused for safety."""

    exit_code = 3


class CorpusError(InputError):
    """A text source that cannot be read or holds nothing to count."""


class CheckpointError(InputError):
    """A model that cannot be used: files missing, malformed, unsupported or unsafe."""


class RunError(NeuronTuiError):
    """A run that cannot be used as asked."""

    exit_code = 4


class RunNotFoundError(InputError, FileNotFoundError):
    """There is no run of that name or at that path."""

    # FileNotFoundError formats itself from errno; ours is the message alone.
    def __str__(self) -> str:
        return str(self.args[0])


class NeuronNotFoundError(InputError, LookupError):
    """The run has no such layer or neuron."""


class RunDamagedError(RunError):
    """A file of the run is missing, cut short, altered or malformed."""


OUTDATED = "made by an older version of neuron-tui\nExtract the run again with --overwrite."


class RunOutdatedError(RunDamagedError):
    """The run was made by a version whose files are no longer read; `model` is its model's name, if it says."""

    def __init__(self, message: str, model: str | None = None) -> None:
        super().__init__(message)
        self.model = model


class RunPartialError(RunError):
    """The run does not hold what was asked for yet."""


class RunBusyError(RunError):
    """Another process is writing this run."""


class RunConflictError(InputError):
    """A run of that name exists with other options."""


class DiskFullError(InputError, OSError):
    """The disk has no room for what is to be written."""

    def __str__(self) -> str:
        return str(self.args[0])


class DiskFailedError(InputError, OSError):
    """The disk, or the way to it, fails while something is written."""

    def __str__(self) -> str:
        return str(self.args[0])
