"""Every test runs alike whoever starts it, and none reads or writes what belongs to that person."""

import signal
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background so, and all that is started from it inherits it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("NEURON_TUI_STATE", str(own / "state"))
    monkeypatch.setenv("NEURON_TUI_CONFIG", str(Path(own) / "config.toml"))
