"""The engine's commands. Help is answered without loading torch: what needs it is imported on use."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from neuron_tui.engine.analyze_command import EXAMPLE as ANALYZE_EXAMPLE
from neuron_tui.engine.analyze_command import analyze
from neuron_tui.engine.asked_by import end_with_whoever_asks
from neuron_tui.engine.asking.ablate_command import EXAMPLE as ABLATE_EXAMPLE
from neuron_tui.engine.asking.ablate_command import ablate
from neuron_tui.engine.asking.prompt_command import EXAMPLE as PROMPT_EXAMPLE
from neuron_tui.engine.asking.prompt_command import prompt
from neuron_tui.engine.asking.session_command import ask
from neuron_tui.engine.buffers import keep_freed_memory
from neuron_tui.engine.command_options import RunsDirectory, argument, option, saying_how_to_resume, switch, taking
from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.engine.mend_command import EXAMPLE as MEND_EXAMPLE
from neuron_tui.engine.mend_command import mend
from neuron_tui.engine.similarity.command import similar, universal
from neuron_tui.engine.training.command import train
from neuron_tui.store.disk.cache import cache_folder
from neuron_tui.store.errors import NeuronTuiError, UsageError
from neuron_tui.store.process import DONE, guarded, hear_threads, problem_of, say
from neuron_tui.store.runs.catalog import runs_directory
from neuron_tui.store.runs.option_texts import OptionTexts
from neuron_tui.store.runs.options import FLAG, OPTIONS, SOURCES, ExtractionOptions

_EXTRACT_EXAMPLE = """Example:

    neuron-tui extract facebook/opt-125m --corpus wiki=wiki.jsonl --corpus builtin:code --tokens 5000000 --name opt-125m

Run the same command again to go on with an interrupted run. Ctrl-C keeps the finished layers."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def engine() -> None:
    """Extract runs, count them again with other thresholds, train small models."""


def _parameters() -> Iterator[inspect.Parameter]:
    for name, one in OPTIONS.items():
        field = ExtractionOptions.model_fields[name]
        if name == "model":
            yield argument(name, one.help, one.metavar)
        elif one.kind is FLAG:
            yield switch(name, one.help)
        else:
            default = one.unset or ("" if field.is_required() else str(field.default))
            many = one.kind is SOURCES
            yield option(name, one.help, one.metavar, default=default, required=field.is_required(), many=many)


@app.command(epilog=_EXTRACT_EXAMPLE)
@guarded
@taking(_parameters())
def extract(
    typed: dict[str, Any],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the estimate of time, memory and disk, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate, or why there is none, as JSON.")] = False,
    runs_dir: RunsDirectory = None,
) -> int:
    """Extract a run: which neurons of MODEL are active where on a corpus, counted exactly, layer by layer."""
    ready_for_signals()
    from neuron_tui.engine.progress_bar import showing

    with _refusals_as_json(as_json):
        if as_json and not dry_run:
            raise UsageError("--json is for the estimate\nUse it with --dry-run.")
        corpus = tuple(typed.pop("corpus", ()))
        switched = {name: "yes" for name, value in typed.items() if value is True}
        options = OptionTexts(typed | switched, corpus).read()
        from neuron_tui.engine.request import ExtractionRequest

        request = ExtractionRequest(runs_dir=runs_directory(runs_dir), **dict(options))
        if dry_run:
            from neuron_tui.engine.estimate import estimate

            with showing() as progress:
                expected = estimate(request, progress)
            print(json.dumps(expected.as_json()) if as_json else expected.describe())
            return DONE
    from neuron_tui.engine.extraction import extract as run_extraction
    from neuron_tui.engine.ranks.following import follow
    from neuron_tui.engine.ranks.group import Ranks
    from neuron_tui.engine.ranks.launching import accompanied, end_with_the_leader
    from neuron_tui.engine.request import choose_device

    end_with_the_leader()
    arguments = ("extract", *request.arguments(), "--runs-dir", str(request.runs_dir))
    with accompanied(request.device, arguments), Ranks.joined(choose_device(request.device)) as ranks:
        if not ranks.leads:
            return follow(request, ranks)
        with saying_how_to_resume(), showing() as progress:
            folder = run_extraction(request, progress, say, ranks)
    say(f"Done: {folder}")
    return DONE


@contextmanager
def _refusals_as_json(wanted: bool) -> Iterator[None]:
    """Print what goes wrong as JSON too, with the option that it is about."""
    try:
        yield
    except Exception as error:
        if wanted:
            field = error.option if isinstance(error, NeuronTuiError) else None
            print(json.dumps({"refused": {"field": field, "message": problem_of(error)}}))
        raise


app.command(epilog=ANALYZE_EXAMPLE)(guarded(analyze))
app.command(epilog=MEND_EXAMPLE)(guarded(mend))
app.command(epilog=PROMPT_EXAMPLE)(guarded(prompt))
app.command(epilog=ABLATE_EXAMPLE)(guarded(ablate))
app.command(hidden=True)(guarded(ask))
app.command()(guarded(train))
app.command()(guarded(similar))
app.command()(guarded(universal))


def main() -> None:
    """Run a command; ends the process with one of the exit codes of `neuron_tui.store.process`."""
    end_with_whoever_asks()
    # Threads that wait without spinning lose far less where other programs run; read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # Whoever names an id asks the hub for files; nothing else is told to anybody.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    if not {"--help", "--dry-run"} & set(sys.argv):
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder("torch")))
    keep_freed_memory()
    hear_threads()
    app(prog_name="neuron-tui")
