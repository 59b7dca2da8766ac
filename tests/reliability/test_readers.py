"""A few of the many openings of `tests.reliability.readers`."""

from pathlib import Path

from tests.reliability.readers import campaign


def test_who_reads_while_a_run_is_written_finds_the_final_numbers(tmp_path: Path) -> None:
    found, _, spent = campaign(tmp_path / "model", layers=3, times=40, seed=7_000_000, pause=0.01, alone=0)
    assert set(found) <= {"right", "not there yet"}
    assert found["right"] == 40
    assert spent.rounds >= 1
