import json
import shutil
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.errors import RunDamagedError, RunNotFoundError, RunOutdatedError
from neuron_tui.store.runs.manifest import MANIFEST, layer_file, read_manifest, write_manifest


def test_a_manifest_is_read_as_it_was_written(copy: Path) -> None:
    manifest = read_manifest(copy)
    write_manifest(copy, manifest)
    assert read_manifest(copy) == manifest


def test_a_run_is_complete_when_every_layer_asked_for_is_there(copy: Path) -> None:
    manifest = read_manifest(copy)
    assert manifest.complete
    assert not manifest.model_copy(update={"layers": {0: manifest.layers[0]}}).complete
    assert not manifest.model_copy(update={"corpus": None}).complete


def test_tokens_are_the_counted_ones_of_all_domains(copy: Path) -> None:
    manifest = read_manifest(copy)
    assert manifest.corpus is not None
    assert manifest.tokens == sum(domain.tokens for domain in manifest.corpus.domains)


def test_layer_files_sort_by_layer() -> None:
    assert [layer_file(i) for i in (0, 12)] == ["layers/layer_000.h5", "layers/layer_012.h5"]


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match=r"it has no run\.json\nSee the runs"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"", "the file"),
        (b"{", "the file"),
        (b"\xff\xfe", "the file"),
        (b"[]", "the file"),
        (b"{}", "program_version"),
        (b"[" * 100_000, "the file"),
    ],
)
def test_what_is_no_manifest_is_damaged_and_says_where(copy: Path, text: bytes, where: str) -> None:
    (copy / MANIFEST).write_bytes(text)
    with pytest.raises(RunDamagedError, match=rf"run\.json: {where}: .*\nThe run is damaged: restore the file"):
        read_manifest(copy)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format_version",), 3),
        (("corpus", "domains", 0, "full_sequences"), -1),
        (("surprise",), 1),
        (("layers", "x"), {"bytes": 1, "sha256": "0" * 64}),
        (("layers", "0", "sha256"), "../../etc/passwd"),
        (("corpus", "file", "bytes"), -1),
        (("model", "neurons"), 0),
        (("options", "context_length"), "many"),
    ],
)
def test_a_field_out_of_its_range_is_named(copy: Path, path: tuple[str | int, ...], value: object) -> None:
    data = json.loads((copy / MANIFEST).read_text())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    (copy / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(RunDamagedError, match=str(path[0])):
        read_manifest(copy)


def test_a_run_of_an_older_version_says_so_and_whose_it_is(copy: Path) -> None:
    data = json.loads((copy / MANIFEST).read_text())
    for domain in data["corpus"]["domains"]:
        del domain["full_sequences"]
    (copy / MANIFEST).write_text(json.dumps(data | {"format_version": 1}))
    message = r"run\.json: made by an older version of neuron-tui\nExtract the run again with --overwrite\."
    with pytest.raises(RunOutdatedError, match=message) as caught:
        read_manifest(copy)
    assert caught.value.model == data["model"]["name"]
    with pytest.raises(RunOutdatedError):
        open_run(copy)


def test_a_directory_in_its_place_is_damage(copy: Path) -> None:
    (copy / MANIFEST).unlink()
    (copy / MANIFEST).mkdir()
    with pytest.raises(RunDamagedError, match="cannot be read"):
        read_manifest(copy)


@pytest.mark.parametrize(
    "path",
    [
        ("corpus", "domains", 0, "tokens"),
        ("corpus", "domains", 1, "full_sequences"),
        ("corpus", "positions"),
        ("corpus", "sequences"),
        ("corpus", "full_sequences"),
        ("corpus", "vocabulary"),
        ("model", "neurons"),
        ("options", "context_length"),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_a_number_that_the_files_deny_is_damage(copy: Path, path: tuple[str | int, ...]) -> None:
    manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
    *above, last = path
    place = manifest
    for step in above:
        place = place[step]
    place[last] += 1
    (copy / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(RunDamagedError, match=r"run\.json"):
        open_run(copy).layers[0].neuron(0)


def test_a_layer_in_the_place_of_another_is_damage(copy: Path) -> None:
    shutil.copyfile(copy / layer_file(0), copy / layer_file(1))
    manifest = read_manifest(copy)
    write_manifest(copy, manifest.model_copy(update={"layers": manifest.layers | {1: manifest.layers[0]}}))
    with pytest.raises(RunDamagedError, match=r"layer is 0, run\.json says 1"):
        open_run(copy).layers[1].neuron(0)
