import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import replacing, sha256, write_text
from neuron_tui.store.disk.output import write_text as write_exported
from neuron_tui.store.errors import DiskFailedError, DiskFullError, InputError, RunNotFoundError


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_leftover_of_a_killed_writer_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt.partial").write_text("left behind")
    write_text(tmp_path / "a.txt", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG], ids=errno.errorcode.get)
@pytest.mark.parametrize("when", ["written", "synced"])
def test_a_full_disk_is_named_and_the_old_file_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, number: int
) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(changes, {"written": "write", "synced": "sync"}[when], full)
    with pytest.raises(DiskFullError, match=r"no space left on the disk while writing .*a\.txt"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_disk_that_fails_is_said_in_words_and_the_old_file_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(changes, "write", fail)
    with pytest.raises(DiskFailedError, match=r"cannot write .*a\.txt: Input/output error\nThe disk"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_is_its_owner_s_alone_and_keeps_its_mode_when_it_is_replaced(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o600
    (tmp_path / "a.txt").chmod(0o640)
    write_text(tmp_path / "a.txt", "new")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640
    before = os.umask(0o027)
    try:
        write_exported(tmp_path / "b.txt", "for others too")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "b.txt").stat().st_mode) == 0o640


def test_a_file_that_a_group_reads_stays_that_group_s_or_is_no_group_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(path := tmp_path / "a.txt", "old")
    path.chmod(0o640)
    group = 54321 if os.geteuid() == 0 else next((one for one in os.getgroups() if one != path.stat().st_gid), None)
    if group is None:
        pytest.skip("in one group only")
    os.chown(path, -1, group)
    write_text(path, "new")
    assert (path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (group, 0o640)

    def refuse(_descriptor: int, _group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(changes, "set_group", refuse)
    write_text(path, "newer")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_is_dropped_into_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    write_exported(tmp_path / "a.txt", "a report")
    assert (tmp_path / "a.txt").read_text() == "a report"


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match=r"cannot write .*/gone/a\.txt: its folder is not there any more"):
        write_text(tmp_path / "gone" / "a.txt", "text")


_LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from neuron_tui.store.errors import DiskFullError
from neuron_tui.store.disk.files import replacing
from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.schema import CORPUS

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
tokens = np.random.default_rng(0).integers(0, 1 << 30, 200_000)
try:
    with replacing(Path(sys.argv[1])) as temporary, SchemaWriter(temporary, CORPUS, {"P": len(tokens)}) as file:
        file.write("tokens", tokens)
except DiskFullError as error:
    print(error)
"""


@pytest.mark.parametrize("room", [0, 3_000, 100_000, 700_000])
def test_hdf5_meeting_the_end_of_the_room_anywhere_says_so_once_and_keeps_the_old_file(
    tmp_path: Path, room: int
) -> None:
    path = tmp_path / "layer.h5"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", _LIMITED, path, str(room)], capture_output=True, text=True)
    assert done.stderr == ""  # h5py would print what it meets while closing
    assert done.stdout.startswith(f"no space left on the disk while writing {path}\n")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["layer.h5"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(changes, "write", refuse)
    with pytest.raises(InputError, match=r"cannot write .*a\.txt: Permission denied\nChoose a place"):
        write_text(tmp_path / "a.txt", "text")


def test_the_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert sha256(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
