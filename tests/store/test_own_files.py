"""A run is read from regular files in its own folder: what else stands in their place is refused, and nobody waits."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.files import TEMPORARY_SUFFIX
from neuron_tui.store.disk.lock import LOCK, is_being_written, writing
from neuron_tui.store.disk.own_files import require_own
from neuron_tui.store.errors import InputError, RunDamagedError
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.neurons.causal import read_causal
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.folder import clear_scratch, delete_files, writing_to
from neuron_tui.store.runs.job import JOB_FILE, Job, log_tail, read_job, write_job
from tests.synthetic import build_run


def link(path: Path) -> None:
    outside = path.parent.parent / f"elsewhere {path.name}"
    path.rename(outside)
    path.symlink_to(outside)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def terabyte(path: Path) -> None:
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("made", [link, pipe, folder, device, terabyte])
@pytest.mark.parametrize("name", ["run.json", "corpus.h5", "layers/layer_001.h5"])
def test_what_is_no_file_of_the_run_damages_it(copy: Path, name: str, made: Callable[[Path], None]) -> None:
    made(copy / name)
    with pytest.raises((RunDamagedError, FileNotFoundError)):
        open_run(copy)
    if (copy / "run.json").is_file():  # else it is no run to anybody
        assert summarise(copy).state == "damaged"
        assert any(problem.severity == "error" and problem.file == name for problem in check_run(copy))


def test_a_folder_of_layers_that_is_a_link_is_refused(copy: Path) -> None:
    shutil.move(copy / "layers", copy.parent / "elsewhere")
    (copy / "layers").symlink_to(copy.parent / "elsewhere")
    with pytest.raises(RunDamagedError, match="its folder layers is a link"):
        open_run(copy)


def test_a_run_whose_folder_is_a_link_is_read(copy: Path) -> None:
    (copy.parent / "link").symlink_to(copy)
    assert open_run(copy.parent / "link").layers[0].neuron(2).layer == 0


@pytest.mark.parametrize("made", [link, pipe, folder, device, terabyte])
def test_what_stands_beside_a_run_is_refused_or_left_out(copy: Path, made: Callable[[Path], None]) -> None:
    for name in ("notes.jsonl", "causal.jsonl", "job.json", "job.log", "aggregates.cache"):
        (copy / name).write_text("")
        made(copy / name)
    run = open_run(copy)
    with pytest.raises(RunDamagedError, match=r"notes\.jsonl: cannot be read"):
        run.notes  # noqa: B018 - reads them
    with pytest.raises(RunDamagedError, match=r"causal\.jsonl: cannot be read"):
        read_causal(copy)
    with pytest.raises(RunDamagedError, match=r"job\.json: cannot be read"):
        read_job(copy)
    assert made is terabyte or log_tail(copy) == []
    assert len(aggregates_of(run).summaries) == 3


@pytest.mark.parametrize("made", [link, pipe])
def test_a_lock_that_leads_elsewhere_is_not_followed(copy: Path, made: Callable[[Path], None]) -> None:
    (copy / LOCK).write_text("")
    made(copy / LOCK)
    assert not is_being_written(copy)
    if made is link:
        with pytest.raises(InputError), writing(copy):
            pass


def test_what_is_written_beside_a_run_goes_through_no_link(copy: Path) -> None:
    (theirs := copy.parent / "theirs").write_text("mine")
    (copy / f"{JOB_FILE}{TEMPORARY_SUFFIX}").symlink_to(theirs)
    write_job(copy, job := Job(pid=1, process_started=0.0, host="elsewhere", arguments=(), begun="", state="done"))
    assert (theirs.read_text(), read_job(copy)) == ("mine", job)


@pytest.mark.parametrize("name", ["layers", "scratch"])
def test_what_a_link_leads_to_is_neither_written_nor_deleted(copy: Path, name: str) -> None:
    (elsewhere := copy.parent / "elsewhere").mkdir()
    for file in ("layer_000.h5", "residual_plots.py", "kept-1-2-3-4"):
        (elsewhere / file).touch()
    if (copy / name).exists():
        (copy / name).rename(copy.parent / "before")
    (copy / name).symlink_to(elsewhere)
    with pytest.raises(InputError, match=f"{name} is a link"), writing_to(copy):
        pass
    clear_scratch(copy)
    delete_files(copy)
    assert len(list(elsewhere.iterdir())) == 3


def test_a_layer_of_another_size_is_refused_though_run_json_lists_it(tmp_path: Path) -> None:
    from tests.reliability.crafted import own_digest

    run = build_run(tmp_path / "one", layers=2, neurons=12)
    other = build_run(tmp_path / "two", layers=2, neurons=14)
    shutil.copyfile(other / "layers/layer_001.h5", run / "layers/layer_001.h5")
    own_digest(run / "layers/layer_001.h5")
    with pytest.raises(RunDamagedError, match=r"dimension N is 14, run\.json says 12"):
        open_run(run).layers[1].neuron(2)


def test_a_file_that_is_nothing_but_a_hole_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "layer_000.h5"
    path.write_bytes(b"\x89HDF")
    os.truncate(path, 1 << 41)
    with pytest.raises(OSError, match="holds next to nothing"):
        require_own(path)
