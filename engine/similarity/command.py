"""The engine's part of `neuron-tui similar` and `universal`: by update direction, printed as JSON lines.

Lines `{"done": [layers, of]}` come while it works, the last is `{"answer": ...}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuron_tui.engine.command_options import RunsDirectory
from neuron_tui.store.runs.catalog import runs_directory

if TYPE_CHECKING:
    from neuron_tui.engine.similarity.update import UpdateMeasure
    from neuron_tui.store.neurons.run import Run

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run: its name in the runs directory, or a path.")]
Layers = Annotated[str | None, typer.Option("--layer", metavar="LAYERS", help="Layers to search, as 0-5,8.")]
AllowPickle = Annotated[bool, typer.Option("--allow-pickle", help="Take pickled weights where there are no others.")]
Device = Annotated[str, typer.Option("--device", metavar="DEVICE", help="auto, cpu or cuda[:K].")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the permutations.")]


def similar(
    run: RunName,
    neuron: Annotated[str, typer.Argument(metavar="L:I[+|-]", help="Layer and neuron, as 3:117.")],
    other: Annotated[str | None, typer.Option("--in", metavar="RUN2", help="The run to search.")] = None,
    layer: Layers = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="How many.")] = 20,
    permutations: Annotated[int, typer.Option("--permutations", metavar="P", min=0, help="0: no baseline.")] = 200,
    seed: Seed = 0,
    device: Device = "auto",
    allow_pickle: AllowPickle = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Neurons whose update directions are most like one neuron's, as JSON lines."""
    from neuron_tui.store.findings.similarity.asked import layers_named, neuron_named, pair_named
    from neuron_tui.store.findings.similarity.search import find_similar

    source, target = pair_named(run, other, runs_directory(runs_dir))
    of, layers = neuron_named(source, neuron), layers_named(target, layer)
    measure = _measure(source, target, device, allow_pickle)
    _answer(find_similar(measure, of, layers, top, permutations, seed, _tell))


def universal(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN2...", help="Runs: names or paths.")],
    layer: Layers = None,
    permutations: Annotated[int, typer.Option("--permutations", metavar="P", min=1, help="Of each neuron.")] = 19,
    seed: Seed = 0,
    device: Device = "auto",
    allow_pickle: AllowPickle = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Neurons that several runs have by update direction, as JSON lines."""
    from neuron_tui.store import open_run
    from neuron_tui.store.findings.similarity.asked import layers_asked, pairs_of
    from neuron_tui.store.findings.similarity.universal import universal_neurons

    pairs = pairs_of([open_run(run, runs_directory(runs_dir)) for run in runs])
    measures = [_measure(source, target, device, allow_pickle) for source, target in pairs]
    _answer(universal_neurons(measures, layers_asked(layer), permutations, seed, _tell))


def _measure(source: Run, target: Run, device: str, allow_pickle: bool) -> UpdateMeasure:
    from neuron_tui.engine.model.of_run import open_model_of
    from neuron_tui.engine.request import choose_device
    from neuron_tui.engine.similarity.update import UpdateMeasure

    models = open_model_of(source, allow_pickle), open_model_of(target, allow_pickle)
    return UpdateMeasure(source, target, models, choose_device(device))


def _tell(done: int, of: int) -> None:
    print(json.dumps({"done": [done, of]}), flush=True)


def _answer(answer: Any) -> None:  # noqa: ANN401 - a dataclass of the store
    from pydantic import TypeAdapter

    print(json.dumps({"answer": TypeAdapter(type(answer)).dump_python(answer, mode="json")}), flush=True)
