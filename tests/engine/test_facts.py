"""A finished extraction leaves facts that follow from its layers; one cut off just before them adds them later."""

from dataclasses import replace
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import extract
from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.schema.facts import FACTS_FILE
from neuron_tui.store.errors import DiskFullError, RunDamagedError
from neuron_tui.store.findings.aggregates_made import facts_from_layers, facts_of
from neuron_tui.store.runs.manifest import read_manifest

from .cases import FAMILY, build, request


def test_a_run_cut_off_after_its_last_layer_gets_its_facts_when_it_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Layers 1 and 3: what is new to the layer below is not known of either.
    case = replace(FAMILY["some layers"], tokens=600)
    corpus = build(case, tmp_path)
    asked = request(case, tmp_path, corpus, tmp_path / "runs")

    def no_room(folder: Path, manifest: object) -> None:
        raise DiskFullError(f"no space left on the disk while writing {folder / FACTS_FILE}")

    with monkeypatch.context() as patch:
        patch.setattr("neuron_tui.engine.extraction.add_facts", no_room)
        with pytest.raises(DiskFullError):
            extract(asked)
    folder = tmp_path / "runs" / "x"
    before = read_manifest(folder)
    assert before.complete and before.facts is None
    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*.h5")}
    said: list[str] = []
    assert extract(asked, announce=said.append) == folder
    assert said == ["The run x is complete: only facts.h5 was made again."]
    manifest = read_manifest(folder)
    assert manifest.model_copy(update={"facts": None}) == before
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert check_run(folder) == []
    run = open_run(folder)
    assert run.manifest.has_facts
    assert facts_of(run).summaries == facts_from_layers(run).summaries
    assert [summary.new_to_previous[1] for summary in facts_of(run).summaries] == [None, None]


def test_facts_that_were_lost_or_altered_are_made_again_when_the_run_is_asked_for_again(tmp_path: Path) -> None:
    case = FAMILY["less text than a window"]
    asked = request(case, tmp_path, build(case, tmp_path), tmp_path / "runs")
    file = extract(asked) / FACTS_FILE
    whole = file.read_bytes()
    for spoiled in (None, whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        file.unlink()
        if spoiled is not None:
            file.write_bytes(spoiled)
        if spoiled is None or len(spoiled) < len(whole):
            with pytest.raises(RunDamagedError, match="the command that made the run makes this file again"):
                open_run(file.parent)
        extract(asked)
        assert check_run(file.parent) == []
        assert open_run(file.parent).manifest.has_facts


def test_a_new_run_in_place_of_another_has_facts_of_its_own(tmp_path: Path) -> None:
    case = FAMILY["less text than a window"]
    corpus = build(case, tmp_path)
    asked = request(case, tmp_path, corpus, tmp_path / "runs")
    first = read_manifest(extract(asked))
    again = extract(asked.model_copy(update={"layers": (0,), "overwrite": True}))
    second = read_manifest(again)
    assert first.facts != second.facts
    assert second.has_facts
    assert check_run(again) == []
