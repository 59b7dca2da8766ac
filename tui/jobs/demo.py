"""The demo: the built-in model on the built-in corpus, and the extraction that makes it."""

from __future__ import annotations

from pathlib import Path

NAME = "demo"
MODEL = "pocket-opt"
TOKENS = 600_000


def demo_arguments() -> list[str]:
    """Arguments of the engine's `extract` that make the demo's run."""
    corpus = [part for domain in ("prose", "code", "math") for part in ("--corpus", f"builtin:{domain}")]
    return [MODEL, *corpus, "--tokens", str(TOKENS), "--name", NAME]


def extraction(directory: Path) -> list[str]:
    """Arguments of the engine that make the demo's run in a directory."""
    return ["extract", *demo_arguments(), "--runs-dir", str(directory)]
