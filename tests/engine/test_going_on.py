"""An extraction that was cut off goes on from the last residual stream that was kept, and ends the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from neuron_tui.engine.extraction import extract
from neuron_tui.engine.model import kept
from neuron_tui.engine.model.kept import KeptStreams, MappedStates, StreamCopy, StreamShape, Stretch
from neuron_tui.engine.progress import Progress
from neuron_tui.engine.resources import Resources, plan_resources
from neuron_tui.store.errors import CheckpointError, DiskFullError
from neuron_tui.store.runs.catalog import delete_run
from neuron_tui.store.runs.manifest import read_manifest

from .cases import Case, build, request, stored_records, two_domains
from .checkpoints import Shape

DEEP = Case(Shape(layers=6, width=16, heads=2, neurons=20, context=24), "fast", 300, two_domains, tokens=900)
MEMORIES = {"in memory": None, "in files": 1}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...], dict]:
    folder = tmp_path_factory.mktemp("deep")
    corpus = build(DEEP, folder)
    return folder, corpus, stored_records(extract(request(DEEP, folder, corpus, folder / "runs")))


@pytest.fixture
def always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every layer's end kept: these models are too quick for any of them to be worth it."""
    monkeypatch.setattr(kept, "_TIMES", 0)


def interrupted_at(layer: int, stage: str = "forward") -> object:
    def tell(step: Progress) -> None:
        if (step.stage, step.layer) == (stage, layer):
            raise KeyboardInterrupt

    return tell


@pytest.mark.parametrize("memory", MEMORIES.values(), ids=MEMORIES)
@pytest.mark.parametrize("stage", ["forward", "count"])
def test_layers_below_the_kept_stream_are_not_passed_through_again(
    memory: int | None, stage: str, undisturbed: tuple, always_due: None, tmp_path: Path
) -> None:
    folder, corpus, records = undisturbed
    asked = request(DEEP, folder, corpus, tmp_path, memory=memory)
    with pytest.raises(KeyboardInterrupt):
        extract(asked, interrupted_at(4, stage))
    assert list((tmp_path / "x" / "scratch").glob("kept-*"))
    assert not list((tmp_path / "x" / "scratch").glob("residual*"))
    done = set(read_manifest(tmp_path / "x").layers)
    assert done == {0, 1, 2, 3}
    steps: list[tuple[str, int | None]] = []
    extract(asked, lambda step: steps.append((step.stage, step.layer)))
    assert ("embed", None) not in steps
    assert {layer for _, layer in steps if layer is not None} <= {3, 4, 5}
    assert stored_records(tmp_path / "x") == records
    assert not (tmp_path / "x" / "scratch").exists()


@pytest.mark.parametrize("memory", MEMORIES.values(), ids=MEMORIES)
@pytest.mark.parametrize("layers", [None, (0, 5)], ids=["all layers", "some far apart"])
def test_only_what_could_be_needed_stays_on_the_disk(
    layers: tuple[int, ...] | None, memory: int | None, undisturbed: tuple, always_due: None, tmp_path: Path
) -> None:
    folder, corpus, _ = undisturbed
    most = 0

    def look(step: Progress) -> None:
        nonlocal most
        most = max(most, len(list((tmp_path / "x" / "scratch").glob("kept-*"))))

    extract(request(DEEP, folder, corpus, tmp_path, layers=layers, memory=memory), look)
    assert 1 <= most <= 3


def test_a_stream_that_is_not_whole_is_not_gone_on_from(undisturbed: tuple, always_due: None, tmp_path: Path) -> None:
    folder, corpus, records = undisturbed
    asked = request(DEEP, folder, corpus, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        extract(asked, interrupted_at(3))
    for path in (tmp_path / "x" / "scratch").glob("kept-*"):
        path.write_bytes(path.read_bytes()[:-1])
    steps: list[str] = []
    extract(asked, lambda step: steps.append(step.stage))
    assert "embed" in steps
    assert stored_records(tmp_path / "x") == records


def test_what_was_kept_goes_with_the_run(undisturbed: tuple, always_due: None, tmp_path: Path) -> None:
    folder, corpus, _ = undisturbed
    with pytest.raises(KeyboardInterrupt):
        extract(request(DEEP, folder, corpus, tmp_path), interrupted_at(3))
    delete_run(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_without_room_on_the_disk_the_layers_are_passed_through_again(
    undisturbed: tuple, always_due: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, corpus, records = undisturbed

    def plan_on_a_small_disk(sizes: object, device: torch.device, memory: int | None, disk: int) -> Resources:
        return plan_resources(sizes, device, memory, 0)  # type: ignore[arg-type]

    monkeypatch.setattr("neuron_tui.engine.resources.plan_resources", plan_on_a_small_disk)
    said: list[str] = []
    asked = request(DEEP, folder, corpus, tmp_path, memory=1)
    with pytest.raises(KeyboardInterrupt):
        extract(asked, interrupted_at(3), said.append)
    assert any("passes through the layers again" in line for line in said)
    assert not (tmp_path / "x" / "scratch").exists()
    extract(asked)
    assert stored_records(tmp_path / "x") == records


def test_parts_of_any_cut_make_a_stream(tmp_path: Path) -> None:
    states = torch.arange(40, dtype=torch.bfloat16).view(10, 4)
    streams = KeptStreams(tmp_path, "0", 4, torch.bfloat16)
    for layer, cuts in {3: [0, 4, 10], 5: [0, 7]}.items():
        for start, stop in pairwise(cuts):
            shape = StreamShape(Stretch(start, stop), 4, torch.bfloat16)
            copy = StreamCopy(streams.path(layer, shape.stretch), shape)
            copy.put(1, states[start + 1 : stop])
            copy.put(0, states[start : start + 1])
            assert copy.finish() > 0
    assert streams.whole(Stretch(0, 10)) == {3}  # of layer 5 three positions are missing
    assert streams.whole(Stretch(2, 7)) == {3, 5}
    assert streams.whole(Stretch(0, 0)) == {3, 5}
    assert KeptStreams(tmp_path, "1", 4, torch.bfloat16).whole(Stretch(0, 10)) == set()  # another run's
    for start, stop in [(0, 10), (2, 5), (4, 10), (9, 10)]:
        found = torch.zeros((stop - start, 4), dtype=torch.bfloat16)
        streams.read(3, Stretch(start, stop), found)
        assert torch.equal(found, states[start:stop])
    streams.forget_before(5)
    assert [path.name for path in tmp_path.iterdir()] == ["kept-0-5-0-7"]
    KeptStreams(tmp_path, "1", 4, torch.bfloat16).forget_others()
    assert not list(tmp_path.iterdir())


def test_a_copy_that_the_disk_has_no_room_for_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shape = StreamShape(Stretch(0, 8), 4, torch.float32)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DiskFullError, match="kept-1-0-8"):
        MappedStates(tmp_path / "kept-1-0-8", shape, new=True)


def test_keeping_waits_until_a_kill_would_cost_twenty_times_as_much() -> None:
    keeping = kept.Keeping(0)
    keeping.kept(1.0)
    layers = 0
    while not keeping.due():
        keeping.passed(3.0)
        layers += 1
    assert layers == 6  # the seventh brings what could be lost to 21 seconds


def test_a_layer_that_cannot_be_used_is_met_when_its_turn_comes(tmp_path: Path) -> None:
    corpus = build(DEEP, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["model.decoder.layers.3.fc2.weight"][0, 0] = float("nan")
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"layers\.3\.fc2\.weight holds NaN"):
        extract(request(DEEP, tmp_path, corpus, tmp_path / "runs"))
    # It was read while the layer before was under way, and that one is there.
    assert set(read_manifest(tmp_path / "runs" / "x").layers) == {0, 1, 2}
