"""`neuron-tui prompt RUN --text TEXT`: what the run's model makes of a text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuron_tui.engine.command_options import RunsDirectory
from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.store.errors import InputError, UsageError
from neuron_tui.store.process import say
from neuron_tui.store.runs.catalog import runs_directory

if TYPE_CHECKING:
    from neuron_tui.engine.asking.answer import Answer
    from neuron_tui.engine.asking.asked_model import AskedModel
    from neuron_tui.store.neurons.run import Run

EXAMPLE = """Examples:

    neuron-tui prompt demo --text "The theory of relativity"

    neuron-tui prompt demo --text "The theory of" --ablate 1:117 --ablate 2:41 --top 5 --json

    neuron-tui prompt demo --text "The theory of" --at 2

The text is read as a sequence of its own: the model's BOS, then the text's tokens. --text - reads it from stdin."""

ModelPath = Annotated[
    str | None, typer.Option("--model", help="Where the model is now, if not where the run had it from.")
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda[:K].")]
AllowPickle = Annotated[bool, typer.Option("--allow-pickle", help="Load pickled weights, as weights only.")]
Memory = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="What weights may take to stay in memory. (default: most of what is free)"),
]
Mean = Annotated[bool, typer.Option("--mean", help="Silence to the mean over the run's tokens, not to zero.")]


def prompt(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run: its name in the runs directory, or a path.")],
    text: Annotated[str, typer.Option(help="The text; - for what stands on stdin.")],
    ablate: Annotated[
        list[str] | None, typer.Option(metavar="L:I[+|-]", help="A neuron, or a pole, to silence. Repeatable.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="QUERY", help="Silence the neurons that a filter matches, as in the app.")
    ] = None,
    mean: Mean = False,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many tokens and neurons are named.")] = 10,
    at: Annotated[
        int | None, typer.Option(metavar="K", help="A token, from 0: what adds to the logit of the one that follows.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    model: ModelPath = None,
    device: Device = "auto",
    memory: Memory = None,
    allow_pickle: AllowPickle = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Have the run's model read a text: what fires, what it expects, what goes with silenced neurons."""
    ready_for_signals()
    from neuron_tui.engine.asking.answer import ask
    from neuron_tui.engine.asking.prompt_text import lines
    from neuron_tui.store import open_run

    opened = open_run(run, runs_directory(runs_dir))
    rows = _rows(opened, ablate or [], where)
    wanted = _stdin() if text == "-" else text
    from neuron_tui.engine.asking.silence import silenced_rows

    silenced = silenced_rows(opened, rows, mean)
    if mean and not silenced:
        raise UsageError("--mean is for silenced neurons\nName some with --ablate or --where.")
    with asked_model(opened, model, device, memory, allow_pickle) as asked:
        ids = asked.tokens(wanted)
        if at is not None and not 0 <= at < len(ids):
            raise UsageError(f"--at {at}: the text has the tokens 0 to {len(ids) - 1}")
        asked.load(lambda _: None)
        answer = ask(asked, ids, silenced, top)
        if as_json:
            _write_json(answer, top, at)
            return
        for line in lines(answer, top, at, opened.corpus.spelling):
            print(line)


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("stdin is no text in UTF-8\nConvert it first.") from None


@contextmanager
def asked_model(
    run: Run, model: str | None, device: str, memory: str | None, allow_pickle: bool
) -> Iterator[AskedModel]:
    """The model of a run; that memory does not do while it reads is an InputError."""
    import torch

    from neuron_tui.engine.asking.asked_model import AskedModel
    from neuron_tui.engine.request import choose_device
    from neuron_tui.store.wording import read_size

    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", device):
        raise UsageError(f"--device {device}: there are auto, cpu, cuda and cuda:K")
    chosen = choose_device(device)
    limit = 0
    if memory:
        size = read_size(memory)
        if isinstance(size, str):
            raise UsageError(f"--memory {memory}: {size}")
        limit = size
    try:
        yield AskedModel(run, chosen, model, allow_pickle, limit)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise InputError(
            f"{chosen} has too little memory for this model and text\n"
            "Take a shorter text or another --device, or a small --memory, with which weights come layer by layer."
        ) from error


def _rows(run: Run, named: Sequence[str], where: str | None) -> list[tuple[int, int]]:
    from neuron_tui.store.neurons.naming import parse_neuron, rows_named
    from neuron_tui.store.neurons.query import matching_rows

    rows = [row for text in named for row in rows_named(run, *parse_neuron(text))]
    if where is None:
        return rows
    found = matching_rows(run, where)
    if not found:
        say(f"no neuron of {run.name} matches {where}")
    return rows + found


def _write_json(answer: Answer, top: int, at: int | None) -> None:
    """Print the answer layer by layer: its lists of active neurons may be long."""
    rule = answer.model.rule
    head: dict[str, Any] = {"tokens": answer.tokens()}
    sys.stdout.write(json.dumps(head)[:-1] + ', "layers": [')
    for index, layer in enumerate(answer.reading.layers):
        active = [layer.at(position)[0].tolist() for position in range(len(answer.ids))]
        named = active if rule.poles == 1 else [[rule.name(row) for row in rows] for rows in active]
        sys.stdout.write((", " if index else "") + json.dumps({"layer": index, "active": named}))
    loss = answer.reading.loss
    rest: dict[str, Any] = {"loss": None if loss != loss else loss, "next": answer.next()}
    if (ablated := answer.ablated(top)) is not None:
        rest["ablated"] = ablated
    if at is not None:
        rest["direct"] = answer.direct(at, top)
    sys.stdout.write("], " + json.dumps(rest)[1:] + "\n")
