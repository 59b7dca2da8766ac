"""A few of the many trials of `tests.reliability.flips`."""

from pathlib import Path

from tests.reliability.flips import drawn, run, subjects


def test_damaged_bytes_are_an_error_or_the_same_numbers(tmp_path: Path) -> None:
    trials = list(drawn(90, seed=1_000_000))
    assert run(subjects(tmp_path / "run"), trials, tmp_path) == []
