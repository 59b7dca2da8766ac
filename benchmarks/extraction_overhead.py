"""Extraction with everything on against the bare decoder forward of the same batches, in one run.

A random model with OPT-125m's layer shape (width 768, 12 heads, FFN 3072, context 2048), biased so that about 5% of
activations are on, reads Zipf-distributed tokens. Prints a Markdown table.

    python benchmarks/extraction_overhead.py --sequences 96 --layers 2
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import OPTConfig, OPTForCausalLM

from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains
from neuron_tui.engine.corpus.tokenise import DomainTokens, SpecialTokens
from neuron_tui.engine.counting.layer import counting_plan
from neuron_tui.engine.layers import Pass, run_layers
from neuron_tui.engine.model.forward import batches
from neuron_tui.engine.model.locate import CheckpointFiles, read_config
from neuron_tui.engine.model.opt import family_of
from neuron_tui.engine.model.weights import Weights
from neuron_tui.engine.progress import Progress
from neuron_tui.engine.resources import Resources
from neuron_tui.engine.writing import write_layer

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


def bare_forward(model: OPTForCausalLM, work: Pass, device: torch.device) -> float:
    decoder = model.model.decoder.to(device)
    begin = time.perf_counter()
    with torch.inference_mode():
        for batch in work.batches:
            ids = torch.from_numpy(work.corpus.tokens[batch.start : batch.start + batch.tokens].astype(np.int64))
            decoder(input_ids=ids.view(batch.sequences, -1).to(device), use_cache=False)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--share-on", type=float, default=0.05)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = random_model(folder, options.layers, options.share_on)
        files = CheckpointFiles("benchmark", folder, (folder / "model.safetensors",), pickled=False)
        family = family_of("benchmark", read_config(files), Weights(files))
        corpus = zipf_corpus(options.sequences, 2048, 50272)
        plan = counting_plan(corpus.order, corpus.sequence_start, corpus.sequence_domain, 2048, corpus.domains)
        work = Pass(
            family=family,
            name="benchmark",
            device=device,
            dtype=torch.float32,
            corpus=corpus,
            plan=plan,
            batches=batches(corpus.sequence_start, options.batch_tokens),
            resources=Resources("memory", False, 0, 0, 0, 0),
            scratch=folder,
        )
        bare_forward(model, work, device)  # warm up: memory, kernels, caches
        seconds: dict[str, float] = defaultdict(float)
        last = time.perf_counter()

        def see(step: Progress) -> None:
            nonlocal last
            now = time.perf_counter()
            seconds[step.stage] += now - last
            last = now

        begin = time.perf_counter()
        on = 0.0
        last = begin
        for result in run_layers(work, list(range(options.layers)), see):
            seconds["effects"] += time.perf_counter() - last
            last = time.perf_counter()
            write_layer(folder, result.layer, result.counts, result.effects, plan, result.bits.words)
            seconds["write"] += time.perf_counter() - last
            last = time.perf_counter()
            on += result.counts.count.sum() / len(corpus.order.positions) / family.neurons / options.layers
        whole = time.perf_counter() - begin
        bare = bare_forward(model, work, device)
    print(
        f"| {corpus.positions:,} positions, {options.layers} layers, {100 * on:.1f}% on, {device} | seconds | of bare |"
    )
    print("| --- | ---: | ---: |")
    rows = {"bare decoder forward": bare, "extraction, everything on": whole}
    rows |= {f"- {stage}": seconds[stage] for stage in ("embed", "forward", "count", "effects", "write")}
    for row, value in rows.items():
        print(f"| {row} | {value:.1f} | {value / bare:.2f} |")


if __name__ == "__main__":
    main()
