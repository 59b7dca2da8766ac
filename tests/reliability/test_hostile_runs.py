"""Runs made or spoiled by somebody are refused or shown as they are; short strings are shown safely. A few of each."""

from pathlib import Path

import pytest

from tests.reliability import mutated, strings
from tests.reliability.probes import COMMANDS


def test_mutated_runs_hurt_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "COLUMNS", "NEURON_TUI_STATE", "NEURON_TUI_CONFIG"):
        monkeypatch.setenv(name, "")  # so that it is as it was once the test is over
    tally = mutated.run_trials(25, 5_000_000, tmp_path, how=mutated.Readings(COMMANDS[::7], with_app=False))
    assert tally.trials.total() == 25
    assert tally.trials[mutated.NOT_MADE] <= 2
    assert tally.failed == {}, "\n".join(tally.lines())


def test_strings_of_bytes_are_shown_safely_and_exported_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "_NEURONS", 12)
    tally = strings.run_strings(1, 50, widgets=0, few=300)
    assert tally.tried == 300
    assert tally.failed == {}
