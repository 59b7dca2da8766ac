"""What is kept of a run between two times it is open: which run it belongs to, and files that cannot be used."""

import json
import threading
from pathlib import Path

import pytest

from neuron_tui.store.neurons.query import keepable
from neuron_tui.store.process import log_file
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from neuron_tui.tui.remembered.session import Identity, Session, read_session, session_path, write_session
from tests.synthetic import build_run


@pytest.fixture(autouse=True)
def _own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "logs"))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return build_run(tmp_path / "runs" / "small", layers=1, neurons=12, sequences=1)


def session_of(run: Path, **what: object) -> Session:
    return Session.model_validate({"run": Identity.of(run, read_manifest(run)), **what})


def test_a_session_is_read_as_it_was_written(run: Path) -> None:
    session = session_of(run, layer=0, query="type:token", order=2, neuron=(0, 3), marks=((0, 1), (0, 4)), zoom=True)
    write_session(run, session)
    assert read_session(run, read_manifest(run)) == session


def test_a_run_never_opened_has_no_session(run: Path) -> None:
    assert read_session(run, read_manifest(run)) is None
    assert not log_file().exists()


def test_it_lies_below_the_directory_for_state(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURON_TUI_STATE", str(tmp_path / "mine"))
    write_session(run, session_of(run))
    assert [path.parent for path in (tmp_path / "mine").rglob("*.json")] == [tmp_path / "mine" / "sessions"]


def test_the_same_run_through_a_link_has_the_same_session(run: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(run)
    assert session_path(link) == session_path(run)
    write_session(link, session_of(link, layer=0))
    assert read_session(run, read_manifest(run)) is not None


def test_a_run_made_anew_under_the_same_name_starts_fresh(run: Path) -> None:
    write_session(run, session_of(run, layer=0))
    manifest = read_manifest(run)
    write_manifest(run, manifest.model_copy(update={"created": "2026-02-02T00:00:00Z"}))
    assert read_session(run, read_manifest(run)) is None
    write_manifest(run, manifest.model_copy(update={"model": manifest.model.model_copy(update={"digest": "1" * 64})}))
    assert read_session(run, read_manifest(run)) is None
    write_manifest(run, manifest)
    assert read_session(run, read_manifest(run)) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"layer": -1},
        {"query": "type:nonsense"},
        {"query": 'trigger:"\x1b[31m"'},
        {"sort": "size"},
        {"order": 4},
        {"marks": [[0]]},
        {"more": 1},
    ],
)
def test_a_file_that_is_no_session_is_logged_and_left_out(run: Path, change: dict[str, object]) -> None:
    write_session(run, session_of(run))
    path = session_path(run)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert read_session(run, read_manifest(run)) is None
    assert "Session" in log_file().read_text()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]"])
def test_a_broken_file_is_logged_and_left_out(run: Path, content: bytes) -> None:
    write_session(run, session_of(run))
    session_path(run).write_bytes(content)
    assert read_session(run, read_manifest(run)) is None
    assert log_file().exists()


def test_a_place_that_cannot_be_written_is_logged_and_stops_nobody(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NEURON_TUI_STATE", str(tmp_path / "file"))
    write_session(run, session_of(run))
    assert read_session(run, read_manifest(run)) is None
    assert "file" in log_file().read_text()


def test_several_threads_at_once_leave_one_whole_file(run: Path) -> None:
    sessions = [session_of(run, marks=tuple((0, i) for i in range(n))) for n in range(8)]
    threads = [threading.Thread(target=write_session, args=(run, session)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_session(run, read_manifest(run)) in sessions
    assert [path.name for path in session_path(run).parent.iterdir()] == [session_path(run).name]


@pytest.mark.parametrize(
    ("query", "kept"), [("", True), ('trigger:" title"', True), ("type:nonsense", False), ('trigger:"\x00"', False)]
)
def test_only_filters_that_can_be_read_and_shown_are_kept(query: str, kept: bool) -> None:
    assert keepable(query) is kept
