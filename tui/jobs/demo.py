"""The demo: the built-in model on the built-in corpus, and the extraction that makes it."""

from __future__ import annotations

from pathlib import Path

NAME = "demo"
MODEL = "pocket-opt"
TOKENS = 600_000


def demo_arguments() -> list[str]:
    """Arguments of the engine's `extract` that make the demo's run."""
    from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES
    from neuron_tui.store.runs.options import ExtractionOptions

    return list(ExtractionOptions(model=MODEL, corpus=BUILTIN_SOURCES, tokens=TOKENS, name=NAME).arguments())


def extraction(directory: Path) -> list[str]:
    """Arguments of the engine that make the demo's run in a directory."""
    return ["extract", *demo_arguments(), "--runs-dir", str(directory)]
