from pathlib import Path

import pytest

from neuron_tui.tui.cli.main import demo
from tests.synthetic import build_run
from tests.tui.command import Command, command  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


class Engine:
    """Stands in for the engine: remembers its arguments, leaves a run, ends with a code."""

    def __init__(self, runs: Path, finished: int, code: int) -> None:
        self.runs, self.finished, self.code = runs, finished, code
        self.calls: list[list[str]] = []

    def __call__(self, arguments: list[str]) -> int:
        self.calls.append(arguments)
        build_run(self.runs / "demo", layers=2, neurons=12, model="pocket-opt", finished=self.finished)
        return self.code


def engine(monkeypatch: pytest.MonkeyPatch, runs: Path, finished: int = 2, code: int = 0) -> Engine:
    stand_in = Engine(runs, finished, code)
    monkeypatch.setattr(demo, "run_engine", stand_in)
    return stand_in


def test_the_first_demo_extracts_the_built_in_model_on_the_built_in_corpus_and_prints_its_summary(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = engine(monkeypatch, tmp_path)
    ended = command("demo", "--no-tui", "--runs-dir", tmp_path)
    assert stand_in.calls == [
        [
            *("extract", "pocket-opt"),
            *("--corpus", "prose=builtin:prose", "--corpus", "code=builtin:code", "--corpus", "math=builtin:math"),
            *("--tokens", "600000", "--name", "demo", "--runs-dir", str(tmp_path)),
        ]
    ]
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == command("info", "demo", "--runs-dir", tmp_path).out


def test_a_finished_demo_is_used_again_and_printed_where_there_is_no_terminal(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_run(tmp_path / "demo", layers=2, neurons=12, model="pocket-opt")
    stand_in = engine(monkeypatch, tmp_path)
    assert command("demo", "--runs-dir", tmp_path).out.startswith("run      demo, complete: 2 of 2 layers\n")
    assert stand_in.calls == []


def test_an_interrupted_demo_goes_on(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_run(tmp_path / "demo", layers=2, neurons=12, model="pocket-opt", finished=1)
    stand_in = engine(monkeypatch, tmp_path)
    assert "demo, complete: 2 of 2 layers" in command("demo", "--runs-dir", tmp_path).out
    assert len(stand_in.calls) == 1


def test_a_run_of_another_model_called_demo_is_left_alone(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_run(tmp_path / "demo", layers=2, neurons=12, model="my-opt")
    stand_in = engine(monkeypatch, tmp_path)
    ended = command("demo", "--runs-dir", tmp_path)
    assert (ended.code, stand_in.calls) == (3, [])
    assert "is not the demo" in ended.err


def test_a_damaged_demo_is_made_again(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_run(tmp_path / "demo", layers=2, neurons=12, model="pocket-opt")
    (tmp_path / "demo/layers/layer_000.h5").unlink()
    stand_in = engine(monkeypatch, tmp_path)
    assert command("demo", "--runs-dir", tmp_path).code == 0
    assert stand_in.calls[0][-1] == "--overwrite"


def test_a_demo_of_an_older_format_is_made_again(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_run(tmp_path / "demo", layers=2, neurons=12, model="pocket-opt")
    manifest = tmp_path / "demo/run.json"
    manifest.write_text(manifest.read_text().replace('"format_version": 2', '"format_version": 1'))
    stand_in = engine(monkeypatch, tmp_path)
    assert command("demo", "--runs-dir", tmp_path).code == 0
    assert stand_in.calls[0][-1] == "--overwrite"


@pytest.mark.parametrize("code", [3, 130])
def test_an_extraction_that_fails_ends_the_demo_with_its_code(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    engine(monkeypatch, tmp_path, finished=1, code=code)
    ended = command("demo", "--runs-dir", tmp_path)
    assert (ended.code, ended.out) == (code, "")


def test_in_a_terminal_the_demo_is_opened_in_the_app(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Path, Path | None]] = []

    def open_app(runs_dir: Path, run: Path | None, *, mouse: bool) -> int:
        opened.append((runs_dir, run))
        return 0

    engine(monkeypatch, tmp_path)
    monkeypatch.setattr(demo, "has_terminal", lambda: True)
    monkeypatch.setattr(demo, "open_app", open_app)
    assert command("demo", "--runs-dir", tmp_path).code == 0
    assert opened == [(tmp_path, tmp_path / "demo")]
