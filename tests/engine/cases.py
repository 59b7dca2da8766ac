"""Random models on small corpora, built once each: what brute force and the engine are compared on."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import open_run

from . import brute_force
from .brute_force import Record
from .checkpoints import EOS, Layout, Shape, Vocabulary, build_tokenizer, random_opt, save, settle, words, write_config

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Case:
    """A model, a corpus and options. `corpus` writes the texts to a folder and returns the corpus arguments."""

    shape: Shape
    vocabulary: Vocabulary
    size: int
    corpus: Callable[[Path], tuple[str, ...]]
    seed: int = 0
    context_length: int | None = None
    tokens: int | None = None
    layers: tuple[int, ...] | None = None
    layout: Layout = "safetensors"
    prefix: Any = "model.decoder."
    head: bool | None = None
    dtype: torch.dtype = torch.float32


def two_domains(folder: Path) -> tuple[str, ...]:
    """A text and a JSONL file, whose last window is short; the second domain has more than one document."""
    (folder / "prose.txt").write_text(words(1, 620), encoding="utf-8")
    lines = [json.dumps({"text": words(seed, 12 * seed)}, ensure_ascii=seed % 2 == 0) for seed in range(1, 10)]
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return (str(folder / "prose.txt"), f"rows={folder / 'rows.jsonl'}")


def three_domains(folder: Path) -> tuple[str, ...]:
    """A folder and, later, a gzipped file of the same domain; an empty document; a domain shorter than a window."""
    tree = folder / "tree" / "below"
    tree.mkdir(parents=True)
    (tree.parent / "b.txt").write_text(words(2, 150), encoding="utf-8")
    (tree.parent / "ignored.html").write_text("not text for us", encoding="utf-8")
    (tree / "a.jsonl").write_text(json.dumps({"text": words(3, 200), "other": 1}) + "\n\n", encoding="utf-8")
    with gzip.open(folder / "more.txt.gz", "wt", encoding="utf-8") as file:
        file.write(words(4, 120))
    rows = [{"text": "one </s> document with <pad> in it"}, {"text": ""}, {"text": words(5, 200)}]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "tiny.txt").write_text("a few words", encoding="utf-8")
    return (
        f"tree={folder / 'tree'}",
        f"tiny={folder / 'tiny.txt'}",
        f"rows={folder / 'rows.jsonl'}",
        f"tree={folder / 'more.txt.gz'}",
    )


def few_words(folder: Path) -> tuple[str, ...]:
    """Less than one window of text."""
    (folder / "few.txt").write_text("only a few words here", encoding="utf-8")
    return (str(folder / "few.txt"),)


FAMILY = {
    "LayerNorm first": Case(Shape(), "fast", 320, two_domains),
    "LayerNorm after, with projections": Case(
        Shape(layers=2, norm_before=False, projection=20, context=25), "hub", 400, three_domains, prefix="decoder."
    ),
    "final LayerNorm removed, with projections": Case(
        Shape(layers=2, remove_final_norm=True, projection=48, context=33), "own bos", 600, two_domains
    ),
    "own unembedding, half precision": Case(
        Shape(layers=2, tied=False, extra_rows=7, context=30), "hub", 300, three_domains, seed=3, dtype=torch.float16
    ),
    "no biases, plain LayerNorm": Case(
        Shape(layers=2, neurons=20, bias=False, affine=False), "fast", 270, two_domains, seed=6, tokens=1000
    ),
    "a shorter context": Case(Shape(layers=2, context=64), "fast", 320, three_domains, context_length=17),
    "a budget": Case(Shape(layers=2), "hub", 320, three_domains, tokens=700, head=True),
    "some layers": Case(Shape(layers=4, neurons=12), "fast", 320, two_domains, layers=(1, 3)),
    "more neurons than a word of bits": Case(Shape(layers=1, neurons=130), "fast", 320, two_domains, tokens=1200),
    "less text than a window": Case(Shape(layers=2), "fast", 320, few_words),
}


def build(case: Case, folder: Path) -> tuple[str, ...]:
    """Write the checkpoint and the texts of a case; returns the corpus arguments."""
    build_tokenizer(case.vocabulary, case.size, folder)
    bos = 0 if case.vocabulary == "own bos" else EOS
    write_config(case.shape, case.size, folder, bos=bos, dtype=str(case.dtype).removeprefix("torch."))
    texts = folder / "texts"
    texts.mkdir()
    corpus = case.corpus(texts)
    text = brute_force.tokenise(folder, corpus, case.context_length, case.tokens)
    often = [gram[0] for gram, _ in text.occurrences[1].most_common(40)]
    model = random_opt(folder, case.seed, often)
    model.to(case.dtype).to(torch.float32)
    if case.shape.bias:
        settle(model, [window.ids for window in text.windows])
    save(model, folder, case.layout, prefix=case.prefix, head=case.head, dtype=case.dtype)
    return corpus


def expected_records(case: Case, folder: Path, corpus: tuple[str, ...]) -> tuple[dict[Key, Record], float]:
    """Records of a case by brute force, and how near to zero a value before an activation came."""
    return brute_force.records(
        folder, corpus, context_length=case.context_length, tokens=case.tokens, layers=case.layers
    )


def request(case: Case, folder: Path, corpus: tuple[str, ...], runs: Path, **options: Any) -> ExtractionRequest:
    """The extraction of a case, with further options."""
    settled: dict[str, Any] = {
        "name": "x",
        "context_length": case.context_length,
        "tokens": case.tokens,
        "layers": case.layers,
        "device": os.environ.get("NEURON_TUI_TEST_DEVICE", "cpu"),
    }
    return ExtractionRequest(model=str(folder), corpus=corpus, runs_dir=runs, **(settled | options))


def extracted(asked: ExtractionRequest) -> dict[Key, Record]:
    """Extract, and read every record of the run."""
    return stored_records(extract(asked))


def stored_records(run: Path) -> dict[Key, Record]:
    """Every record of a run by (layer, neuron), each with `first_active` and the values of the `highest` contexts."""
    found = {}
    for layer in open_run(run).layers.values():
        first = layer.columns("first_active")["first_active"].tolist()
        contexts = layer.contexts_of(np.arange(layer.neurons), kind="highest")
        for record, own in zip(layer.records(), contexts, strict=True):
            more = {"first_active": first[record.neuron], "highest": [list(context.values) for context in own]}
            found[record.layer, record.neuron] = record.to_dict() | more
    return found
