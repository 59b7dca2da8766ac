"""The engine's commands. Help is answered without loading torch: what needs it is imported on use."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from neuron_tui.engine.analyze_command import EXAMPLE, analyze
from neuron_tui.engine.buffers import keep_freed_memory
from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.engine.resumable import RunsDirectory, told_how_to_go_on
from neuron_tui.engine.training.command import train
from neuron_tui.store.errors import NeuronTuiError, UsageError, concerning
from neuron_tui.store.process import guarded, problem_of, say
from neuron_tui.store.runs.catalog import runs_directory

_EXTRACT_EXAMPLE = """Example:

    neuron-tui extract facebook/opt-125m --corpus wiki=wiki.jsonl --corpus builtin:code --tokens 5000000 --name opt-125m

Run the same command again to go on with an interrupted run. Ctrl-C keeps the finished layers."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def engine() -> None:
    """Extract runs, count them again with other thresholds, train small models."""


@app.command(epilog=_EXTRACT_EXAMPLE)
@guarded
def extract(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A checkpoint directory, a Hugging Face id (or id@REVISION), or a built-in name: pocket-opt, "
            "pocket-opt-nopos.",
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the run.")],
    corpus: Annotated[
        list[str],
        typer.Option(
            metavar="[DOMAIN=]SOURCE",
            help="Text: a .txt or .jsonl file (also .gz), a directory, or builtin:prose|code|math. Repeatable.",
        ),
    ],
    tokens: Annotated[
        int | None, typer.Option(metavar="N", help="Counted tokens at most, an equal share from each domain.")
    ] = None,
    context_length: Annotated[
        int | None, typer.Option(metavar="T", help="Positions of a sequence. (default: the model's)")
    ] = None,
    layers: Annotated[str | None, typer.Option(metavar="0-5,8", help="Layers to extract. (default: all)")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:K.")] = "auto",
    dtype: Annotated[
        str,
        typer.Option(help="auto, float32, float16 or bfloat16. auto: float32 on a CPU, the checkpoint's own on a GPU."),
    ] = "auto",
    batch_tokens: Annotated[
        int | None, typer.Option(metavar="N", help="Positions in one forward batch. (default: what suits the device)")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="What the residual stream and counters may take before they spill to disk, such as 8G. "
            "(default: 60% of what is free)",
        ),
    ] = None,
    keep_activations: Annotated[
        Literal["auto", "always", "never"],
        typer.Option(help="Store every activation bit with the counts; auto does while all take at most 256 MiB."),
    ] = "auto",
    allow_pickle: Annotated[
        bool,
        typer.Option("--allow-pickle", help="Take pickled weights (loaded as weights only) if there are no others."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run of that name.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the estimate of time, memory and disk, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate, or why there is none, as JSON.")] = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Extract a run: which neurons of MODEL are active where on a corpus, counted exactly, layer by layer."""
    ready_for_signals()
    from neuron_tui.engine.progress_bar import showing

    with _refusals_as_json(as_json):
        if as_json and not dry_run:
            raise UsageError("--json is for the estimate\nUse it with --dry-run.")
        with concerning("layers"):
            chosen_layers = parse_layers(layers) if layers is not None else None
        from neuron_tui.engine.request import ExtractionRequest
        from neuron_tui.engine.resources import parse_size

        with concerning("memory"):
            limit = None if memory is None else parse_size(memory)
        request = ExtractionRequest(
            model=model,
            corpus=tuple(corpus),
            name=name,
            runs_dir=runs_directory(runs_dir),
            tokens=tokens,
            context_length=context_length,
            layers=chosen_layers,
            device=device,
            dtype=dtype,
            batch_tokens=batch_tokens,
            memory=limit,
            keep_activations=keep_activations,
            allow_pickle=allow_pickle,
            overwrite=overwrite,
        )
        if dry_run:
            from neuron_tui.engine.estimate import estimate

            with showing() as progress:
                expected = estimate(request, progress)
            print(json.dumps(expected.as_json()) if as_json else expected.describe())
            return
    from neuron_tui.engine.extraction import extract as run_extraction

    with told_how_to_go_on(), showing() as progress:
        folder = run_extraction(request, progress, say)
    say(f"Done: {folder}")


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


app.command(epilog=EXAMPLE)(guarded(analyze))
app.command()(guarded(train))


def parse_layers(text: str) -> tuple[int, ...]:
    """Layer indices in a list of numbers and ranges such as `0-5,8`; raises UsageError."""
    layers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(part) > 20:
            raise UsageError(f"--layers {text!r} cannot be read at {part!r}\nWrite numbers and ranges, such as 0-5,8.")
        start, stop = int(first), int(last or first)
        if stop < start or stop > 10_000:
            raise UsageError(f"--layers {text!r}: {part!r} is no range\nWrite numbers and ranges, such as 0-5,8.")
        layers.update(range(start, stop + 1))
    return tuple(sorted(layers))


def main() -> None:
    """Run a command; ends the process with one of the exit codes of `neuron_tui.store.process`."""
    # Threads that wait without spinning lose far less where other programs run; read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    keep_freed_memory()
    app(prog_name="neuron-tui")
