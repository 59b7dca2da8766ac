"""A run of the planted model on a little text, its activity kept, for all tests of asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from neuron_tui.engine.extraction import ExtractionRequest, extract
from tests.engine import planted


@pytest.fixture(scope="session")
def planted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the run `planted`; to be read only, but for what it is measured on."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "model").mkdir()
    (folder / "texts").mkdir()
    planted.write_checkpoint(folder / "model")
    corpus = planted.write_corpus(folder / "texts")
    request = ExtractionRequest(
        model=str(folder / "model"),
        corpus=corpus,
        name="planted",
        tokens=6000,
        keep_activations="always",
        runs_dir=folder / "runs",
        device="cpu",
    )
    return extract(request)
