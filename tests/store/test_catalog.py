import shutil
import stat
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.disk.lock import writing
from neuron_tui.store.errors import (
    InputError,
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    RunNotFoundError,
    RunPartialError,
    UsageError,
)
from neuron_tui.store.runs.catalog import (
    delete_run,
    find_run,
    list_runs,
    rename_run,
    run_folder,
    runs_directory,
    summarise,
)
from neuron_tui.store.runs.folder import abandon, refuse_foreign_folder, writing_to
from neuron_tui.store.runs.job import JOB_FILE, LOG_FILE, JobState, write_job
from neuron_tui.store.runs.manifest import MANIFEST, layer_file, read_manifest, write_manifest
from tests.store.test_job import job
from tests.synthetic import build_run


def test_the_runs_directory_is_the_one_given_else_the_variable_else_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURON_TUI_RUNS", str(tmp_path / "from_variable"))
    assert runs_directory(tmp_path) == tmp_path
    assert runs_directory() == tmp_path / "from_variable"
    monkeypatch.delenv("NEURON_TUI_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert runs_directory().name == "runs"
    assert runs_directory().parent.name == "neuron-tui"


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/etc", "", ".", "..", ".hidden", "-x", "a b", "a\n", "a\0", "x" * 101]
)
def test_a_name_that_could_leave_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be used\nUse up to 100 letters"):
        run_folder(tmp_path, name)


def test_an_ordinary_name_is_a_folder_of_the_directory(tmp_path: Path) -> None:
    assert run_folder(tmp_path, "opt-1.3b_wiki+code@2") == tmp_path / "opt-1.3b_wiki+code@2"


def test_a_run_is_found_by_name_and_by_path(copy: Path) -> None:
    assert find_run(copy.parent, "demo") == copy
    assert find_run(copy.parent / "elsewhere", str(copy)) == copy


@pytest.mark.parametrize("name", ["nothing", "../nothing", "", ".", "..", "x" * 5000, "~nobody-of-this-name/x", "a\0b"])
def test_what_is_no_run_is_not_found(copy: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy.parent)
    with pytest.raises(RunNotFoundError, match="nor at that path\nSee the runs there are with: neuron-tui runs"):
        find_run(copy.parent, name)


def test_every_state_is_listed(copy: Path) -> None:
    runs = copy.parent
    build_run(runs / "partial", layers=3, neurons=12, finished=1)
    build_run(runs / "cut", layers=2, neurons=12)
    file = runs / "cut" / layer_file(1)
    file.write_bytes(file.read_bytes()[:-1])
    build_run(runs / "missing", layers=2, neurons=12)
    (runs / "missing" / layer_file(0)).unlink()
    build_run(runs / "unreadable", layers=1, neurons=12)
    (runs / "unreadable" / MANIFEST).write_text("{")
    (runs / "no run").mkdir()
    (runs / "a file").write_text("")
    with writing(runs / "partial"):
        assert {run.name: run.state for run in list_runs(runs)}["partial"] == "running"
    listed = {run.name: run for run in list_runs(runs)}
    assert {name: run.state for name, run in listed.items()} == {
        "cut": "damaged",
        "demo": "complete",
        "missing": "damaged",
        "partial": "partial",
        "unreadable": "damaged",
    }
    assert listed["missing"].problem == "layers/layer_000.h5 is missing"
    size = file.stat().st_size
    assert listed["cut"].problem == f"layers/layer_001.h5 has {size} bytes, run.json says {size + 1}"
    assert listed["unreadable"].manifest is None
    assert listed["demo"].size == sum(p.stat().st_size for p in copy.rglob("*") if p.is_file())


def test_a_directory_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("")
    assert list_runs(tmp_path / "file") == []


def test_a_directory_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"cannot read .*: Permission denied"):
        list_runs(tmp_path)


def test_a_damaged_run_is_not_opened_and_says_how_to_look_further(copy: Path) -> None:
    (copy / layer_file(2)).unlink()
    with pytest.raises(RunDamagedError, match=r"layer_002\.h5 is missing\nSee what else with: neuron-tui check demo"):
        open_run(copy)


def test_a_run_without_any_layer_is_partial(copy: Path) -> None:
    write_manifest(copy, read_manifest(copy).model_copy(update={"layers": {}, "corpus": None}))
    assert summarise(copy).state == "partial"


def test_deleting_takes_the_run_and_nothing_beside_it(copy: Path) -> None:
    beside = build_run(copy.parent / "beside", layers=1, neurons=12)
    delete_run(copy)
    assert not copy.exists()
    assert summarise(beside).state == "complete"


def test_what_is_no_run_is_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep")
    with pytest.raises(RunNotFoundError, match="Nothing was deleted"):
        delete_run(tmp_path)
    assert (tmp_path / "precious.txt").exists()


def test_a_run_that_is_being_written_is_not_deleted(copy: Path) -> None:
    with writing(copy), pytest.raises(RunBusyError, match="Stop the extraction before deleting it"):
        delete_run(copy)
    assert summarise(copy).state == "complete"


def test_a_link_to_a_run_is_deleted_with_the_run(copy: Path) -> None:
    link = copy.parent / "link"
    link.symlink_to(copy)
    delete_run(link)
    assert not copy.exists()
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("state", "problem", "said"),
    [
        ("failed", "model x: no such thing\nSpell it right.", "model x: no such thing\nSpell it right."),
        ("cancelled", None, "the extraction was cancelled before it wrote anything"),
        ("running", None, "the extraction ended without a word before it wrote anything"),
    ],
)
def test_what_never_got_beyond_its_job_is_listed_as_partial_and_says_why(
    tmp_path: Path, state: JobState, problem: str | None, said: str
) -> None:
    (tmp_path / "new").mkdir()
    write_job(tmp_path / "new", job(state=state, problem=problem))
    (found,) = list_runs(tmp_path)
    assert (found.name, found.state, found.manifest, found.problem) == ("new", "partial", None, said)
    assert found.job is not None
    assert found.job.condition == ("died" if state == "running" else state)
    for run in ("new", str(tmp_path / "new")):
        with pytest.raises(RunPartialError, match="holds nothing yet"):
            find_run(tmp_path, run)


def test_a_job_that_has_not_written_its_run_yet_is_listed_as_running(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write_job(tmp_path / "new", job())
    with writing(tmp_path / "new"):
        (found,) = list_runs(tmp_path)
        assert (found.state, found.manifest, found.problem) == ("running", None, None)
        assert found.job is not None
        assert found.job.active
        with pytest.raises(RunBusyError):
            delete_run(tmp_path / "new")
        with pytest.raises(RunBusyError):
            rename_run(tmp_path / "new", "newer")


def test_a_run_is_listed_with_its_last_job(copy: Path) -> None:
    assert summarise(copy).job is None
    write_job(copy, job(state="cancelled"))
    found = summarise(copy)
    assert found.job is not None
    assert (found.state, found.job.condition) == ("complete", "cancelled")


def test_a_job_json_of_somebody_else_is_no_run_and_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / JOB_FILE).write_text('{"job": "printing"}')
    assert list_runs(tmp_path) == []
    with pytest.raises(RunNotFoundError, match="Nothing was deleted"):
        delete_run(tmp_path / "theirs")
    with pytest.raises(RunNotFoundError, match="Nothing was renamed"):
        rename_run(tmp_path / "theirs", "ours")


def test_deleting_what_has_only_a_job_takes_the_jobs_files_alone(tmp_path: Path) -> None:
    for name in ("new", "shared"):
        (tmp_path / name).mkdir()
        write_job(tmp_path / name, job(state="failed"))
        (tmp_path / name / LOG_FILE).write_text("said")
    (tmp_path / "shared" / "notes.txt").write_text("keep")
    delete_run(tmp_path / "new")
    delete_run(tmp_path / "shared")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["shared", "shared/notes.txt"]


def test_a_job_without_a_log_leaves_no_trace_of_a_run_that_never_was(tmp_path: Path) -> None:
    for name in ("plain", "logged"):
        (tmp_path / name).mkdir()
        with writing(tmp_path / name):
            write_job(tmp_path / name, job(state="failed"))
            if name == "logged":
                (tmp_path / name / LOG_FILE).write_text("said")
            abandon(tmp_path / name)
    assert not (tmp_path / "plain").exists()
    assert {path.name for path in (tmp_path / "logged").iterdir()} == {JOB_FILE, LOG_FILE}


def test_a_folder_with_only_a_jobs_files_is_free_for_a_run_but_none_with_others_in_it(tmp_path: Path) -> None:
    (tmp_path / LOG_FILE).write_text("said")
    refuse_foreign_folder(tmp_path)
    write_job(tmp_path, job())
    refuse_foreign_folder(tmp_path)
    (tmp_path / "notes.txt").write_text("keep")
    with pytest.raises(InputError, match="exists and is no run"):
        refuse_foreign_folder(tmp_path)


def test_a_renamed_run_is_the_same_run_under_another_name(copy: Path) -> None:
    before = read_manifest(copy)
    renamed = rename_run(copy, "other-1.0")
    assert renamed == copy.parent / "other-1.0"
    assert not copy.exists()
    assert read_manifest(renamed) == before
    assert summarise(renamed).state == "complete"


def test_renaming_is_refused_where_it_could_do_harm(copy: Path) -> None:
    beside = build_run(copy.parent / "beside", layers=1, neurons=12)
    (copy.parent / "dangling").symlink_to("nowhere")
    for taken in ("beside", "demo", "dangling"):
        with pytest.raises(RunConflictError, match=f"there is a {taken} already"):
            rename_run(copy, taken)
    for bad in ("../x", "", "a b"):
        with pytest.raises(UsageError, match="cannot be used"):
            rename_run(copy, bad)
    with writing(copy), pytest.raises(RunBusyError, match="Stop the extraction before renaming it"):
        rename_run(copy, "other")
    with pytest.raises(RunNotFoundError):
        rename_run(copy.parent / "nothing", "other")
    assert summarise(copy).state == summarise(beside).state == "complete"


def test_what_is_left_of_a_killed_deletion_is_no_run_and_goes_with_the_next(copy: Path) -> None:
    left = copy.with_name(".deleted-0123")
    shutil.copytree(copy, left)
    assert [run.name for run in list_runs(copy.parent)] == ["demo"]
    delete_run(copy)
    assert list(copy.parent.iterdir()) == []


def test_a_run_and_all_in_it_is_its_owner_s_alone(tmp_path: Path) -> None:
    with writing_to(tmp_path / "runs" / "x"):
        build_run(tmp_path / "runs" / "x", layers=1, neurons=12, sequences=2, domains=("prose",))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "runs").rglob("*")}
    assert {modes[name] for name in ("run.json", "corpus.h5", "layer_000.h5", "aggregates.cache", ".lock")} == {0o600}
    assert stat.S_IMODE((tmp_path / "runs").stat().st_mode) == modes["x"] == 0o700


def test_what_a_killed_job_was_writing_goes_when_the_run_is_written_to(copy: Path) -> None:
    (copy / f"{JOB_FILE}.partial").write_text("{")
    with writing_to(copy):
        assert not (copy / f"{JOB_FILE}.partial").exists()
