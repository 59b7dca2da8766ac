"""Extraction with everything on against the bare decoder forward of the same batches, in one run.

    python benchmarks/extraction_overhead.py --sequences 96 --layers 2
    python benchmarks/extraction_overhead.py --checkpoint FOLDER --layers 4 --tokens 300000 --context-length 1024

The first reads Zipf-distributed tokens with a random model of OPT-125m's layer shape (width 768, 12 heads, FFN 3072,
context 2048), biased so that about 5% of activations are on. The second reads the built-in texts with a checkpoint of
any family, by the rule that suits it. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, OPTConfig, OPTForCausalLM

from neuron_tui.engine.buffers import keep_freed_memory
from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains
from neuron_tui.engine.corpus.tokenise import DomainTokens, SpecialTokens, tokenise_domains
from neuron_tui.engine.counting.layer import counting_plan
from neuron_tui.engine.layers import LayerResult, Pass, run_layers
from neuron_tui.engine.model.activity import choose_rule
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.forward import batches
from neuron_tui.engine.model.locate import CheckpointFiles, read_config
from neuron_tui.engine.model.opened import open_model
from neuron_tui.engine.model.weights import Weights
from neuron_tui.engine.resources import Sizes, plan_resources
from neuron_tui.engine.stopwatch import Stopwatch
from neuron_tui.engine.writing import write_layer
from neuron_tui.store.runs.corpus_argument import parse_corpus_argument

SPECIAL = SpecialTokens(bos=2, eos=2, pad=1)


def random_model(folder: Path, layers: int, share_on: float) -> OPTForCausalLM:
    config = OPTConfig(num_hidden_layers=layers, dropout=0.0)
    torch.manual_seed(0)
    model = OPTForCausalLM(config).eval()
    # With weights of deviation 0.02 a preactivation has the deviation 0.02 * sqrt(width) of a normalised input.
    threshold = torch.distributions.Normal(0.0, 0.02 * config.hidden_size**0.5).icdf(torch.tensor(1 - share_on))
    for layer in model.model.decoder.layers:
        torch.nn.init.constant_(layer.fc1.bias, -float(threshold))
    state = {name: value for name, value in model.state_dict().items() if name != "lm_head.weight"}
    save_file(state, folder / "model.safetensors")
    config.save_pretrained(folder)
    return model


def zipf_corpus(sequences: int, context: int, vocabulary: int) -> PreparedCorpus:
    draw = np.random.default_rng(0)
    weights = 1 / np.arange(1, vocabulary - 3)
    domains = []
    for name in ("a", "b"):
        count = sequences // 2
        tokens = draw.choice(vocabulary - 4, count * context, p=weights / weights.sum()).astype(np.int32) + 4
        tokens[::context] = SPECIAL.bos
        lengths = np.full(count, context, np.int64)
        domains.append(DomainTokens(name, tokens, lengths, 1, count * (context - 1)))
    return join_domains(domains, SPECIAL)


def bare_forward(whole: Any, work: Pass, device: torch.device) -> float:
    """Seconds of the base model alone on the same batches."""
    base = whole.base_model.to(device)
    begin = time.perf_counter()
    with torch.inference_mode():
        for batch in work.batches:
            ids = torch.from_numpy(work.corpus.tokens[batch.start : batch.start + batch.tokens].astype(np.int64))
            base(input_ids=ids.view(batch.sequences, -1).to(device), use_cache=False)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def made_up(folder: Path, options: argparse.Namespace) -> tuple[Any, CausalModel, PreparedCorpus, int]:
    """A random model and Zipf-distributed tokens; the whole model, ours, the corpus, and its context length."""
    whole = random_model(folder, options.layers, options.share_on)
    files = CheckpointFiles("benchmark", folder, (folder / "model.safetensors",), pickled=False)
    model = CausalModel("benchmark", read_config(files), Weights(files))
    return whole, model, zipf_corpus(options.sequences, 2048, 50272), 2048


def real(options: argparse.Namespace) -> tuple[Any, CausalModel, PreparedCorpus, int]:
    """A checkpoint and the built-in texts."""
    opened = open_model(str(options.checkpoint), allow_pickle=False)
    length = options.context_length or opened.causal.context_length
    sources = [parse_corpus_argument(f"builtin:{name}") for name in ("prose", "code", "math")]
    domains = tokenise_domains(
        sources, opened.tokenizer, opened.special, length, options.tokens, lambda _name, _count: None
    )
    whole = AutoModelForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32).eval()
    layers = next(part for part in whole.base_model.modules() if isinstance(part, torch.nn.ModuleList))
    del layers[options.layers :]
    return whole, opened.causal, join_domains(domains, opened.special), length


STAGES = {
    "embed": "embed",
    "read": "waiting for weights",
    "forward": "forward, seeing included",
    "observe": "of which seeing",
    "count": "count",
    "effects": "effects",
    "write": "write, beside the next layer",
}


def written(folder: Path, result: LayerResult, work: Pass, watch: Stopwatch) -> None:
    begin = time.perf_counter()
    write_layer(folder, result, work.plan, work.keep_activations)
    watch.add("write", time.perf_counter() - begin)


def main() -> None:
    keep_freed_memory()  # as the command does
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--share-on", type=float, default=0.05)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--tokens", type=int, default=300_000)
    parser.add_argument("--context-length", type=int)
    parser.add_argument("--keep-activations", default="always", choices=("always", "never"))
    options = parser.parse_args()
    device = torch.device(options.device)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, model, corpus, length = real(options) if options.checkpoint else made_up(folder, options)
        rule = choose_rule("auto", model.family, model.activation_name)
        layers = min(options.layers, len(model.layers))
        plan = counting_plan(corpus.order, corpus.sequence_start, corpus.sequence_domain, length, corpus.domains)
        sizes = Sizes(
            positions=corpus.positions,
            width=model.width,
            rows=model.neurons * rule.poles,
            layers=layers,
            layer_weights=sum(p.numel() for p in model.layers[0].parameters()),
            held=model.bytes_of_a_weight(),
            batch_tokens=options.batch_tokens,
            context_length=length,
            vocabulary=model.vocabulary,
            domains=corpus.domains,
            dtype=torch.float32,
            keep_activations=options.keep_activations == "always",
        )
        planned = plan_resources(sizes, device, None, 0)
        work = Pass(
            model=model,
            rule=rule,
            name="benchmark",
            device=device,
            dtype=torch.float32,
            corpus=corpus,
            plan=plan,
            batches=batches(corpus.sequence_start, options.batch_tokens),
            resources=replace(planned, kept=False),
            scratch=folder,
            keep_activations=options.keep_activations == "always",
        )
        if not options.checkpoint:
            bare_forward(whole, work, device)  # warm up: memory, kernels, caches
        watch = Stopwatch(device)
        begin = time.perf_counter()
        on, last = 0.0, None
        with ThreadPoolExecutor(1) as writer:
            for result in run_layers(work, list(range(layers)), lambda _: None, watch):
                if last is not None:
                    last.result()
                last = writer.submit(written, folder, result, work, watch)
                on += result.counts.count.sum() / len(corpus.order.positions) / work.rows / layers
        extraction = time.perf_counter() - begin
        bare = bare_forward(whole, work, device)
    what = f"{corpus.positions:,} positions, {layers} layers, rule {rule}, {100 * on:.1f}% on, {device}"
    print(f"| {what} | seconds | of bare |")
    print("| --- | ---: | ---: |")
    rows = {"bare decoder forward": bare, "extraction, everything on": extraction}
    rows |= {f"- {STAGES[kind]}": seconds for kind, seconds in watch.seconds.items() if kind in STAGES}
    for row, value in rows.items():
        print(f"| {row} | {value:.1f} | {value / bare:.2f} |")


if __name__ == "__main__":
    main()
