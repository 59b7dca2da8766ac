"""Runs beside each other: planted neurons whose totals, overlaps and fates are known by construction."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.errors import UsageError
from neuron_tui.store.findings.comparison import (
    DetectedToken,
    Shared,
    comparable_pairs,
    compare,
    token_lists,
    transitions,
)
from neuron_tui.store.findings.comparison.report import CURVES, PARTS, Report, make_report
from neuron_tui.store.findings.comparison.totals import Share
from neuron_tui.store.findings.figures import LabelledRun, read_aggregates
from neuron_tui.store.findings.figures.figure import Marks
from neuron_tui.store.findings.labelled_run import notes_on
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from neuron_tui.tui.reports.comparison import LONG, report_json, tables_csv
from neuron_tui.tui.reports.comparison_wording import total_rows
from neuron_tui.tui.reports.html import report_html
from tests.store.planting import Planted, list_again, plant_neurons, swap_tokens
from tests.synthetic import build_run, build_variant

FIRST = {
    0: Planted(
        dead=(5, 6),
        detectors={0: (4, 5), 1: (6,)},
        suppressing=(0, 1),
        types={10: ("oscillatory", "strong", 0.2), 11: ("oscillatory", "strong", 0.3)},
    ),
    1: Planted(types={10: ("one", "weak", 0.4)}),
    2: Planted(dead=(7,)),
    3: Planted(detectors={2: (7,)}),
}
SECOND = {
    0: Planted(
        dead=(6,),
        detectors={0: (4, 5)},
        suppressing=(0,),
        types={10: ("both", "strong", 0.6), 11: ("oscillatory", "strong", 0.3)},
    ),
    1: Planted(dead=(9,), detectors={3: (8,)}, suppressing=(3,), types={10: ("one", "weak", 0.4)}),
    2: Planted(types={11: ("other", "weak", 0.1)}),
    3: Planted(detectors={2: (6,)}, suppressing=(2,)),
}
"""The same model later: token 6 is detected higher up, 7 no more, 8 is new."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `first` and `second` of one shape and text; `swapped`, in whose vocabulary 4 and 5 changed places."""
    folder = tmp_path_factory.mktemp("runs")
    build_run(folder / "first", layers=4, neurons=16)
    for name in ("second", "swapped"):
        shutil.copytree(folder / "first", folder / name)
    plant_neurons(folder / "first", FIRST)
    plant_neurons(folder / "second", SECOND)
    plant_neurons(folder / "swapped", {layer: Planted(detectors={0: (4,)} if layer == 3 else {}) for layer in range(4)})
    swap_tokens(folder / "swapped", 4, 5)
    build_run(folder / "wider", layers=5, neurons=20, seed=1, domains=("prose",), sequences=20, context_length=65)
    build_run(folder / "part", layers=4, neurons=16, seed=2, finished=2)
    return folder


@pytest.fixture(scope="module")
def labelled(folder: Path) -> dict[str, LabelledRun]:
    names = ("first", "second", "swapped", "wider", "part")
    return {name: read_aggregates(open_run(folder / name), name) for name in names}


@pytest.fixture(scope="module")
def report(labelled: dict[str, LabelledRun]) -> Report:
    return make_report(list(labelled.values()), tokens=True)


def test_totals_are_those_planted(labelled: dict[str, LabelledRun]) -> None:
    first, second = compare([labelled["first"], labelled["second"]]).totals
    assert (first.run, first.neurons, first.layers, first.model_layers) == ("first", 64, 4, 4)
    assert (first.dead.part, first.dead.of, second.dead.part) == (3, 64, 2)
    assert first.dead.interval == wilson(3, 64)
    assert (first.detectors, second.detectors) == ({1: 3, 2: 0, 3: 0}, {1: 3, 2: 0, 3: 0})
    assert (first.covered[1], second.covered[1]) == (4, 4)
    assert (first.suppressing.part, first.suppressing.of, second.suppressing.value) == (2, 3, 1.0)
    assert first.positional is not None
    assert (first.positional.part, second.positional and second.positional.part) == (3, 4)
    assert first.types == {
        "oscillatory": {"strong": 2, "weak": 0},
        "both": {"strong": 0, "weak": 0},
        "one": {"strong": 0, "weak": 1},
        "other": {"strong": 0, "weak": 0},
    }
    assert first.information == pytest.approx(0.3)
    tokens = labelled["first"].run.manifest.tokens
    domains = len(labelled["first"].run.manifest.corpus.domains)  # type: ignore[union-attr]
    assert first.mean_frequency == pytest.approx(domains / tokens)  # one position in each domain


def test_the_overlap_is_that_planted_over_all_and_by_quarter_of_the_depth(labelled: dict[str, LabelledRun]) -> None:
    (overlap,) = compare([labelled["first"], labelled["second"]]).overlaps
    assert (overlap.first, overlap.second, overlap.by) == ("first", "second", "id")
    assert overlap.tokens == Shared(4, 4, 3)
    assert overlap.tokens.jaccard == pytest.approx(3 / 5)
    assert overlap.quarters == (Shared(3, 2, 2), Shared(0, 1, 0), Shared(0, 0, 0), Shared(1, 1, 0))
    assert [q.jaccard for q in overlap.quarters if q is not None] == [pytest.approx(2 / 3), 0.0, None, 0.0]


def test_tokens_of_other_vocabularies_are_told_by_what_they_read(labelled: dict[str, LabelledRun]) -> None:
    first, swapped = labelled["first"], labelled["swapped"]
    comparison = compare([first, swapped])
    (overlap,) = comparison.overlaps
    assert (overlap.by, overlap.tokens) == ("text", Shared(4, 1, 1))
    assert "Tokens of runs whose vocabularies differ are the same if they read the same." in comparison.notes
    lists = token_lists(first, swapped)
    form = first.run.corpus.form(5)  # which is what 4 is called there
    assert lists.shared == (DetectedToken(form, "bytes", (0,), (3,)),)
    assert {token.form for token in lists.first_only} == {first.run.corpus.form(token) for token in (4, 6, 7)}
    assert lists.second_only == ()


def test_token_lists_say_in_which_layers(labelled: dict[str, LabelledRun]) -> None:
    lists = token_lists(labelled["first"], labelled["second"])
    form = labelled["first"].run.corpus.form
    assert {(t.form, t.first, t.second) for t in lists.shared} == {
        (form(4), (0,), (0,)),
        (form(5), (0,), (0,)),
        (form(6), (0,), (3,)),
    }
    assert [(t.form, t.first, t.second) for t in lists.first_only] == [(form(7), (3,), ())]
    assert [(t.form, t.first, t.second) for t in lists.second_only] == [(form(8), (), (1,))]
    assert [t.shown() for t in lists.shared] == sorted(t.shown() for t in lists.shared)


def test_overlaps_of_every_two_equal_a_plain_recount(labelled: dict[str, LabelledRun]) -> None:
    def texts(one: LabelledRun, low: float, high: float) -> set[str] | None:
        layers = [layer for layer in one.layers if low <= one.depth(layer) < high]
        found = (record.triggers[1].covered for layer in layers for record in one.run.layer(layer).records())
        return {trigger.forms[0] for covered in found for trigger in covered} if layers else None

    unplanted = [labelled["wider"], labelled["part"]]
    (overlap,) = compare(unplanted).overlaps
    bounds = [(0.0, 2.0), (0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 2.0)]
    for shared, (low, high) in zip((overlap.tokens, *overlap.quarters), bounds, strict=True):
        a, b = (texts(one, low, high) for one in unplanted)
        assert shared == (None if a is None or b is None else Shared(len(a), len(b), len(a & b)))
    assert overlap.quarters[3] is None  # of which the partial run has no layer yet


def test_what_became_of_the_neurons_is_what_was_planted(labelled: dict[str, LabelledRun]) -> None:
    pair = transitions(labelled["first"], labelled["second"])
    assert (pair.layers, pair.neurons) == ((0, 1, 2, 3), 64)
    activity, position = pair.table("activity"), pair.table("position")
    assert activity.counts == ((1, 2), (1, 60))  # rows: dead, alive before
    assert position.count("oscillatory", "both") == 1
    assert position.count("oscillatory", "oscillatory") == 1
    assert position.count("one", "one") == 1
    assert position.count("not positional", "other") == 1
    assert sum(map(sum, position.counts)) == 64
    assert pair.table("token detectors").counts == ((60, 1), (1, 2))
    assert (pair.kept_detectors, pair.same_token) == (2, 1)  # 0:0 keeps its token, 3:2 has another


def test_a_strongest_trigger_is_the_same_if_it_reads_the_same(labelled: dict[str, LabelledRun], folder: Path) -> None:
    other = folder.parent / "again"
    shutil.copytree(folder / "first", other)
    plant_neurons(other, {0: Planted(detectors={0: (5,)}), 1: Planted(), 2: Planted(), 3: Planted()})
    swap_tokens(other, 4, 5)
    assert transitions(labelled["first"], read_aggregates(open_run(other))).same_token == 1


def test_neurons_are_followed_to_the_nearest_run_of_the_same_shape(labelled: dict[str, LabelledRun]) -> None:
    order = [labelled[name] for name in ("first", "wider", "second", "part")]
    assert [(a.label, b.label) for a, b in comparable_pairs(order)] == [("first", "second"), ("second", "part")]
    assert transitions(labelled["second"], labelled["part"]).layers == (0, 1)
    with pytest.raises(ValueError, match="another shape"):
        transitions(labelled["first"], labelled["wider"])


def test_runs_without_positional_types_are_not_said_to_have_none(
    tmp_path: Path, labelled: dict[str, LabelledRun]
) -> None:
    few = read_aggregates(open_run(build_run(tmp_path / "few", layers=4, neurons=16, sequences=4)))
    comparison = compare([labelled["first"], few])
    totals = comparison.totals[1]
    assert (totals.positional, totals.types, totals.information) == (None, None, None)
    assert any("no positional types" in note for note in comparison.notes)
    assert "position" not in [crossing.of for crossing in transitions(labelled["first"], few).tables]
    rows = {row.name.strip(): row for row in total_rows(comparison.totals)}
    assert (rows["positional"].cells, rows["positional"].change) == (("3", "–"), "")


def test_one_run_alone_is_no_comparison(labelled: dict[str, LabelledRun]) -> None:
    with pytest.raises(UsageError, match="two runs"):
        compare([labelled["first"]])


def test_for_two_runs_the_change_is_said(labelled: dict[str, LabelledRun]) -> None:
    rows = {row.name: row for row in total_rows(compare([labelled["first"], labelled["second"]]).totals)}
    assert (rows["dead"].cells, rows["dead"].change) == (("3", "2"), "−1")
    assert (rows["tokens"].change, rows["positional"].change) == ("same", "+1")
    assert rows["  share of token detectors"].change == "+33 points"
    assert rows["  oscillatory, strong + weak"].cells == ("2 + 0", "1 + 0")
    three = compare([labelled["first"], labelled["second"], labelled["part"]]).totals
    assert {row.change for row in total_rows(three)} == {""}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (0, 1000, "+100 points"),
        (428, 432, "+0.4 points"),  # both about 43%
        (156, 66, "−9 points"),
        (900, 101, "−80 points"),
        (7, 7, "same"),
    ],
)
def test_a_change_of_a_share_is_in_points_written_out(
    labelled: dict[str, LabelledRun], before: int, after: int, change: str
) -> None:
    totals = compare([labelled["first"], labelled["second"]]).totals
    dead = [replace(one, dead=Share(part, 1000)) for one, part in zip(totals, (before, after), strict=True)]
    assert next(row for row in total_rows(dead) if row.name == "  share of neurons").change == change


def test_intervals_that_do_not_overlap_are_called_apart(labelled: dict[str, LabelledRun]) -> None:
    first, second = compare([labelled["first"], labelled["second"]]).totals
    rows = total_rows([first, replace(second, dead=replace(second.dead, part=40))])
    place = [row.name for row in rows].index("dead")
    assert rows[place + 2].change == "apart"
    assert total_rows([first, second])[place + 2].change == "overlapping"


def test_what_keeps_runs_from_being_compared_is_said(
    folder: Path, labelled: dict[str, LabelledRun], tmp_path: Path
) -> None:
    assert notes_on([labelled["first"], labelled["second"]]) == []
    told = " ".join(notes_on([labelled["first"], labelled["wider"], labelled["part"]]))
    assert all(word in told for word in ("corpus", "budget", "context length", "part is partial: 2 of 4"))
    some = tmp_path / "some"
    shutil.copytree(folder / "first", some)
    manifest = read_manifest(some)
    layers = {layer: entry for layer, entry in manifest.layers.items() if layer != 2}
    options = manifest.options.model_copy(update={"layers": tuple(layers)})
    write_manifest(some, manifest.model_copy(update={"layers": layers, "options": options}))
    list_again(some)
    few = read_aggregates(open_run(some))
    assert notes_on([few, few]) == []  # the same layers of the same text
    assert notes_on([labelled["first"], few]) == ["The runs differ in layers: first all 4; some 0-1,3 of 4."]


def test_thresholds_of_a_variant_are_said(tmp_path: Path) -> None:
    run = build_run(tmp_path / "whole", neurons=16, layers=2)
    loose = build_variant(run, "loose", Thresholds(coverage="0.5"), neurons=16, layers=2)  # type: ignore[arg-type]
    comparison = compare([read_aggregates(open_run(run)), read_aggregates(open_run(loose), "whole@loose")])
    assert any(note.startswith("whole@loose is ") and "50%" in note for note in comparison.notes)


def test_the_report_has_every_part_and_circles_for_each_positional_neuron(report: Report) -> None:
    assert tuple(table.name for table in report.tables) == PARTS
    circles = next(table for table in report.curves if table.name == "8").chart
    assert isinstance(circles, Marks)
    kinds = [name for name, _ in circles.kinds]
    drawn = {panel.run: [(m.layer, m.neuron, kinds[m.kind]) for m in panel.marks] for panel in circles.panels}
    assert drawn["first"] == [
        (0, 10, "oscillatory, strong"),
        (0, 11, "oscillatory, strong"),
        (1, 10, "one, weak"),
    ]
    assert drawn["swapped"] == []


def test_json_holds_the_whole_comparison(report: Report) -> None:
    data = json.loads(report_json(report))
    assert data["runs"] == ["first", "second", "swapped", "wider", "part"]
    assert data["totals"][0]["dead"] == 3
    assert data["totals"][0]["dead_share"] == pytest.approx(3 / 64)
    assert data["overlap"][0]["depths"]["all"] == {
        "detected": 4,
        "other_detected": 4,
        "shared": 3,
        "jaccard": pytest.approx(0.6),
    }
    assert [(o["run"], o["other"]) for o in data["overlap"]] == list(combinations(data["runs"], 2))
    assert data["became"][0]["crossings"]["activity"] == {
        "dead": {"dead": 1, "alive": 2},
        "alive": {"dead": 1, "alive": 60},
    }
    assert [figure["name"] for figure in data["figures"]] == list(CURVES)
    assert len(data["tokens"][0]["shared"]) == 3


def test_csv_has_a_row_for_each_value(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(tables_csv(report.tables))))
    assert tuple(rows[0]) == LONG
    assert {row["part"] for row in rows} == set(PARTS)

    def values(**wanted: str) -> list[str]:
        return [row["value"] for row in rows if all(row[name] == value for name, value in wanted.items())]

    assert values(part="totals", run="first", tokens="", series="dead") == ["3"]
    # No two rows of a part are of the same thing; some prefixes of so short a corpus have the same length.
    keys = [tuple(row[name] for name in LONG[:-1]) for row in rows if row["part"] != "dead-by-tokens"]
    assert len(set(keys)) == len(keys)
    assert values(part="overlap", run="first", other="second", depth="0–¼", series="shared") == ["2"]
    went = {"part": "became", "run": "first", "other": "second", "of": "activity", "before": "dead", "after": "alive"}
    assert values(**went, series="neurons") == ["2"]
    assert values(part="1a", run="second", layer="1", series="dead") == ["1"]
    assert values(**went, series="share_of_before") == [str(2 / 3)]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_fetches_nothing_runs_nothing_and_shows_names_as_they_are(folder: Path) -> None:
    labels = ("<b>bold</b>\x1b[31m", "=1+1 \u202e& so")
    named = [
        read_aggregates(open_run(folder / name), label) for name, label in zip(("first", "second"), labels, strict=True)
    ]
    text = report_html(make_report(named, tokens=True))
    page = _Page()
    page.feed(text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.links == []
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)
    assert "default-src 'none'" in text
    shown = "".join(page.texts)
    assert "<b>bold</b>\\x1b[31m" in shown
    assert page.tags.count("svg") == len(CURVES)
    assert all(title in shown for title in ("Totals", "Overlap of detected tokens", "How the neurons changed"))
