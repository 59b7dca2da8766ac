"""The tables of docs/findings.md: every number against a plain count over the records of made-up runs."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.findings import (
    KINDS,
    Material,
    Moment,
    moments_table,
    paper_table,
    positions_table,
    read_trained,
    scale_table,
    sensitivity_table,
    sizes_table,
    sparsity_table,
    trainings_table,
)
from benchmarks.findings_page import CHARTS, TABLES, write_findings
from benchmarks.trainings import Extraction, training
from neuron_tui.store import open_run
from neuron_tui.store.disk.schema import TYPES
from neuron_tui.store.findings.figures import read_aggregates
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from neuron_tui.store.wording import percent
from tests.synthetic import build_run

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
LAYERS, NEURONS, PARAMETERS = 2, 60, 3 * 4 + 5

Cells = list[list[str]]


@dataclass(frozen=True, slots=True)
class Place:
    models: Path
    runs: Path

    @property
    def material(self) -> Material:
        return Material(self.models, self.runs)


def leave_model(folder: Path, step: int, loss: float) -> None:
    """What a training leaves beside its tokeniser: the record, and a safetensors file of two tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    reached = {"step": step, "tokens": 4096 * step, "loss": loss}
    (folder / "training.json").write_text(json.dumps({"reached": reached}))
    header = json.dumps({"__metadata__": {"format": "pt"}, "a": {"shape": [3, 4]}, "b": {"shape": [5]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Models and runs of `base` at step 250 and at its end, and of `nopos` at its end; nothing else."""
    folder = tmp_path_factory.mktemp("studies")
    given = Place(folder / "models", folder / "runs")
    base, nopos = training("base"), training("nopos")
    made = (Extraction(base, 250), Extraction(base, base.steps), Extraction(nopos, nopos.steps))
    for seed, one in enumerate(made):
        leave_model(one.model(given.models), one.step, 4.0 - seed)
        build_run(given.runs / one.name, layers=LAYERS, neurons=NEURONS, seed=seed)
    return given


@pytest.fixture(scope="module")
def course(place: Place) -> list[Moment]:
    return place.material.course("base")


def records(moment: Moment) -> list[list[NeuronRecord]]:
    return [list(layer.records()) for layer in moment.facts.run.layers.values()]


def every(moment: Moment) -> list[NeuronRecord]:
    return [record for layer in records(moment) for record in layer]


def kind_of(record: NeuronRecord) -> str | None:
    return record.position.type if record.position else None


def information(record: NeuronRecord) -> float:
    assert record.position is not None
    return record.position.mutual_information


def with_strong(found: list[NeuronRecord], kind: str) -> str:
    of_kind = [record for record in found if kind_of(record) == kind]
    strong = [record for record in of_kind if record.position is not None and record.position.strength == "strong"]
    return f"{len(of_kind)} ({len(strong)})" if of_kind else "0"


def cells(table: str) -> Cells:
    """The cells of a Markdown table's rows, without its header."""
    lines = table.splitlines()
    assert set(lines[1]) <= set("|-: ")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in rows}) == 1
    return rows[2:]


def test_what_is_not_there_is_left_out_and_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    moments = place.material.ends("norm")
    assert [moment.facts.label for moment in moments] == ["base"]
    assert "after is not there, or not complete" in capsys.readouterr().err
    build_run(place.runs / "small", layers=LAYERS, neurons=NEURONS, finished=1)
    leave_model(place.models / "small", 4000, 2.0)
    assert [moment.facts.label for moment in place.material.ends("sizes")] == ["base"]


def test_the_trainings(place: Place) -> None:
    trained = read_trained(place.models / "base")
    assert (trained.step, trained.tokens, trained.parameters) == (4000, 4096 * 4000, PARAMETERS)
    (base, nopos) = cells(trainings_table(place.material.all_ends()))
    assert base == ["`base`", "with position embeddings", "128", "512", "0", str(PARAMETERS), "16.4M", "3.000"]
    assert (nopos[0], nopos[-1]) == ("`nopos`", "2.000")


def test_positional_neurons_by_layer(place: Place) -> None:
    moments = place.material.ends("positions")
    rows = cells(positions_table(moments))
    expected = [
        [
            str(layer),
            *(with_strong(found, kind) for kind in KINDS),
            str(total := sum(kind_of(record) is not None for record in found)),
            percent(total / NEURONS),
            f"{max(map(information, found)):.2f}",
        ]
        for moment in moments
        for layer, found in enumerate(records(moment))
    ]
    assert [row[1:] for row in rows] == expected
    assert [row[0] for row in rows] == ["`base`", "", "`nopos`", ""]


def test_types_under_other_thresholds_are_told_where_they_differ(place: Place) -> None:
    base, nopos = place.material.ends("positions")
    labelled = nopos.facts
    changed = np.repeat(labelled.sensitivity[:, :1], len(SETTINGS), axis=1)
    setting = [one.name for one in SETTINGS].index("positional 0.1")
    one, other = TYPES.index("one"), TYPES.index("other")
    changed[1, setting, one] -= [0, 1, 0]
    changed[1, setting, other] += [0, 0, 3]
    rows = dict(cells(sensitivity_table([replace(nopos, facts=replace(labelled, sensitivity=changed))])))
    kinds = [kind_of(record) for record in every(nopos)]
    counts = {kind: kinds.count(kind) for kind in KINDS}
    shown = {
        "unchanged": " / ".join(str(counts[kind]) for kind in KINDS),
        "positional 0.1": " / ".join(str(counts[kind] + {"one": -1, "other": 3}.get(kind, 0)) for kind in KINDS),
    }
    assert rows == shown
    assert next(iter(cells(sensitivity_table([base, nopos]))))[0] == "unchanged"


def test_moments_are_compared_with_the_end_neuron_by_neuron(course: list[Moment]) -> None:
    begun, ended = (every(moment) for moment in course)
    first, last = cells(moments_table(course))
    pairs = list(zip(begun, ended, strict=True))
    assert first[:4] == [
        *("250", "4.00", str(sum(record.dead for record in begun))),
        str(sum(was.dead and is_.dead for was, is_ in pairs)),
    ]
    assert first[4] == percent(mean(record.frequency for record in begun))
    assert first[5:9] == [with_strong(begun, kind) for kind in KINDS]
    kept = sum(kind_of(was) is not None and kind_of(is_) is not None for was, is_ in pairs)
    assert first[9:] == [
        f"{kept} of {sum(kind_of(record) is not None for record in ended)}",
        f"{max(map(information, begun)):.2f}",
    ]
    assert (last[2], last[0]) == (last[3], "4,000")
    assert int(first[3]) < int(first[2]), "some neuron must change for this to test anything"


def test_sizes_count_over_all_layers(course: list[Moment]) -> None:
    rows = cells(sizes_table(course))
    for row, found in zip(rows, map(every, course), strict=True):
        alive = [record for record in found if not record.dead]
        positional = sum(kind_of(record) is not None for record in found)
        assert row[1:5] == [
            *(str(len(found)), str(len(found) - len(alive)), percent(1 - len(alive) / len(found))),
            percent(mean(record.frequency for record in alive)),
        ]
        assert row[5] == str(sum(1 <= record.triggers[1].covering <= 5 for record in found))
        assert row[6:9] == [str(sum(record.triggers[n].detector for record in found)) for n in (1, 2, 3)]
        assert row[9:] == [str(positional), percent(positional / len(found))]
        assert int(row[6]) > 0 and positional > 0


def test_sparsity_by_layer(course: list[Moment]) -> None:
    rows = cells(sparsity_table(course))
    for row, found in zip(rows, (layer for moment in course for layer in records(moment)), strict=True):
        alive = [record.frequency for record in found if not record.dead]
        assert row[2:] == [
            *(str(NEURONS), str(NEURONS - len(alive)), percent(mean(alive)), percent(median(alive))),
            *(percent(sum(f < 0.01 for f in alive) / len(alive)), percent(sum(f > 0.5 for f in alive) / len(alive))),
            str(sum(1 <= record.triggers[1].covering <= 5 for record in found)),
        ]


def test_claims_that_do_not_apply_to_a_model_leave_their_place_empty(tmp_path: Path) -> None:
    """All neurons of a made-up layer are not alive, so the claims on LayerNorm after each block do not hold."""
    labelled = []
    for name, before in (("before", True), ("after", False)):
        folder = build_run(tmp_path / name, layers=LAYERS, neurons=NEURONS)
        manifest = read_manifest(folder)
        write_manifest(
            folder, manifest.model_copy(update={"model": manifest.model.model_copy(update={"norm_before": before})})
        )
        labelled.append(read_aggregates(open_run(folder)))
    rows = {row[0]: row[1:] for row in cells(paper_table(labelled))}
    assert rows["With LayerNorm after each block no neuron is dead. [§6]"] == ["", "✗"]
    assert rows["The second half of the layers is fully alive. [§3, Fig. 1a]"] == ["✗", ""]
    assert all(both[0] == both[1] != "" for says, both in rows.items() if "§4," in says or "§4.4" in says)


def test_scale_is_told_of_models_of_several_sizes(tmp_path: Path) -> None:
    sizes = [read_aggregates(open_run(build_run(tmp_path / f"n{n}", layers=LAYERS, neurons=n))) for n in (16, 32, 64)]
    rows = {row[0]: row[1:] for row in cells(scale_table(sizes))}
    detectors = [sum(s.detectors[1] for s in one.summaries) for one in sizes]
    assert detectors == sorted(set(detectors))
    verdict, because = rows["Larger models have more token detectors. [§4, Fig. 3a]"]
    assert verdict == "✓"
    assert all(f"n{n} {count} token detectors" in because for n, count in zip((16, 32, 64), detectors, strict=True))


def test_tables_are_replaced_where_they_stand(place: Place, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = "<!-- table: {} -->\n{}<!-- end -->\n"
    page.write_text(f"before\n{marks.format('norm', 'old')}between\n{marks.format('sizes', '')}after\n")
    models, runs = (shutil.copytree(folder, tmp_path / folder.name) for folder in (place.models, place.runs))
    for folder in (models, runs):  # any model will do to draw by
        shutil.copytree(folder / "nopos", folder / "smooth")
    for _ in range(2):  # writing again changes nothing
        write_findings(models, runs, page)
        text = page.read_text("utf-8")
        norm, sizes = (TABLES[name](place.material) for name in ("norm", "sizes"))
        written = (marks.format("norm", f"{norm}\n"), marks.format("sizes", f"{sizes}\n"))
        assert text == f"before\n{written[0]}between\n{written[1]}after\n"
    for name in CHARTS:
        ElementTree.fromstring((tmp_path / "page" / f"{name}.svg").read_text("utf-8"))


def test_without_any_run_it_says_what_comes_first(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="`train` and `extract` come first"):
        Place(tmp_path, tmp_path).material.course("base")


def test_a_table_that_there_is_not_is_an_error(place: Place, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- table: nothing -->\n<!-- end -->\n")
    with pytest.raises(KeyError, match="nothing"):
        write_findings(place.models, place.runs, page)


@pytest.mark.parametrize(
    ("pattern", "known"),
    [(r"<!-- table: ([a-z-]+) -->", TABLES), (r"\]\(findings/([a-z0-9-]+)\.svg\)", CHARTS)],
    ids=["tables", "charts"],
)
def test_the_page_has_every_table_and_chart(pattern: str, known: dict[str, Callable[[Material], str]]) -> None:
    assert sorted(re.findall(pattern, PAGE.read_text("utf-8"))) == sorted(known)


def test_the_charts_lie_there_and_tell_of_no_machine() -> None:
    files = sorted(PAGE.with_suffix("").iterdir())
    assert [file.name for file in files] == sorted(f"{name}.svg" for name in CHARTS)
    for file in files:
        text = file.read_text("utf-8")
        ElementTree.fromstring(text)
        assert not re.search(r"/tmp/|/home/|/root/|/Users/|/work/", text), file.name
