"""The command `neuron-tui train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuron_tui.store.errors import UsageError


def train(
    corpus: Annotated[
        list[str],
        typer.Option(metavar="[DOMAIN=]SOURCE", help="Text to train on; repeat it. Every domain has the same share."),
    ],
    output: Annotated[Path, typer.Option(metavar="DIRECTORY", help="Where the model goes; new or empty.")],
    vocabulary: Annotated[int, typer.Option(help="Tokens of the byte-level BPE tokeniser.")] = 1024,
    width: Annotated[int, typer.Option(help="Width of the residual stream.")] = 128,
    layers: Annotated[int, typer.Option(help="Layers.")] = 4,
    ffn: Annotated[int, typer.Option(help="Neurons a layer.")] = 2048,
    heads: Annotated[int, typer.Option(help="Attention heads a layer.")] = 4,
    context_length: Annotated[int, typer.Option(help="Positions, BOS included.")] = 256,
    steps: Annotated[int | None, typer.Option(help="Train so many steps ...")] = None,
    minutes: Annotated[float | None, typer.Option(help="... or so many minutes.")] = None,
    batch: Annotated[int, typer.Option(help="Sequences a step.")] = 16,
    seed: Annotated[int, typer.Option(help="Fixes the first weights and the order of the text.")] = 0,
    learning_rate: Annotated[
        float, typer.Option(help="Highest rate, after the warm-up; a cosine takes it down.")
    ] = 3e-3,
    warmup: Annotated[int, typer.Option(help="Steps until the highest rate.")] = 100,
    weight_decay: Annotated[float, typer.Option(help="AdamW's weight decay on matrices.")] = 0.1,
    sparsity: Annotated[
        str,
        typer.Option(
            metavar="WEIGHT[,WEIGHT...]",
            help="Penalty on the mean of sum(activation x norm of the neuron's update): one weight, or one a layer.",
        ),
    ] = "0",
    sparsity_from: Annotated[
        float, typer.Option(help="Share of the training after which the penalty sets in; it grows over the next fifth.")
    ] = 0.1,
    attention_from: Annotated[
        int, typer.Option(metavar="LAYER", help="Attention below this layer writes nothing: zero and frozen.")
    ] = 0,
    positions: Annotated[
        bool, typer.Option("--positions/--no-positions", help="Position embeddings, or zero and frozen ones.")
    ] = True,
    smooth_positions: Annotated[
        float,
        typer.Option(metavar="SIZE", help="Start position embeddings as sinusoids of this root mean square; 0: noise."),
    ] = 0.0,
    layer_norm: Annotated[
        str, typer.Option(help="LayerNorm before each block, or after it as in OPT-350m: before or after.")
    ] = "before",
    checkpoint_every: Annotated[
        int | None, typer.Option(metavar="STEPS", help="Save DIRECTORY/checkpoints/step_N so often.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda[:K].")] = "auto",
    precision: Annotated[str, typer.Option(help="Arithmetic of the passes: float32 or bfloat16 (mixed).")] = "float32",
    dtype: Annotated[str, typer.Option(help="Type of the saved weights: float32, float16 or bfloat16.")] = "float32",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier training there.")] = False,
) -> None:
    """Train a small OPT model from text; transformers, and `neuron-tui extract`, load the result.

    Example: neuron-tui train --corpus builtin:prose --corpus builtin:code --minutes 10 --sparsity 0.01 --output my-opt
    """
    from neuron_tui.engine.training.job import TrainingRequest, train_model
    from neuron_tui.engine.training.loop import Schedule
    from neuron_tui.engine.training.model import ModelSize
    from neuron_tui.engine.training.report import reporting

    if precision not in ("float32", "bfloat16"):
        raise UsageError(f"--precision {precision}: choose float32 or bfloat16")
    if layer_norm not in ("before", "after"):
        raise UsageError(f"--layer-norm {layer_norm}: choose before or after")
    request = TrainingRequest(
        corpus=tuple(corpus),
        output=output,
        size=ModelSize(vocabulary, width, layers, ffn, heads, context_length),
        schedule=Schedule(
            steps=steps,
            minutes=minutes,
            learning_rate=learning_rate,
            warmup=warmup,
            weight_decay=weight_decay,
            sparsity=_layer_weights(sparsity, layers),
            sparsity_from=sparsity_from,
            sparsity_full=min(1.0, sparsity_from + 0.2),
            bfloat16=precision == "bfloat16",
        ),
        sequences=batch,
        seed=seed,
        positions=positions,
        smooth_positions=smooth_positions,
        attention_from=attention_from,
        norm_before=layer_norm == "before",
        checkpoint_every=checkpoint_every,
        device=device,
        dtype=dtype,
        overwrite=overwrite,
    )
    with reporting() as watcher:
        train_model(request, watcher)


def _layer_weights(text: str, layers: int) -> tuple[float, ...]:
    try:
        weights = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--sparsity {text!r}: write a number, or one a layer with commas between") from error
    return weights * layers if len(weights) == 1 else weights
