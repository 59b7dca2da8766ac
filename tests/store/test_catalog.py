from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.catalog import delete_run, find_run, list_runs, run_folder, runs_directory, summarise
from neuron_tui.store.errors import InputError, RunBusyError, RunDamagedError, RunNotFoundError, UsageError
from neuron_tui.store.lock import writing
from neuron_tui.store.manifest import MANIFEST, layer_file, read_manifest, write_manifest
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
