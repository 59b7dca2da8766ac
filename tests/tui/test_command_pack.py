"""`pack` and `unpack` as commands: where the archive goes, what is said, and that an interruption leaves nothing."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.disk.lock import writing
from tests.tui.command import Command, command  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_run_goes_there_and_back(command: Command, runs: Path, here: Path, tmp_path: Path) -> None:
    ended = command("pack", "few", "--runs-dir", runs)
    assert (ended.code, ended.out, ended.err) == (0, "", "Done: few.tar\n")
    ended = command("unpack", "few.tar", "--runs-dir", tmp_path / "new", "--name", "theirs")
    assert (ended.code, ended.out, ended.err) == (0, "", f"Done: {tmp_path / 'new' / 'theirs'}\n")
    assert open_run(tmp_path / "new" / "theirs").layers[0].neuron(1) is not None
    assert command("check", "theirs", "--runs-dir", tmp_path / "new").out == ""


def test_json_says_what_was_packed_and_where_it_is(command: Command, runs: Path, here: Path, tmp_path: Path) -> None:
    packed = json.loads(command("pack", "few", "--runs-dir", runs, "--json").out)
    size = sum(file.stat().st_size for file in (runs / "few").rglob("*") if file.suffix in (".json", ".h5"))
    about = {"files": 3, "bytes": size, "variants": []}
    assert packed == {"path": str(here / "few.tar"), "name": "few", **about, "left_out": []}
    made = json.loads(command("unpack", "few.tar", "--runs-dir", tmp_path / "r", "--name", "x", "--json").out)
    assert made == {"path": str(tmp_path / "r" / "x"), "name": "x", **about}


def test_an_archive_of_the_default_name_is_not_replaced_and_one_that_is_named_is(
    command: Command, runs: Path, here: Path
) -> None:
    (here / "few.tar").write_text("dear to me")
    ended = command("pack", "few", "--runs-dir", runs)
    assert (ended.code, (here / "few.tar").read_text()) == (2, "dear to me")
    assert ended.err == "few.tar exists\nName another file, or this one to replace it, with --output PATH.\n"
    assert command("pack", "few", "--runs-dir", runs, "--output", "few.tar").code == 0
    assert (here / "few.tar").stat().st_size > 10_000


def test_it_goes_through_a_pipe_and_never_to_a_terminal(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    start = [sys.executable, "-c", "from neuron_tui.tui.cli.main import main; main()"]
    pack = [*start, "pack", "few", "--runs-dir", str(runs), "--output", "-"]
    unpack = [*start, "unpack", "-", "--runs-dir", str(tmp_path / "new")]
    with subprocess.Popen(pack, stdout=subprocess.PIPE) as packing:
        done = subprocess.run(unpack, stdin=packing.stdout, capture_output=True, text=True)
    assert (packing.returncode, done.returncode, done.stdout) == (0, 0, "")
    assert done.stderr == f"Done: {tmp_path / 'new' / 'few'}\n"
    ended = command("pack", "few", "--runs-dir", runs, "--output", "-", "--json")
    assert (ended.code, ended.out) == (2, "")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ended = command("pack", "few", "--runs-dir", runs, "--output", "-")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("an archive is no text, and stdout is a terminal\n")


def test_a_run_that_is_being_written_is_4(command: Command, own_runs: Path, here: Path) -> None:
    with writing(own_runs / "few"):
        ended = command("pack", "few", "--runs-dir", own_runs)
    assert (ended.code, ended.out, list(here.iterdir())) == (4, "", [])
    assert ended.err == "another process is writing the run few\nWait for it, then run this again.\n"


def test_a_damaged_run_is_4_and_leaves_no_archive(command: Command, own_runs: Path, here: Path) -> None:
    layer = own_runs / "few" / "layers" / "layer_000.h5"
    layer.write_bytes(layer.read_bytes()[:-1] + b"?")
    ended = command("pack", "few", "--runs-dir", own_runs)
    assert (ended.code, ended.out, list(here.iterdir())) == (4, "", [])
    assert "neuron-tui check few" in ended.err


def test_a_full_disk_is_3_before_anything_is_written(
    command: Command, runs: Path, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("pack", "few", "--runs-dir", runs).code == 0
    monkeypatch.setattr("neuron_tui.store.disk.files.shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    for arguments in (("pack", "few", "--runs-dir", runs, "--output", "x.tar"), ("unpack", "few.tar")):
        ended = command(*arguments, *(["--runs-dir", tmp_path / "new"] if arguments[0] == "unpack" else []))
        assert (ended.code, ended.out) == (3, "")
        assert "has 1.0 kB free\nFree some space" in ended.err
    assert [path.name for path in here.iterdir()] == ["few.tar"]
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("path", ["nowhere.tar", ".", "\0"])
def test_what_cannot_be_read_is_3(command: Command, tmp_path: Path, path: str) -> None:
    ended = command("unpack", path, "--runs-dir", tmp_path / "new")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("cannot read ")
    assert len(ended.err.splitlines()) == 2


def test_names_in_an_archive_do_nothing_to_a_terminal(command: Command, runs: Path, here: Path, tmp_path: Path) -> None:
    assert command("pack", "few", "--runs-dir", runs).code == 0
    data = (here / "few.tar").read_bytes()
    (here / "evil.tar").write_bytes(data.replace(b"run.json", b"\x1b[31m.js", 1))
    ended = command("unpack", "evil.tar", "--runs-dir", tmp_path / "new")
    assert ended.code == 3
    assert "\x1b" not in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interruption_leaves_nothing(runs: Path, here: Path, tmp_path: Path, number: signal.Signals) -> None:
    # Each is interrupted after the first bytes that it told of.
    start = (
        "import os, signal; from neuron_tui.tui.cli import progress_line as p, pack\n"
        "from contextlib import contextmanager\n"
        "@contextmanager\n"
        f"def telling(words): yield lambda done: os.kill(os.getpid(), {int(number)})\n"
        "pack.telling = telling\n"
        "from neuron_tui.tui.cli.main import main; main()"
    )
    common = [sys.executable, "-c", start]
    done = subprocess.run([*common, "pack", "few", "--runs-dir", str(runs)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted; nothing is left of it\n")
    assert list(here.iterdir()) == []
    plain = [sys.executable, "-c", "from neuron_tui.tui.cli.main import main; main()"]
    subprocess.run([*plain, "pack", "few", "--runs-dir", str(runs)], check=True, capture_output=True)
    new = tmp_path / "new"
    done = subprocess.run([*common, "unpack", "few.tar", "--runs-dir", str(new)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted; nothing is left of it\n")
    assert list(new.iterdir()) == []


def test_at_a_terminal_it_tells_how_far_it_is(
    command: Command, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuron_tui.tui.cli.progress_line._TELL_EVERY", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    told = command("pack", "few", "--runs-dir", runs).err.split("\r")
    assert told[1].endswith(" packed") and " of " in told[1]
    assert told[-1] == "Done: few.tar\n"
    told = command("unpack", "few.tar", "--runs-dir", tmp_path / "new").err.split("\r")
    assert told[1].endswith(" unpacked")
