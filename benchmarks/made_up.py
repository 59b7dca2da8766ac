"""Models of OPT's shapes with made-up weights, texts with made-up tokens, and extractions of them that are timed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import OPTConfig, OPTForCausalLM, PreTrainedTokenizerFast

from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains
from neuron_tui.engine.corpus.tokenise import DomainTokens, SpecialTokens
from neuron_tui.engine.counting.layer import counting_plan
from neuron_tui.engine.free import free_disk
from neuron_tui.engine.layers import LayerResult, Pass, run_layers
from neuron_tui.engine.model.activity import choose_rule
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.forward import batches
from neuron_tui.engine.model.locate import CheckpointFiles, read_config
from neuron_tui.engine.model.weights import Weights
from neuron_tui.engine.resources import Sizes, plan_resources
from neuron_tui.engine.stopwatch import Stopwatch
from neuron_tui.engine.writing import write_layer

SPECIAL = SpecialTokens(bos=2, eos=2, pad=1)
DEAD = 0.02
"""Share of the neurons that never fire."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An OPT model's shape; `layers` may be fewer than the model has."""

    name: str
    layers: int
    width: int
    heads: int
    vocabulary: int = 50272
    context: int = 2048

    @property
    def config(self) -> OPTConfig:
        """Its configuration."""
        return OPTConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.width,
            word_embed_proj_dim=self.width,
            ffn_dim=4 * self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            max_position_embeddings=self.context,
            dropout=0.0,
        )

    def flops(self, positions: int, *, last_written: bool = True) -> float:
        """Floating-point operations of its layers: two a weight, and attention to what comes before.

        An extraction does not compute what the last layer writes: its second FFN map is left out then.
        """
        whole = self.layers * (24 * self.width**2 + 2 * self.context * self.width)
        return float(positions * (whole if last_written else whole - 8 * self.width**2))


OPT_125M = Shape("OPT-125m", 12, 768, 12)
OPT_6B7 = Shape("OPT-6.7b", 32, 4096, 32)
OPT_66B = Shape("OPT-66b", 64, 9216, 72)


def write_checkpoint(folder: Path, shape: Shape, dtype: torch.dtype, device: torch.device, on: float) -> CausalModel:
    """Write random weights that leave a share `on` of the activations above 0, a file a layer, and open them."""
    folder.mkdir(parents=True, exist_ok=True)
    told = shape.config.to_dict() | {"dtype": str(dtype).removeprefix("torch."), "model_type": "opt"}
    (folder / "config.json").write_text(json.dumps(told))
    width = shape.width
    # With weights of deviation 0.02 a preactivation has the deviation 0.02 * sqrt(width) of a normalised input.
    threshold = 0.02 * width**0.5 * float(torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(1 - on)))

    def random(*size: int) -> torch.Tensor:
        return (torch.randn(size, dtype=dtype, device=device) * 0.02).cpu()

    def same(size: int, value: float) -> torch.Tensor:
        return torch.full((size,), value, dtype=dtype)

    torch.manual_seed(0)
    outside = {
        "embed_tokens.weight": random(shape.vocabulary, width),
        "embed_positions.weight": random(shape.context + 2, width),
        "final_layer_norm.weight": same(width, 1.0),
        "final_layer_norm.bias": same(width, 0.0),
    }
    files = [folder / "outside.safetensors"]
    save_file({f"model.decoder.{name}": tensor for name, tensor in outside.items()}, files[0])
    for layer in range(shape.layers):
        bias = same(4 * width, -threshold)
        bias[: int(DEAD * len(bias))] = -100.0
        inside = {"fc1.weight": random(4 * width, width), "fc1.bias": bias}
        inside |= {"fc2.weight": random(width, 4 * width), "fc2.bias": random(width)}
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            inside |= {f"self_attn.{part}.weight": random(width, width), f"self_attn.{part}.bias": random(width)}
        for part in ("self_attn_layer_norm", "final_layer_norm"):
            inside |= {f"{part}.weight": same(width, 1.0), f"{part}.bias": same(width, 0.0)}
        files.append(folder / f"layer-{layer}.safetensors")
        save_file({f"model.decoder.layers.{layer}.{name}": tensor for name, tensor in inside.items()}, files[-1])
    return opened(folder, tuple(files))


def make_extractable(folder: Path, shape: Shape, words: int) -> Path:
    """Give a written checkpoint what the command `extract` asks for, and a text of so many words; the text's path."""
    names = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as held:
            names |= dict.fromkeys(held.keys(), file.name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))
    vocabulary = {word: id_ for id_, word in enumerate(["<s>", "<pad>", "</s>", "<unk>"])}
    vocabulary |= {f"w{id_}": id_ for id_ in range(4, shape.vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"bos_token": "</s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    corpus = zipf_corpus(2 * -(-words // (2 * shape.context)), shape.context, shape.vocabulary)
    text = folder / "text.txt"
    text.write_text(" ".join(f"w{token}" for token in corpus.tokens.tolist() if token > 3))
    return text


def opened(folder: Path, files: tuple[Path, ...]) -> CausalModel:
    """The model of a checkpoint's files."""
    found = CheckpointFiles("benchmark", folder, files, pickled=False)
    return CausalModel("benchmark", read_config(found), Weights(found))


def zipf_corpus(sequences: int, context: int, vocabulary: int) -> PreparedCorpus:
    """Two domains of full-length sequences whose tokens are as frequent as words are."""
    draw = np.random.default_rng(0)
    weights = np.cumsum(1 / np.arange(1, vocabulary - 3))
    domains = []
    for name in ("a", "b"):
        count = sequences // 2
        tokens = np.searchsorted(weights, draw.random(count * context) * weights[-1]).astype(np.int32) + 4
        tokens[::context] = SPECIAL.bos
        lengths = np.full(count, context, np.int64)
        domains.append(DomainTokens(name, tokens, lengths, 1, count * (context - 1)))
    return join_domains(domains, SPECIAL)


def pass_over(
    model: CausalModel,
    corpus: PreparedCorpus,
    context: int,
    device: torch.device,
    dtype: torch.dtype,
    batch_tokens: int,
    keep_activations: bool,
    scratch: Path,
) -> Pass:
    """The pass that an extraction makes, by the plan that it would make."""
    rule = choose_rule("auto", model.family, model.activation_name)
    sizes = Sizes(
        positions=corpus.positions,
        width=model.width,
        rows=model.neurons * rule.poles,
        layers=len(model.layers),
        layer_weights=sum(p.numel() for p in model.layers[0].parameters()),
        held=model.bytes_of_a_weight(),
        batch_tokens=max(batch_tokens, context),
        context_length=context,
        vocabulary=model.vocabulary,
        domains=corpus.domains,
        dtype=dtype,
        keep_activations=keep_activations,
    )
    planned = plan_resources(sizes, device, None, free_disk(scratch)[1])
    return Pass(
        model=model,
        rule=rule,
        name="benchmark",
        device=device,
        dtype=dtype,
        corpus=corpus,
        plan=counting_plan(corpus.order, corpus.sequence_start, corpus.sequence_domain, context, corpus.domains),
        batches=batches(corpus.sequence_start, batch_tokens),
        resources=replace(planned, kept=False),
        scratch=scratch,
        keep_activations=keep_activations,
    )


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extraction took: `seconds` in all and by kind of work, the share of activations that were `on`."""

    seconds: float
    by_kind: dict[str, float]
    on: float
    most_tokens: int | None


def timed_extraction(work: Pass, layers: int) -> Extracted:
    """Extract the first layers with everything on, files included, each written beside the next."""
    watch, on, most = Stopwatch(work.device), 0.0, None
    begin, writing = time.perf_counter(), 0.0

    def write(result: LayerResult) -> float:
        started = time.perf_counter()
        write_layer(work.scratch, result, work.plan, work.keep_activations)
        return time.perf_counter() - started

    last = None
    with ThreadPoolExecutor(1) as writer:
        for result in run_layers(work, list(range(layers)), lambda _: None, watch, lambda _, __: True):
            if last is not None:
                writing += last.result()
            last = writer.submit(write, result)
            on += result.counts.count.sum() / len(work.corpus.order.positions) / work.rows / layers
            most = result.most_tokens
        writing += last.result() if last is not None else 0.0
    return Extracted(time.perf_counter() - begin, watch.seconds | {"write": writing}, on, most)


def bare_model(shape: Shape, device: torch.device, dtype: torch.dtype) -> Any:
    """Transformers' decoder of a shape, with weights of its own drawing."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return OPTForCausalLM(shape.config).eval().base_model
    finally:
        torch.set_default_dtype(before)


def timed_forward(base: Any, work: Pass, see: Callable[[], None] = lambda: None) -> float:
    """Seconds of a decoder on the batches of a pass; `see` is called after each."""
    begin = time.perf_counter()
    with torch.inference_mode():
        for batch in work.batches:
            ids = torch.from_numpy(work.corpus.tokens[batch.start : batch.start + batch.tokens].astype(np.int64))
            base(input_ids=ids.view(batch.sequences, -1).to(work.device), use_cache=False)
            see()
    if work.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin
