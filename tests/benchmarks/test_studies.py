"""The studies behind docs/findings.md: their commands are ones that the program takes, and compare what they say."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from benchmarks.studies import extractions, main, train
from benchmarks.trainings import BUILT_IN, CHECKPOINT_EVERY, STUDIES, TRAININGS, Extraction, Training, chosen, training
from neuron_tui.engine.command import app as engine
from neuron_tui.engine.model.locate import builtin_names

MODELS, RUNS = Path("models"), Path("runs")


def parsed(command: list[str]) -> dict[str, object]:
    """The options of an engine's command as the command itself would get them; nothing is run."""
    program, name, *words = command
    assert program == "neuron-tui"
    return typer.main.get_command(engine).commands[name].make_context(name, words).params


def differing(one: str, other: str) -> set[str]:
    """Names of the options in which two trainings differ, beside where the model goes."""
    options = [parsed(training(name).command(MODELS)) for name in (one, other)]
    return {name for name in options[0] if options[0][name] != options[1][name]} - {"output", "checkpoint_every"}


@pytest.mark.parametrize("one", TRAININGS, ids=lambda one: one.name)
def test_every_training_is_a_command(one: Training) -> None:
    options = parsed(one.command(MODELS))
    assert options["output"] == MODELS / one.name
    assert (options["width"], options["ffn"], options["seed"]) == (one.width, one.ffn, one.seed)
    assert options["steps"] == one.steps


@pytest.mark.parametrize("one", [e for t in TRAININGS for e in t.extractions()], ids=lambda one: one.name)
def test_every_extraction_is_a_command_that_reads_what_a_training_leaves(one: Extraction) -> None:
    options = parsed(one.command(MODELS, RUNS))
    assert (options["name"], options["runs_dir"]) == (one.name, RUNS)
    assert options["model"] == str(one.model(MODELS))
    trained = parsed(one.training.command(MODELS))
    if one.step == trained["steps"]:
        assert one.model(MODELS) == trained["output"]
    else:
        assert one.step % trained["checkpoint_every"] == 0 and trained["checkpoint_every"] == CHECKPOINT_EVERY
        assert one.model(MODELS).name == f"step_{one.step:07d}"


def test_runs_have_names_of_their_own_and_read_the_same_text() -> None:
    runs = [parsed(command) for command in extractions(MODELS, RUNS, [])]
    names = [options["name"] for options in runs]
    assert names == [*(one.name for trained in TRAININGS for one in trained.extractions()), BUILT_IN]
    assert len(set(names)) == len(names)
    assert len({str(options | {"name": "", "model": ""}) for options in runs}) == 1
    assert BUILT_IN in builtin_names()


def test_models_that_are_compared_differ_in_what_they_are_compared_for() -> None:
    assert differing("base", "nopos") == differing("base-seed1", "nopos-seed1") == {"positions"}
    assert differing("base", "base-seed1") == differing("nopos", "nopos-seed1") == {"seed", "steps"}
    assert differing("base", "small") == differing("base", "large") == {"width", "ffn"}
    assert differing("base", "after") == {"layer_norm"}
    assert differing("base", "smooth") == {"smooth_positions"}


def test_a_study_and_a_training_can_be_named_and_nothing_is_done_twice() -> None:
    assert list(chosen([])) == list(TRAININGS)
    assert [one.name for one in chosen(["norm", "base", "small"])] == ["base", "small", "after"]
    assert {name for names in STUDIES.values() for name in names} == {one.name for one in TRAININGS}


def test_what_is_trained_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "after").mkdir()
    (tmp_path / "after" / "model.safetensors").touch()
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: ran.append(command))
    train(tmp_path, ["norm"])
    assert [command[command.index("--output") + 1] for command in ran] == [str(tmp_path / "base")]


def test_the_commands_are_printed_and_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    main(["commands", "small"])
    trained, extracted = capsys.readouterr().out.splitlines()
    assert trained.startswith("neuron-tui train ") and extracted.startswith("neuron-tui extract ")
    with pytest.raises(SystemExit):
        main(["commands", "smaller"])
    assert "no study or training smaller" in capsys.readouterr().err


def test_it_starts_as_the_page_says() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks.studies", "commands", "norm"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert "--layer-norm after" in done.stdout
