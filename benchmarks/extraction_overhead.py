"""Extraction with everything on against the bare decoder forward of the same batches, in one run.

    python -m benchmarks.extraction_overhead --sequences 96 --layers 2
    python -m benchmarks.extraction_overhead --checkpoint FOLDER --layers 4 --tokens 300000 --context-length 1024

The first reads Zipf-distributed tokens with a random model of OPT-125m's layer shape (width 768, 12 heads, FFN 3072,
context 2048), biased so that about 5% of activations are on. The second reads the built-in texts with a checkpoint of
any family, by the rule that suits it. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from benchmarks.made_up import (
    OPT_125M,
    bare_model,
    pass_over,
    timed_extraction,
    timed_forward,
    write_checkpoint,
    zipf_corpus,
)
from neuron_tui.engine.buffers import keep_freed_memory
from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains
from neuron_tui.engine.corpus.tokenise import tokenise_domains
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.opened import open_model
from neuron_tui.store.runs.corpus_argument import parse_corpus_argument

STAGES = {
    "embed": "embed",
    "read": "waiting for weights",
    "forward": "forward, seeing included",
    "observe": "of which seeing",
    "count": "count",
    "effects": "effects",
    "write": "write, beside the next layer",
}


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
    return whole.base_model, opened.causal, join_domains(domains, opened.special), length


def main() -> None:
    keep_freed_memory()  # as the command does
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--share-on", type=float, default=0.05)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--tokens", type=int, default=300_000)
    parser.add_argument("--context-length", type=int)
    parser.add_argument("--keep-activations", default="always", choices=("always", "never"))
    options = parser.parse_args()
    device, dtype = torch.device("cpu"), torch.float32
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.checkpoint:
            base, model, corpus, length = real(options)
        else:
            shape = replace(OPT_125M, layers=options.layers)
            model = write_checkpoint(folder, shape, dtype, device, options.share_on)
            base, length = bare_model(shape, device, dtype), shape.context
            corpus = zipf_corpus(options.sequences, length, shape.vocabulary)
        layers = min(options.layers, len(model.layers))
        keep = options.keep_activations == "always"
        work = pass_over(model, corpus, length, device, dtype, options.batch_tokens, keep, folder)
        if not options.checkpoint:
            timed_forward(base, work)  # warm up: memory, kernels, caches
        found = timed_extraction(work, layers)
        bare = timed_forward(base, work)
    what = f"{corpus.positions:,} positions, {layers} layers, rule {work.rule}, {100 * found.on:.1f}% on, {device}"
    print(f"| {what} | seconds | of bare |")
    print("| --- | ---: | ---: |")
    rows = {"bare decoder forward": bare, "extraction, everything on": found.seconds}
    rows |= {f"- {text}": found.by_kind[kind] for kind, text in STAGES.items() if kind in found.by_kind}
    for row, value in rows.items():
        print(f"| {row} | {value:.1f} | {value / bare:.2f} |")


if __name__ == "__main__":
    main()
