"""A run goes into one file and comes back the same; what an archive says is never taken on trust."""

import errno
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.archive import members as members_module
from neuron_tui.store.archive import unpacking
from neuron_tui.store.archive.index import INDEX, INDEX_BYTES
from neuron_tui.store.archive.members import Members, write_header
from neuron_tui.store.archive.packing import packing
from neuron_tui.store.archive.unpacking import unpack
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.lock import LOCK, keeping, writing
from neuron_tui.store.disk.own_files import read_own
from neuron_tui.store.errors import (
    DiskFullError,
    InputError,
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    UsageError,
)
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.store.runs.manifest import MANIFEST, layer_file
from neuron_tui.store.runs.variants import variant_folder
from tests.synthetic import build_run, build_variant

SIZES: dict[str, Any] = {"layers": 2, "neurons": 16, "sequences": 8}
LOOSE = Thresholds.model_validate({"precision": "0.5"})
LONG = "v" * 100

Archive = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two variants and notes; to be read only."""
    run = build_run(tmp_path_factory.mktemp("archive") / "demo", **SIZES)
    build_variant(run, "loose", LOOSE, **SIZES)
    build_variant(run, LONG, LOOSE, **SIZES)
    (run / "notes.jsonl").write_text('{"a": 1}\n')
    return run


@pytest.fixture
def source(packed: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(packed, tmp_path / "from" / "demo"))


@pytest.fixture(scope="module")
def archive(packed: Path) -> bytes:
    return archive_of(packed)


def archive_of(folder: Path) -> bytes:
    stream = io.BytesIO()
    with packing(folder) as ready:
        ready.write(stream)
    return stream.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def put(data: bytes, directory: Path, name: str | None = None) -> Path:
    return unpack(io.BytesIO(data), directory, name, "its.tar").folder


# What is packed.


def test_a_run_comes_back_with_its_variants_and_notes_and_nothing_else(
    packed: Path, archive: bytes, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    assert put(archive, runs) == runs / "demo"
    expected = {name: data for name, data in files(packed).items() if Path(name).name not in (LOCK, "aggregates.cache")}
    assert files(runs / "demo") == expected
    assert {f"variants/loose/{layer_file(0)}", f"variants/{LONG}/{MANIFEST}", "notes.jsonl"} <= set(expected)
    assert [p.name for p in runs.iterdir()] == ["demo"]
    for name in ("demo", "demo@loose", f"demo@{LONG}"):
        run = open_run(name, runs)
        here = open_run(packed if name == "demo" else variant_folder(packed, name.removeprefix("demo@")))
        assert run.layers[1].neuron(3).to_dict() == here.layers[1].neuron(3).to_dict()
        assert [problem for problem in check_run(run.path) if problem.severity == "error"] == []


def test_any_tar_reads_it_and_its_index_comes_first(archive: bytes, packed: Path, tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        infos = tar.getmembers()
        tar.extractall(tmp_path / "demo", filter="data")
    index = json.loads((tmp_path / "demo" / INDEX).read_text())
    assert infos[0].name == INDEX
    assert [info.name for info in infos[1:]] == [file["path"] for file in index["files"]]
    for file in index["files"]:
        data = (packed / file["path"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert open_run(tmp_path / "demo").manifest.complete


def test_the_same_run_makes_the_same_archive(packed: Path, archive: bytes) -> None:
    assert archive_of(packed) == archive


def test_a_partial_run_goes_as_far_as_it_is(tmp_path: Path) -> None:
    run = build_run(tmp_path / "part", finished=1, **SIZES)
    (run / "scratch").mkdir()
    (run / "scratch" / "kept-1-2-3-4").write_bytes(b"much")
    (run / "job.log").write_text("/home/me")
    copy = put(archive_of(run), tmp_path / "runs")
    assert set(files(copy)) == {MANIFEST, "corpus.h5", layer_file(0)}
    assert not open_run(copy).manifest.complete


def test_a_run_that_is_being_written_is_refused_and_one_that_is_held_is_not(source: Path) -> None:
    with writing(source), pytest.raises(RunBusyError), packing(source):
        pass
    with keeping(source), packing(source) as ready:
        assert ready.left_out == ()


def test_a_variant_is_packed_with_its_run_alone(source: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"demo@loose is a variant\nPack its run"),
        packing(variant_folder(source, "loose")),
    ):
        pass


def test_a_variant_that_cannot_be_packed_stays_behind_and_that_is_told(source: Path, tmp_path: Path) -> None:
    (variant_folder(source, "loose") / layer_file(1)).unlink()
    with writing(variant_folder(source, LONG)), packing(source) as ready:
        loose, busy = ready.left_out
        assert loose == f"the variant loose stays behind: {layer_file(1)} is missing"
        assert busy.startswith(f"the variant {LONG} stays behind: another process is writing")
        assert ready.index.variants == ()


def test_notes_that_are_a_link_stay_behind(source: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    (source / "notes.jsonl").unlink()
    (source / "notes.jsonl").symlink_to(tmp_path / "secret")
    with packing(source) as ready:
        assert ready.left_out == ("notes.jsonl stays behind: it is no regular file",)
    assert b"mine" not in archive_of(source)


def test_notes_of_any_size_are_no_reason_to_fill_the_memory(source: Path) -> None:
    with (source / "notes.jsonl").open("wb") as notes:
        notes.truncate(1 << 40)
    with packing(source) as ready:
        assert ready.left_out == ("notes.jsonl stays behind: it has more than 67.1 MB",)


def test_notes_that_only_their_owner_may_read_stay_behind(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, most: int) -> bytes:
        if path.name == "notes.jsonl":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read_own(path, most)

    monkeypatch.setattr("neuron_tui.store.archive.packing.read_own", refuse)
    with packing(source) as ready:
        assert ready.left_out == ("notes.jsonl stays behind: it cannot be read (Permission denied)",)


def test_a_layer_that_cannot_be_read_is_named(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> io.BufferedReader:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("neuron_tui.store.archive.packing.open_own", refuse)
    with packing(source) as ready, pytest.raises(InputError, match=r"cannot read .*corpus\.h5: Permission denied"):
        ready.write(io.BytesIO())


def test_a_damaged_run_is_refused(source: Path) -> None:
    layer = source / layer_file(0)
    layer.write_bytes(layer.read_bytes()[:-1] + b"?")
    with packing(source) as ready, pytest.raises(RunDamagedError, match=r"layer_000\.h5 is not the one that run\.json"):
        ready.write(io.BytesIO())
    layer.unlink()
    with pytest.raises(RunDamagedError, match=r"layer_000\.h5 is missing"), packing(source):
        pass


def test_a_run_in_a_folder_that_cannot_be_written_to_is_packed(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise InputError("cannot write .lock")

    monkeypatch.setattr("neuron_tui.store.archive.packing.keeping", refuse)
    with packing(source) as ready:
        assert len(ready.index.variants) == 2
    with writing(source), pytest.raises(RunBusyError), packing(source):
        pass


def test_sizes_above_8_gib_are_written_and_read() -> None:
    for size in (0, 8**11 - 1, 8**11, 3 << 40):
        stream = io.BytesIO()
        write_header(stream, layer_file(7), size)
        assert tarfile.TarInfo.frombuf(stream.getvalue(), "utf-8", "strict").size == size
        assert Members(io.BytesIO(stream.getvalue()), "its.tar").next(layer_file(7), size) == size


# Where it is unpacked.


def test_an_existing_run_is_left_as_it_is_and_another_name_helps(archive: bytes, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine").write_text("dear to me")
    with pytest.raises(
        RunConflictError, match=r"there is a demo already in .*\nGive this one another name with --name"
    ):
        put(archive, tmp_path)
    assert put(archive, tmp_path, "theirs").name == "theirs"
    assert files(tmp_path / "demo") == {"mine": b"dear to me"}
    assert {run.name for run in list_runs(tmp_path)} == {"theirs", "theirs@loose", f"theirs@{LONG}"}


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "x" * 101])
def test_a_name_that_leads_elsewhere_is_refused(archive: bytes, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        put(archive, tmp_path / "runs", name)
    with pytest.raises(InputError, match=r"its run is called .*\nGive it another name with --name"):
        put(remade(archive, index={"name": name}), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    assert put(remade(archive, index={"name": name}), tmp_path / "runs", "mine").name == "mine"


def test_until_the_end_there_is_no_run_and_an_interruption_leaves_nothing(archive: bytes, tmp_path: Path) -> None:
    seen: list[int] = []

    def stop(_index: object) -> Callable[[int], None]:
        def watch(_count: int) -> None:
            seen.append(len(list(tmp_path.iterdir())))
            assert list_runs(tmp_path) == []
            if len(seen) == 4:
                raise KeyboardInterrupt

        return watch

    with pytest.raises(KeyboardInterrupt):
        unpack(io.BytesIO(archive), tmp_path, None, "its.tar", stop)
    assert seen == [1, 1, 1, 1]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_unpacking_left_goes_and_what_one_under_way_needs_stays(archive: bytes, tmp_path: Path) -> None:
    for name in ("left", "held"):
        (tmp_path / f".unpacking-{name}" / "run").mkdir(parents=True)
        (tmp_path / f".unpacking-{name}" / LOCK).touch()
    with writing(tmp_path / ".unpacking-held"):
        put(archive, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".unpacking-held", "demo"}


def test_a_run_that_is_there_by_the_end_is_left_as_it_is(
    archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = unpacking._require_run

    def another_comes(*given: Any) -> None:
        sound(*given)
        (tmp_path / "demo").mkdir()
        (tmp_path / "demo" / "mine").touch()

    monkeypatch.setattr(unpacking, "_require_run", another_comes)
    with pytest.raises(RunConflictError, match="there is a demo by now"):
        put(archive, tmp_path)
    assert [p.name for p in tmp_path.rglob("*")] == ["demo", "mine"]


# Archives that lie.


def taken_apart(data: bytes) -> Archive:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = []
        for info in tar.getmembers():
            file = tar.extractfile(info)
            assert file is not None
            found.append((info, file.read()))
        return found


def put_together(archive: Archive) -> bytes:
    stream = io.BytesIO()
    for info, data in archive:
        form = tarfile.USTAR_FORMAT if info.size < 8**11 else tarfile.GNU_FORMAT
        stream.write(info.tobuf(form) + data + bytes(-len(data) % 512))
    return stream.getvalue() + bytes(1024)


def remade(data: bytes, index: dict[str, Any] | None = None, **changes: bytes | None) -> bytes:
    """The archive with other keys in its index, and other data in run.json, which the index then lists."""
    parts = taken_apart(data)
    listed = json.loads(parts[0][1]) | (index or {})
    for at, (info, _) in enumerate(parts[1:], 1):
        replaced = changes.get(Path(info.name).stem) if info.name == MANIFEST else None
        if replaced is not None:
            info.size = len(replaced)
            parts[at] = (info, replaced)
            entry = next(file for file in listed["files"] if file["path"] == MANIFEST)
            entry |= {"bytes": len(replaced), "sha256": hashlib.sha256(replaced).hexdigest()}
    text = json.dumps(listed).encode()
    parts[0][0].size = len(text)
    return put_together([(parts[0][0], text), *parts[1:]])


def listed_files(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(taken_apart(data)[0][1])["files"]
    return found


def refused(data: bytes, tmp_path: Path, why: str) -> None:
    """Refused with that message, and no trace of it is left, neither among the runs nor beside them."""
    runs = tmp_path / "place" / "runs"
    runs.mkdir(parents=True)
    with pytest.raises(InputError, match=why) as error:
        put(data, runs)
    assert error.value.exit_code == 3
    assert len(str(error.value).splitlines()) == 2
    assert [p.name for p in (tmp_path / "place").rglob("*")] == ["runs"]


def with_member(data: bytes, at: int, **attributes: Any) -> bytes:
    parts = taken_apart(data)
    for name, value in attributes.items():
        setattr(parts[at][0], name, value)
    return put_together(parts)


@pytest.mark.parametrize(
    "path",
    [
        *("../evil", "/etc/evil", "layers/../../evil", "variants/../run.json", "variants/a/variants/b/run.json", ""),
        *("layers/evil", "job.json", ".lock", "index.json", "layers/layer_000.h5/x", "RUN.JSON", "run.json\n"),
        *("variants//run.json", "variants/.a/run.json", "./run.json", "run.json/"),
    ],
)
def test_a_path_that_no_file_of_a_run_has_is_refused_in_the_index(archive: bytes, tmp_path: Path, path: str) -> None:
    evil = {"path": path, "bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    refused(remade(archive, index={"files": [*listed_files(archive), evil]}), tmp_path, "no file of a run is called")


@pytest.mark.parametrize("path", ["../evil", "/tmp/evil", "run.json/../../evil", "layers/layer_000.h5", "evil"])
def test_a_member_under_another_name_than_the_index_says_is_refused(archive: bytes, tmp_path: Path, path: str) -> None:
    refused(with_member(archive, 1, name=path), tmp_path, "stands where run.json should")


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.DIRTYPE, "a folder"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (tarfile.XHDTYPE, "no regular file"),
        (tarfile.GNUTYPE_LONGNAME, "no regular file"),
    ],
)
@pytest.mark.parametrize("at", [0, 2])
def test_what_is_no_regular_file_is_refused(archive: bytes, tmp_path: Path, kind: bytes, word: str, at: int) -> None:
    data = with_member(archive, at, type=kind, linkname="/etc/passwd")
    refused(data, tmp_path, rf"its\.tar: '.*' is {word}")


@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.7, 0.999])
def test_a_truncated_archive_is_refused(archive: bytes, tmp_path: Path, part: float) -> None:
    whole = archive[: len(archive) - 1024]  # without its end mark
    refused(whole[: int(len(whole) * part)], tmp_path, "is cut short|ends before")


def test_sizes_that_differ_from_the_index_are_refused_before_anything_is_copied(archive: bytes, tmp_path: Path) -> None:
    size = taken_apart(archive)[2][0].size
    refused(with_member(archive, 2, size=size + 1), tmp_path, f"has {size + 1:,} bytes, not the {size:,}")
    shutil.rmtree(tmp_path / "place")
    refused(with_member(archive, 2, size=1 << 50), tmp_path, f"not the {size:,}")


def test_a_file_that_grows_beyond_what_is_declared_is_refused(archive: bytes, tmp_path: Path) -> None:
    parts = taken_apart(archive)
    parts[2] = (parts[2][0], parts[2][1] + bytes(4096))
    refused(put_together(parts), tmp_path, "no member of a tar archive begins|ends before")


def test_giant_sizes_are_refused_before_anything_is_written(
    archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_beside", lambda _: pytest.fail("something is written"))
    for size in (1 << 61, 1 << 70):
        listed = listed_files(archive)
        listed[1]["bytes"] = size
        with pytest.raises(InputError, match=r"free|less than") as error:
            put(remade(archive, index={"files": listed}), tmp_path)
        assert isinstance(error.value, DiskFullError) is (size == 1 << 61)
    assert list(tmp_path.iterdir()) == []


def test_a_giant_index_is_refused_unread(archive: bytes, tmp_path: Path) -> None:
    parts = taken_apart(archive)
    parts[0][0].size = INDEX_BYTES + 1
    refused(put_together(parts), tmp_path, r"its index has 4\.2 MB")


def test_a_checksum_that_differs_is_refused(archive: bytes, tmp_path: Path) -> None:
    parts = taken_apart(archive)
    at = next(i for i, (info, _) in enumerate(parts) if info.name == layer_file(1))
    parts[at] = (parts[at][0], b"X" + parts[at][1][1:])
    refused(put_together(parts), tmp_path, r"layer_001\.h5 is not the file that was packed: its SHA-256 differs")


def test_members_that_come_twice_are_refused(archive: bytes, tmp_path: Path) -> None:
    parts = taken_apart(archive)
    refused(put_together([*parts[:2], parts[1], *parts[2:]]), tmp_path, "'run.json' stands where corpus.h5 should")
    for again in ("layers/layer_000.h5", "variants/Loose/run.json"):
        shutil.rmtree(tmp_path / "place")
        twice = next(f for f in listed_files(archive) if f["path"] == again.lower()) | {"path": again}
        refused(remade(archive, index={"files": [*listed_files(archive), twice]}), tmp_path, "lists .* twice")


def test_members_that_are_not_listed_or_not_there_are_refused(archive: bytes, tmp_path: Path) -> None:
    parts = taken_apart(archive)
    extra = tarfile.TarInfo("notes.jsonl")
    refused(put_together([*parts, (extra, b"")]), tmp_path, "holds more than it lists")
    shutil.rmtree(tmp_path / "place")
    refused(put_together(parts[:-1]), tmp_path, "ends before variants/")
    shutil.rmtree(tmp_path / "place")
    refused(put_together(parts[1:]), tmp_path, "'run.json' stands where index.json should")


def test_an_index_that_cannot_be_read_is_refused(archive: bytes, tmp_path: Path) -> None:
    for index, why in (
        ({"format": "other"}, "format: "),
        ({"version": 2}, "packed by a later version"),
        ({"files": []}, "it lists no run.json"),
        ({"files": listed_files(archive)[1:]}, "it lists no run.json"),
        ({"more": 1}, "more: "),
        ({"name": 7}, "name: "),
        ({"name": "x" * 301}, "at most 300 characters"),
        ({"y" * 5000: 1}, "index.json: y{100}: Extra"),
        ({"files": [listed_files(archive)[0] | {"bytes": (64 << 20) + 1}]}, r"run\.json has 67,108,865 bytes"),
        ({"files": [listed_files(archive)[0] | {"path": "z" * 5000}]}, "at most 300 characters"),
        ({"files": [listed_files(archive)[0] | {"bytes": -1}]}, "greater than or equal"),
        ({"files": [listed_files(archive)[0] | {"bytes": "7"}]}, "valid integer"),
        ({"files": [listed_files(archive)[0] | {"sha256": "../.."}]}, "match pattern"),
    ):
        refused(remade(archive, index=index), tmp_path, why)
        shutil.rmtree(tmp_path / "place")
    parts = taken_apart(archive)
    refused(put_together([(parts[0][0], bytes(len(parts[0][1]))), *parts[1:]]), tmp_path, "index.json: .*JSON")


def test_manifests_that_say_something_else_than_the_files_are_refused(archive: bytes, tmp_path: Path) -> None:
    manifest = json.loads(next(data for info, data in taken_apart(archive) if info.name == MANIFEST))
    layers = manifest["layers"]
    for changed, why in (
        (b"{", r"run\.json: "),
        (json.dumps(manifest | {"format_version": 1}).encode(), "made by an older version"),
        (json.dumps(manifest | {"layers": {"0": layers["0"]}}).encode(), "layer_001.h5 is no file of that run"),
        (json.dumps(manifest | {"layers": layers | {"2": layers["0"]}}).encode(), "layer_002.h5 is not what run.json"),
        (json.dumps(manifest | {"layers": layers | {"1": layers["0"]}}).encode(), "layer_001.h5 is not what run.json"),
        (
            json.dumps(manifest | {"layers": layers | {"-1": layers["0"]}}).encode(),
            "layer_-01.h5 is not what run.json",
        ),
        (json.dumps(manifest | {"created": "later", "options": manifest["options"] | {"batch_tokens": 7}}).encode(),
         "the run that it was counted on is not there any more"),
    ):  # fmt: skip
        refused(remade(archive, run=changed), tmp_path, why)
        shutil.rmtree(tmp_path / "place")


@pytest.mark.parametrize("data", [b"", b"\0" * 512, b"\0" * 10240, b"PK\3\4" + b"x" * 2000, b"\x1f\x8b" * 1000])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    refused(data, tmp_path, "cut short|ends before index.json|no member of a tar archive begins where index.json")


def test_memory_holds_little_of_it(archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_module, "_AT_ONCE", 1000)
    asked: list[int] = []

    class Stream(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    unpack(Stream(archive), tmp_path, None, "its.tar")
    index = taken_apart(archive)[0][0].size
    assert sorted(set(asked))[-2:] == [1000, index]
