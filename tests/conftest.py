"""No test reads or writes what belongs to the person who runs the tests."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("NEURON_TUI_STATE", str(own / "state"))
    monkeypatch.setenv("NEURON_TUI_CONFIG", str(Path(own) / "config.toml"))
