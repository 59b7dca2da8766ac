"""What the screens of the app show is there for programs: as JSON on stdout, in documented shapes."""

import json
import re
import signal
from pathlib import Path

import pytest
import typer

from neuron_tui.engine.command import app as engine
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import layer_file
from neuron_tui.tui.cli.main import app
from tests.tui.command import Command, command  # noqa: F401 - a fixture
from tests.tui.jobs_at_hand import at_work, put_job

# ruff: noqa: F811 - the fixture is imported by its name

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")

WITHOUT_JSON = {
    "open": "opens the app",
    "ask": "the engine's own, for the app: every line that it takes and prints is JSON",
    "demo": "extracts and opens the app; `info demo --json` is its data",
    "analyze": "makes a variant; `info RUN@NAME --json` is its data",
    "notes": "`notes export` prints lines of JSON, `notes import` takes them",
    "train": "makes a checkpoint, with a report in JSON beside it",
}
"""Commands that print no data of their own, and where it is."""


def commands() -> dict[str, set[str]]:
    """Options of every command; what is passed on to the engine has the engine's."""
    found: dict[str, set[str]] = {}
    for program in (app, engine):
        for name, one in typer.main.get_command(program).commands.items():  # type: ignore[attr-defined]
            found[name] = found.get(name, set()) | {option for given in one.params for option in given.opts}
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_gives_its_data_as_json_or_has_none(name: str) -> None:
    assert bool({"--json", "--format"} & commands()[name]) is (name not in WITHOUT_JSON)


def test_no_exception_is_left_that_there_is_no_command_for() -> None:
    assert set(WITHOUT_JSON) <= set(commands())


def screens() -> list[str]:
    """Headings of docs/app.md that are of a screen, or a part of one, with data in it."""
    text = (Path(__file__).parents[2] / "docs" / "app.md").read_text(encoding="utf-8")
    return [title for title in re.findall(r"^## (.*)", text, re.MULTILINE) if title not in WITHOUT_DATA]


WITHOUT_DATA = {"Help and commands", "Over SSH, in tmux"}


def test_every_screen_has_a_command_that_says_the_same() -> None:
    section = PAGE.partition("## For programs")[2]
    table = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
    linked = set(re.findall(r"\[([^]]+)\]\(app\.md#", "\n".join(table)))
    assert set(screens()) - linked == set()


def test_a_check_is_told_as_data(command: Command, own_runs: Path) -> None:
    sound = command("check", "whole", "--json", "--runs-dir", own_runs)
    assert sound.code == 0
    assert json.loads(sound.out) == {
        **{"run": "whole", "path": str(own_runs / "whole"), "sound": True},
        **{"problems": [], "remedy": None},
    }
    (own_runs / "whole" / layer_file(0)).unlink()
    (own_runs / "whole" / "mine.txt").touch()
    damaged = command("check", "whole", "--json", "--runs-dir", own_runs)
    data = json.loads(damaged.out)
    found = check_run(own_runs / "whole")
    assert (damaged.code, data["sound"]) == (4, False)
    assert [(one["severity"], one["file"], one["message"]) for one in data["problems"]] == [
        (one.severity, one.file, one.message) for one in found
    ]
    assert data["remedy"] == "Mend it with: neuron-tui mend whole"


@pytest.mark.parametrize("arguments", [("figures", "whole"), ("compare", "whole", "few"), ("paper", "whole")])
def test_json_is_the_format_json(command: Command, runs: Path, arguments: tuple[str, ...]) -> None:
    common = (*arguments, "--runs-dir", runs)
    short = command(*common, "--json")
    assert short == command(*common, "--format", "json")
    assert (short.code, json.loads(short.out) != []) == (0, True)
    both = command(*common, "--json", "--format", "table")
    assert both.out == short.out
    other = command(*common, "--json", "--format", {"paper": "md"}.get(arguments[0], "csv"))
    assert (other.code, other.out) == (2, "")
    assert "are two formats" in other.err


def test_info_names_the_run_of_a_variant(command: Command, runs: Path) -> None:
    assert json.loads(command("info", "whole", "--json", "--runs-dir", runs).out)["variant_of"] is None


def test_a_job_is_told_with_its_log(command: Command, tmp_path: Path) -> None:
    with at_work(tmp_path / "goes", log="first\nsecond\x1b[31m\n", stage="count", done=1, total=4):
        ended = command("job", "goes", "--json", "--lines", 1, "--runs-dir", tmp_path)
        shown = command("job", "goes", "--runs-dir", tmp_path)
    data = json.loads(ended.out)
    assert (data["run"], data["path"], data["state"]) == ("goes", str(tmp_path / "goes"), "running")
    assert data["log"] == ["second\x1b[31m"]
    assert set(data["job"]) == set(Job.model_fields)
    assert Job.model_validate_json(json.dumps(data["job"])).total == 4
    lines = shown.out.splitlines()
    assert lines[1] == "state    running, 6 of 24 layers finished"
    assert lines[2] == "doing    layer 6 (7 of 24) counting, 25%"
    assert lines[-2:] == ["first", "second\\x1b[31m"]


def test_a_job_that_has_no_run_yet_is_told_and_one_that_is_not_there_is_3(command: Command, tmp_path: Path) -> None:
    put_job(tmp_path / "failed", state="failed", problem="corpus x: no text\nName another.")
    ended = command("job", "failed", "--runs-dir", tmp_path)
    assert "problem  corpus x: no text" in ended.out.splitlines()
    assert json.loads(command("job", tmp_path / "failed", "--json").out)["state"] == "failed"
    assert command("job", "nothing", "--runs-dir", tmp_path).code == 3


def test_a_run_without_a_job_is_3(command: Command, runs: Path) -> None:
    ended = command("job", "whole", "--json", "--runs-dir", runs)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("no job at ")


@pytest.mark.parametrize(
    ("option", "number", "said"),
    [
        ("--pause", signal.SIGUSR1, "goes pauses at its next step"),
        ("--continue", signal.SIGUSR2, "goes goes on"),
        ("--cancel", signal.SIGINT, "goes ends at its next step; again ends it at once"),
    ],
)
def test_a_job_is_paused_let_go_on_and_cancelled(
    command: Command, tmp_path: Path, option: str, number: signal.Signals, said: str
) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda got, _: heard.append(got))  # the job at hand is this process
    try:
        with at_work(tmp_path / "goes"):
            ended = command("job", "goes", option, "--runs-dir", tmp_path)
            both = command("job", "goes", "--pause", "--resume", "--runs-dir", tmp_path)
    finally:
        signal.signal(number, before)
    assert (ended.code, ended.out, ended.err, heard) == (0, "", f"{said}\n", [number])
    assert (both.code, both.err.splitlines()[0]) == (2, "one thing at a time")


def test_what_cannot_be_done_with_a_job_is_4_and_said(command: Command, tmp_path: Path, runs: Path) -> None:
    put_job(tmp_path / "gone")
    ended = command("job", "gone", "--pause", "--runs-dir", tmp_path)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == "the extraction of gone is not under way: its process is gone\n"
    ended = command("job", "whole", "--resume", "--runs-dir", runs)
    assert (ended.code, ended.err) == (3, "the run whole is complete: there is nothing to go on with\n")
