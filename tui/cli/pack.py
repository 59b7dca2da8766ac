"""`neuron-tui pack RUN` and `neuron-tui unpack PATH`: a run as one file, and back."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from neuron_tui.store.errors import InputError, UsageError
from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_directory_of
from neuron_tui.tui.cli.progress_line import telling
from neuron_tui.tui.cli.writing import goes_to_stdout, refuse_terminal

if TYPE_CHECKING:
    from neuron_tui.store.archive.index import Index
    from neuron_tui.store.archive.members import Watch

_PACK_EXAMPLES = """Examples:

    neuron-tui pack demo

    neuron-tui pack demo --output - | ssh server neuron-tui unpack -"""

_UNPACK_EXAMPLES = """Examples:

    neuron-tui unpack demo.tar

    neuron-tui unpack demo.tar --name theirs"""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("pack", epilog=_PACK_EXAMPLES)(guarded(pack))
    app.command("unpack", epilog=_UNPACK_EXAMPLES)(guarded(unpack))


def pack(
    context: typer.Context,
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="File to write, - for stdout. Default: RUN.tar, if it is new.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Write a run as one file: its layers, corpus, variants and notes."""
    from neuron_tui.store.archive.packing import packing
    from neuron_tui.store.disk.files import require_room
    from neuron_tui.store.disk.output import opened_output
    from neuron_tui.store.runs.catalog import find_run

    to_stdout = output is not None and goes_to_stdout(output)
    if to_stdout:
        refuse_terminal(output, "an archive")
        if as_json:
            raise UsageError("the archive goes to stdout, and so does --json\nName a file with --output PATH.")
    with _interrupted_by_signals(), packing(find_run(runs_directory_of(context, runs_dir), run)) as ready:
        for words in ready.left_out:
            say(words)
        path = output or _new_path(ready.index.name)
        with ExitStack() as opened:
            if to_stdout:
                stream: BinaryIO = sys.stdout.buffer
            else:
                stream = opened.enter_context(opened_output(path)).buffer
                require_room(path.expanduser().resolve().parent, ready.index.size, f"the archive of {ready.index.name}")
            ready.write(stream, opened.enter_context(_progress("packed", ready.index)))
    if not to_stdout:
        say(f"Done: {path}")
    if as_json:
        print(json.dumps({"path": str(path.absolute()), **_as_data(ready.index), "left_out": ready.left_out}, indent=2))


def unpack(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="An archive that `pack` wrote; - for stdin.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to call the run. Default: as it was called.")
    ] = None,
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Make a run of an archive, once its paths, sizes, checksums and manifests are what they should be."""
    from neuron_tui.store.archive.unpacking import unpack as unpack_stream

    directory = runs_directory_of(context, runs_dir)
    with _interrupted_by_signals(), ExitStack() as opened:
        stream = sys.stdin.buffer if path == "-" else opened.enter_context(_archive(path))
        source = "stdin" if path == "-" else path
        made = unpack_stream(
            stream, directory, name, source, lambda index: opened.enter_context(_progress("unpacked", index))
        )
    say(f"Done: {made.folder}")
    if as_json:
        data = {"path": str(made.folder.absolute()), **_as_data(made.index), "name": made.folder.name}
        print(json.dumps(data, indent=2))


def _new_path(name: str) -> Path:
    path = Path(f"{name}.tar")
    if path.exists():
        raise UsageError(f"{path} exists\nName another file, or this one to replace it, with --output PATH.")
    return path


def _archive(path: str) -> BinaryIO:
    try:
        return Path(path).expanduser().open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {path}: {reason}\nName an archive that `neuron-tui pack` wrote.") from error


def _as_data(index: Index) -> dict[str, object]:
    return {"name": index.name, "files": len(index.files), "bytes": index.size, "variants": list(index.variants)}


@contextmanager
def _progress(done: str, index: Index) -> Iterator[Watch]:
    """Tell how much of a run's bytes is `done`."""
    from neuron_tui.store.wording import size_text

    total, so_far = size_text(index.size), 0
    with telling(lambda count: f"{size_text(count)} of {total} {done}") as tell:

        def watch(count: int) -> None:
            nonlocal so_far
            so_far += count
            tell(so_far)

        yield watch


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let a closed terminal and a polite kill end it as Ctrl-C does: nothing half-written stays."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt("interrupted; nothing is left of it")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
