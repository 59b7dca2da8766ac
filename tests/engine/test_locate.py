"""Models by name: directories, and Hugging Face ids as the hub's cache holds them, without a network."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import pytest
import torch

from neuron_tui.engine.model.locate import locate
from neuron_tui.engine.model.opened import open_model
from neuron_tui.store.errors import CheckpointError
from tests.engine.checkpoints import Layout, Shape, build_tokenizer, random_opt, save, write_config

OLD, NEW = "a" * 40, "b" * 40


def checkpoint(folder: Path, layout: Layout = "safetensors", layers: int = 1) -> Path:
    folder.mkdir(parents=True)
    build_tokenizer("fast", 300, folder)
    write_config(Shape(layers=layers), 300, folder)
    save(random_opt(folder, 0, [5, 6, 7]), folder, layout)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the hub that holds acme/tiny at two revisions."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub/models--acme--tiny"
    checkpoint(repository / "snapshots" / NEW, layers=2)
    checkpoint(repository / "snapshots" / OLD, layers=1)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(NEW)
    (repository / "refs/v1").write_text(OLD)
    return repository


def test_an_id_is_taken_from_the_cache_without_a_network(cache: Path) -> None:
    assert locate("acme/tiny", allow_pickle=False).folder == cache / "snapshots" / NEW
    model = open_model("acme/tiny", allow_pickle=False)
    assert (model.identity.name, model.identity.layers) == ("acme/tiny", 2)


def test_a_revision_is_named_behind_an_at_sign(cache: Path) -> None:
    assert open_model("acme/tiny@v1", allow_pickle=False).identity.layers == 1
    assert open_model(f"acme/tiny@{OLD}", allow_pickle=False).identity.layers == 1


def test_pickled_weights_that_were_deleted_from_the_cache_are_not_missed_beside_others(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "tiny")
    (folder / "pytorch_model.bin").symlink_to(tmp_path / "blob that was deleted")
    assert [path.name for path in locate(str(folder), allow_pickle=True).weights] == ["model.safetensors"]
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin is a pipe, a device or a broken link"):
        locate(str(folder), allow_pickle=True)


@pytest.mark.parametrize("norm_before", [True, False])
@pytest.mark.parametrize("positions", [True, False])
def test_norms_and_position_embeddings_are_told_as_the_checkpoint_has_them(
    norm_before: bool, positions: bool, tmp_path: Path
) -> None:
    build_tokenizer("fast", 300, tmp_path)
    write_config(Shape(layers=1, norm_before=norm_before), 300, tmp_path)
    model = random_opt(tmp_path, 0, [5, 6, 7])
    if not positions:
        torch.nn.init.zeros_(model.model.decoder.embed_positions.weight)
    save(model, tmp_path, "safetensors")
    identity = open_model(str(tmp_path), allow_pickle=False).identity
    assert (identity.norm_before, identity.positions) == (norm_before, positions)


def test_pickles_in_the_cache_are_refused_until_allowed(cache: Path) -> None:
    snapshot = cache / "snapshots" / NEW
    shutil.rmtree(snapshot)
    checkpoint(snapshot, "sharded bin", layers=3)
    with pytest.raises(CheckpointError, match=r"(?s)pickle files \(pytorch_model-00001.*--allow-pickle"):
        locate("acme/tiny", allow_pickle=False)
    assert open_model("acme/tiny", allow_pickle=True).identity.layers == 3


@pytest.mark.parametrize("name", ["acme/absent", "acme/tiny@v9", "absent"])
def test_an_id_that_is_not_cached_says_so_and_what_to_do(cache: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="hub cannot be reached") as raised:
        locate(name, allow_pickle=False)
    assert name in str(raised.value)
    assert len(str(raised.value).splitlines()) <= 2


@pytest.mark.parametrize("name", ["./absent", "/absent/model", "a/b/c", "../up", "a b"])
def test_what_cannot_be_an_id_is_taken_for_a_directory(name: str) -> None:
    with pytest.raises(CheckpointError, match="no such directory"):
        locate(name, allow_pickle=False)


def test_a_shard_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "model", "sharded safetensors")
    index = folder / "model.safetensors.index.json"
    shards = json.loads(index.read_text())
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes(b"")
    name = next(iter(shards["weight_map"]))
    shards["weight_map"][name] = "../outside.safetensors"
    index.write_text(json.dumps(shards))
    with pytest.raises(CheckpointError, match=r"outside\.safetensors is missing"):
        locate(str(folder), allow_pickle=False)


def test_an_incomplete_cache_names_the_missing_shard(cache: Path) -> None:
    snapshot = cache / "snapshots" / NEW
    shutil.rmtree(snapshot)
    checkpoint(snapshot, "sharded safetensors")
    (snapshot / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"00002-of-00003\.safetensors is missing"):
        locate("acme/tiny", allow_pickle=False)
