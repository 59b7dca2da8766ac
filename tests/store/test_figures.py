"""Figures: every number against a plain recount of records, and what is said beside them."""

import csv
import io
import json
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.disk.hdf5 import reading
from neuron_tui.store.disk.schema import CORPUS
from neuron_tui.store.errors import NeuronNotFoundError, RunPartialError, UsageError
from neuron_tui.store.findings.figures import NAMES, Figure, LabelledRun, build_figure, labels, read_aggregates
from neuron_tui.store.findings.figures.covering import bin_names
from neuron_tui.store.findings.figures.figure import Bins, Histograms, Lines, Marks, Tallies, Teams, Tokens
from neuron_tui.store.measures.growth import GROWTH
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.runs.manifest import CORPUS_FILE, read_manifest, write_manifest
from neuron_tui.tui.reports.figures import LONG, figure_csv, figures_csv, figures_json
from neuron_tui.tui.reports.printed import FORMATS, print_figure
from tests.store.planting import plant_oscillatory
from tests.synthetic import build_run

Records = list[list[NeuronRecord]]

BINS = {
    "2": (1, [(1, 5), (6, 10), (11, 20), (21, 50), (51, 200), (201, 1000), (1001, 2000), (2001, 10**9)]),
    "12": (2, [(1, 50), (51, 100), (101, 200), (201, 500), (501, 1000), (1001, 2000), (2001, 5000), (5001, 10**9)]),
    "13": (3, [(1, 50), (51, 100), (101, 200), (201, 500), (501, 1000), (1001, 5000), (5001, 20_000), (20_001, 10**9)]),
}


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of five layers."""
    return open_run(build_run(tmp_path_factory.mktemp("runs") / "five", layers=5, neurons=40, seed=5))


@pytest.fixture(scope="module")
def labelled(five: Run) -> LabelledRun:
    return read_aggregates(five)


@pytest.fixture(scope="module")
def records(five: Run) -> Records:
    return [list(layer.records()) for layer in five.layers.values()]


@pytest.fixture(scope="module")
def partial(tmp_path_factory: pytest.TempPathFactory) -> LabelledRun:
    """Two of four layers, another corpus."""
    folder = tmp_path_factory.mktemp("runs") / "part"
    return read_aggregates(
        open_run(build_run(folder, layers=4, neurons=16, finished=2, domains=("prose",), sequences=40))
    )


@pytest.fixture(scope="module")
def figures(labelled: LabelledRun, partial: LabelledRun) -> list[Figure]:
    """All figures of the two runs."""
    return [build_figure(name, [labelled, partial]) for name in NAMES]


def detected(records: list[NeuronRecord], n: int) -> set[tuple[int, ...]]:
    return {gram.ids for record in records for gram in record.triggers[n].covered}


def expected_by_layer(records: Records) -> dict[str, dict[str, list[object]]]:
    """Figure, column: the values from the bottom up."""
    found: dict[str, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))

    def put(figure: str, **values: object) -> None:
        for column, value in values.items():
            found[figure][column].append(value)

    for place, here in enumerate(records):
        alive = [r for r in here if not r.dead]
        low, high = wilson(len(here) - len(alive), len(here))
        put("1a", dead=len(here) - len(alive), dead_share=1 - len(alive) / len(here), neurons=len(here))
        put("1a", low=low, high=high)
        put("1b", mean_frequency=float(np.mean([r.frequency for r in alive])), alive=len(alive))
        put("3a", token_detectors=sum(r.triggers[1].detector for r in here))
        grams = {n: [detected(layer, n) for layer in records[: place + 1]] for n in (1, 2, 3)}
        so_far = {n: set().union(*grams[n]) for n in grams}
        overall = {n: grams[n][-1] - set().union(*grams[n][:-1]) for n in grams}
        previous = {n: grams[n][-1] - (grams[n][-2] if place else set()) for n in grams}
        put("3b", detected=len(grams[1][-1]), detected_so_far=len(so_far[1]))
        put("4", new_overall=len(overall[1]), new_to_previous=len(previous[1]))
        put("14a", bigram_detectors=sum(r.triggers[2].detector for r in here))
        put("14a", trigram_detectors=sum(r.triggers[3].detector for r in here))
        for n, name in ((2, "bigrams"), (3, "trigrams")):
            put("14b", **{name: len(grams[n][-1]), f"{name}_so_far": len(so_far[n])})
            put("15", **{f"{name}_new_overall": len(overall[n]), f"{name}_new_to_previous": len(previous[n])})
        suppress = sum(r.effect.suppresses_triggers is True for r in here)
        tokens = sum(r.triggers[1].detector for r in here)
        put("suppressing", suppressing=suppress, token_detectors=tokens, suppressing_share=suppress / tokens)
        put("suppressing", low=wilson(suppress, tokens)[0], high=wilson(suppress, tokens)[1])
        types = [r.position.type for r in here if r.position and r.position.type]
        put("positional", positional_share=len(types) / len(here))
        put("positional", **{kind: types.count(kind) for kind in ("oscillatory", "both", "one", "other")})
    return found


def test_figures_by_layer_equal_a_plain_recount_of_the_records(labelled: LabelledRun, records: Records) -> None:
    expected = expected_by_layer(records)
    assert set(expected) == {"1a", "1b", "3a", "3b", "4", "14a", "14b", "15", "suppressing", "positional"}
    for name, columns in expected.items():
        figure = build_figure(name, [labelled])
        assert {c.name for c in figure.columns} == {"run", "layer", "depth", *columns}, name
        assert figure.column("layer") == (0, 1, 2, 3, 4)
        assert figure.column("depth") == (0.0, 0.25, 0.5, 0.75, 1.0)
        for column, values in columns.items():
            assert list(figure.column(column)) == pytest.approx(values), (name, column)


@pytest.mark.parametrize("name", BINS)
def test_histograms_are_shares_of_the_alive_neurons(name: str, labelled: LabelledRun, records: Records) -> None:
    n, bins = BINS[name]
    figure = build_figure(name, [labelled])
    names = [c.name for c in figure.columns if c.unit == "share"]
    assert tuple(names) == bin_names(n)
    for layer, here in enumerate(records):
        alive = [r for r in here if not r.dead]
        for (low, high), column in zip(bins, names, strict=True):
            share = sum(low <= r.triggers[n].covering <= high for r in alive) / len(alive)
            assert figure.column(column)[layer] == pytest.approx(share)


def test_bins_are_named_as_in_the_paper() -> None:
    assert bin_names(1) == ("1-5", "6-10", "11-20", "21-50", "51-200", "201-1k", "1k-2k", ">2k")
    assert bin_names(2) == ("1-50", "51-100", "101-200", "201-500", "501-1k", "1k-2k", "2k-5k", ">5k")
    assert bin_names(3) == ("1-50", "51-100", "101-200", "201-500", "501-1k", "1k-5k", "5k-20k", ">20k")


def test_histograms_show_the_bottom_half_unless_all_layers_are_asked_for(labelled: LabelledRun) -> None:
    chart = build_figure("2", [labelled]).chart
    assert isinstance(chart, Histograms)
    (panel,) = chart.panels
    assert [layer for layer, _ in panel.shown(False)] == [0, 1, 2]  # the middle one of five included
    assert [layer for layer, _ in panel.shown(True)] == [0, 1, 2, 3, 4]
    assert Bins("even", (0, 1, 2, 3), ((0.0,),) * 4, 2).shown(False) == ((0, (0.0,)), (1, (0.0,)))


def test_the_strongest_suppressors_come_first_with_their_tokens(labelled: LabelledRun, records: Records) -> None:
    figure = build_figure("5", [labelled])
    found = [r for here in records for r in here if r.effect.suppresses_triggers]
    found.sort(key=lambda r: (r.effect.trigger_score or 0, r.layer, r.neuron))
    assert len(found) > 3
    assert list(zip(figure.column("layer"), figure.column("neuron"), strict=True)) == [
        (r.layer, r.neuron) for r in found[:25]
    ]
    assert list(figure.column("trigger_score")) == [r.effect.trigger_score for r in found[:25]]
    for cell, record in zip(figure.column("triggers"), found, strict=False):
        assert isinstance(cell, Tokens)
        assert cell.forms == tuple(trigger.forms[0] for trigger in record.triggers[1].covered)
    for cell, record in zip(figure.column("suppressed"), found, strict=False):
        assert isinstance(cell, Tokens)
        assert cell.forms == tuple(s.form for s in record.effect.suppressed[:5])
    detectors = sum(r.triggers[1].detector for here in records for r in here)
    assert f"five: {len(found)} of {detectors} token detectors" in figure.notes[0]


def test_every_positional_neuron_has_its_row_and_its_mark(labelled: LabelledRun, records: Records) -> None:
    figure = build_figure("8", [labelled])
    expected = [
        (r.layer, r.neuron, r.position.type, r.position.strength, r.position.mutual_information)
        for here in records
        for r in here
        if r.position and r.position.type
    ]
    names = ("layer", "neuron", "type", "strength", "mutual_information")
    assert list(zip(*(figure.column(name) for name in names), strict=True)) == expected
    assert isinstance(figure.chart, Marks)
    kinds = [figure.chart.kinds[mark.kind][0] for mark in figure.chart.panels[0].marks]
    assert kinds == [f"{kind}, {strength}" for _, _, kind, strength, _ in expected]
    assert len({marker for _, marker in figure.chart.kinds}) == 8


def test_figure_9_is_the_team_of_the_layer_asked_for_or_of_the_lowest_that_has_one(copy: Path) -> None:
    plant_oscillatory(copy, 0, {})
    plant_oscillatory(copy, 1, {4: np.arange(63) < 20, 7: np.arange(63) < 30})
    planted = read_aggregates(open_run(copy))
    figure = build_figure("9", [planted])
    assert figure.column("layer") == (1, 1)
    assert set(zip(figure.column("neuron"), figure.column("ranges"), figure.column("redundant"), strict=True)) == {
        (4, "1-20", "yes"),
        (7, "1-30", "no"),
    }
    assert "layer 1: 2 strong oscillatory neurons cover 47.6% of the positions" in figure.notes[0]
    assert "redundant, each by itself: 4" in figure.notes[0]
    assert build_figure("9", [planted], 2).column("layer") == (2,)
    none = build_figure("9", [planted], 0)
    assert none.rows == ()
    assert none.notes[0] == "demo: layer 0 has no strong oscillatory neuron; these layers have: 1, 2."
    with pytest.raises(NeuronNotFoundError):
        build_figure("9", [planted], 9)


def test_one_run_is_drawn_over_its_layers_and_several_over_relative_depth(
    labelled: LabelledRun, partial: LabelledRun
) -> None:
    alone, both = (build_figure("3b", runs).chart for runs in ([labelled], [labelled, partial]))
    assert isinstance(alone, Lines)
    assert isinstance(both, Lines)
    assert (alone.x_label, both.x_label) == ("layer", "relative depth")
    assert [list(s.x) for s in alone.series] == [[0, 1, 2, 3, 4]] * 2
    assert [list(s.x) for s in both.series] == [[0, 0.25, 0.5, 0.75, 1]] * 2 + [pytest.approx([0, 1 / 3])] * 2
    assert [s.dash for s in both.series] == [False, True, False, True]
    assert len({s.marker for s in both.series}) == 4
    assert [s.name for s in alone.series] == ["in the layer", "in it or below"]
    assert both.series[2].name == "part: in the layer"


def test_a_layer_whose_lower_neighbour_is_missing_leaves_a_gap(copy: Path) -> None:
    manifest = read_manifest(copy)
    kept = {layer: entry for layer, entry in manifest.layers.items() if layer != 1}
    write_manifest(copy, manifest.model_copy(update={"layers": kept}))
    figure = build_figure("4", [read_aggregates(open_run(copy))])
    assert figure.column("layer") == (0, 2)
    assert figure.column("new_to_previous")[1] is None
    assert isinstance(figure.chart, Lines)
    assert np.isnan(figure.chart.series[1].y[1])


def test_notes_say_what_is_partial_and_in_what_the_runs_differ(labelled: LabelledRun, partial: LabelledRun) -> None:
    notes = build_figure("1b", [labelled, partial]).notes
    assert notes[0] == "part is partial: 2 of 4 layers are finished."
    assert notes[1] == "The runs differ in corpus: five prose, code, math; part prose."
    assert notes[2].startswith("The runs differ in budget: five 6,8")
    assert len(notes) == 3
    assert build_figure("1b", [labelled]).notes == build_figure("1b", [labelled, labelled]).notes == ()


def test_a_share_of_neurons_comes_with_its_interval_and_what_it_is_not(labelled: LabelledRun, tmp_path: Path) -> None:
    for name in ("1a", "suppressing", "dead-by-tokens"):
        assert "if neurons were drawn independently; those of a model are not." in " ".join(
            build_figure(name, [labelled]).notes
        )
    one = read_aggregates(open_run(build_run(tmp_path / "dead", layers=1, neurons=1)))  # which has no detector
    assert [build_figure("suppressing", [one]).column(end) for end in ("low", "high")] == [(None,), (None,)]
    shaded, plain = (print_figure(build_figure(name, [labelled]), "svg").decode() for name in ("1a", "3a"))
    assert shaded.count("opacity: 0.15") == plain.count("opacity: 0.15") + 1


def first_active_by_hand(run: Run, layer: int) -> list[list[int]]:
    """First active counted token of each neuron in each domain, from the kept activations."""
    with reading(run.path / CORPUS_FILE, CORPUS) as file:
        tokens, starts, owners = (file.read(name) for name in ("tokens", "sequence_start", "sequence_domain"))
    words = run.layer(layer).columns("activations")["activations"]
    owner = np.repeat(owners, np.diff(starts))
    found = []
    for neuron in range(run.layer(layer).neurons):
        active = (words[neuron // 64] >> np.uint64(neuron % 64)) & np.uint64(1)
        row = []
        for domain in range(3):
            own = active[(owner == domain) & ~np.isin(tokens, (0, 1, 2))].tolist()
            row.append(own.index(1) + 1 if 1 in own else 0)
        found.append(row)
    return found


def test_dead_by_tokens_counts_who_had_not_fired_yet(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "kept", layers=2, neurons=30, keep_activations=True))
    figure = build_figure("dead-by-tokens", [read_aggregates(run)])
    assert run.manifest.corpus is not None
    domains = [domain.tokens for domain in run.manifest.corpus.domains]
    rows: dict[int | None, list[tuple[object, ...]]] = defaultdict(list)
    for row in figure.rows:
        rows[row[1]].append(row[3:])  # type: ignore[index]
    expected: dict[int | None, list[int]] = {}
    for layer in (0, 1):
        firsts = first_active_by_hand(run, layer)
        expected[layer] = [
            sum(not any(0 < f <= int(share * t) for f, t in zip(row, domains, strict=True)) for row in firsts)
            for share in GROWTH
        ]
    expected[None] = [sum(both) for both in zip(expected[0], expected[1], strict=True)]
    assert expected[0][0] > expected[0][-1] >= 2
    for layer, dead in expected.items():
        of = 60 if layer is None else 30
        assert [row[:4] for row in rows[layer]] == [
            (sum(int(share * t) for t in domains), share, count, count / of)
            for share, count in zip(GROWTH, dead, strict=True)
        ]
        assert [row[4:] for row in rows[layer]] == [wilson(count, of) for count in dead]
    assert f"kept: {expected[None][-1]} of 60 neurons are dead on {sum(domains):,} tokens" in figure.notes[0]


def test_dead_by_tokens_is_drawn_over_logarithms(labelled: LabelledRun, partial: LabelledRun) -> None:
    alone, both = (build_figure("dead-by-tokens", runs).chart for runs in ([labelled], [labelled, partial]))
    assert isinstance(alone, Lines)
    assert isinstance(both, Lines)
    assert alone.x_log
    most = max(labelled.summaries, key=lambda s: s.dead).layer
    assert [s.name for s in alone.series] == ["all layers", f"layer {most}"]
    assert [s.name for s in both.series] == ["five", "part"]
    assert both.x_limits[1] == max(one.run.manifest.tokens for one in (labelled, partial))


def test_sensitivity_begins_with_the_types_of_the_run(labelled: LabelledRun) -> None:
    figure = build_figure("sensitivity", [labelled])
    kinds = ("oscillatory", "both", "one", "other")
    by_layer = [row for row in figure.rows if row[1] is not None and row[3] == "unchanged"]
    for row, summary in zip(by_layer, labelled.summaries, strict=True):
        assert row[4:8] == tuple(sum(summary.positional[kind].values()) for kind in kinds)
        assert row[8] == sum(summary.positional[kind]["strong"] for kind in kinds)
    settings = [row[3] for row in figure.rows if row[1] is None]
    assert settings == [setting.name for setting in SETTINGS]
    for place, name in enumerate(settings):
        whole = np.array([row[4:] for row in figure.rows if row[3] == name])
        assert whole[0].tolist() == whole[1:].sum(axis=0).tolist()
        assert isinstance(figure.chart, Tallies)
        assert figure.chart.panels[0][1][place] == (name, tuple(whole[0].tolist()))
    assert "five, unchanged: positional 0.05, near 0.05, range 0.3, changes 4" in figure.notes[0]


def test_a_run_without_positions_has_no_sensitivity(tmp_path: Path, labelled: LabelledRun) -> None:
    none = read_aggregates(open_run(build_run(tmp_path / "none", sequences=0, layers=2, neurons=12)))
    figure = build_figure("sensitivity", [none, labelled])
    assert {row[0] for row in figure.rows} == {"five"}
    assert any("none: no positional statistics" in note for note in figure.notes)
    assert build_figure("sensitivity", [none]).rows == ()
    assert ElementTree.fromstring(print_figure(build_figure("sensitivity", [none]), "svg")).tag.endswith("svg")


def test_long_csv_says_what_each_value_of_the_figures_by_tokens_and_by_setting_is_of(labelled: LabelledRun) -> None:
    figures = [build_figure(name, [labelled]) for name in ("dead-by-tokens", "sensitivity")]
    rows = list(csv.reader(io.StringIO(figures_csv(figures))))[1:]
    keys = [tuple(row[:-1]) for row in rows]
    assert len(keys) == len(set(keys))
    tokens = labelled.run.manifest.tokens
    dead = next(
        row for row in rows if row[:3] == ["dead-by-tokens", "five", "2"] and row[5] == f"dead, tokens {tokens}"
    )
    assert int(dead[6]) == labelled.summaries[2].dead
    assert ["sensitivity", "five", "", "", "", "both, setting near 0.1"] in [row[:-1] for row in rows]


def test_runs_on_the_same_sources_with_other_tokens_or_context_are_not_silently_compared(tmp_path: Path) -> None:
    made = [
        read_aggregates(open_run(build_run(tmp_path / name, layers=1, neurons=12, context_length=length)))
        for name, length in (("long", 80), ("usual", 64))
    ]
    notes = build_figure("1a", made).notes
    assert any(note == "The runs differ in context length: long 80; usual 64." for note in notes)
    assert not any("tokeniser" in note for note in notes)


def test_a_run_with_few_full_length_sequences_says_why_it_has_no_types(tmp_path: Path) -> None:
    few = read_aggregates(open_run(build_run(tmp_path / "few", sequences=5, layers=1, neurons=12)))
    none = read_aggregates(open_run(build_run(tmp_path / "none", sequences=0, layers=1, neurons=12)))
    for name in ("8", "9", "positional"):
        notes = build_figure(name, [few, none]).notes
        assert "few: no positional types, 15 full-length sequences of the 30 needed." in notes
        assert "none: no positional statistics, the run has no full-length sequence." in notes
    assert build_figure("8", [few]).rows == ()


def test_runs_of_the_same_name_get_labels_of_their_own(tmp_path: Path, five: Run) -> None:
    twin = open_run(build_run(tmp_path / "five", layers=1, neurons=12))
    assert labels([five, twin]) == [f"{five.path.parent.name}/five", f"{tmp_path.name}/five"]
    assert len(set(labels([five, five]))) == 2
    assert labels([five]) == ["five"]


def test_a_run_without_a_finished_layer_and_a_name_without_a_figure_are_refused(
    tmp_path: Path, labelled: LabelledRun
) -> None:
    with pytest.raises(RunPartialError, match="no finished layer"):
        read_aggregates(open_run(build_run(tmp_path / "begun", layers=2, neurons=12, finished=0)))
    with pytest.raises(UsageError, match="no figure 7"):
        build_figure("7", [labelled])


def test_json_holds_every_row_under_the_names_of_its_columns(figures: list[Figure]) -> None:
    data = json.loads(figures_json(figures))
    assert [one["name"] for one in data] == list(NAMES)
    for one, figure in zip(data, figures, strict=True):
        assert list(one) == ["name", "title", "reference", "columns", "rows", "notes"]
        names = [column["name"] for column in one["columns"]]
        assert all(list(row) == names for row in one["rows"])
        for row, cells in zip(one["rows"], figure.rows, strict=True):
            plain = [list(cell.forms) if isinstance(cell, Tokens) else cell for cell in cells]
            assert list(row.values()) == plain


def test_csv_of_a_figure_has_its_columns_and_of_several_a_line_for_each_value(figures: list[Figure]) -> None:
    for figure in figures:
        rows = list(csv.DictReader(io.StringIO(figure_csv(figure))))
        assert len(rows) == len(figure.rows)
        assert list(rows[0]) == ["figure", *(column.name for column in figure.columns)]
    long = list(csv.DictReader(io.StringIO(figures_csv(figures))))
    assert tuple(long[0]) == LONG
    values = sum(len(f.rows) * sum(not column.key for column in f.columns) for f in figures)
    assert len(long) == values
    (found,) = [
        row["value"]
        for row in long
        if (row["figure"], row["run"], row["layer"], row["series"]) == ("1a", "five", "3", "dead")
    ]
    assert int(found) == figures[0].column("dead")[3]
    assert {row["neuron"] != "" for row in long if row["figure"] == "8"} == {True}
    assert {row["neuron"] for row in long if row["figure"] == "3a"} == {""}


def test_data_does_not_act_on_a_terminal(figures: list[Figure]) -> None:
    texts = (figures_json(figures), figures_csv(figures), *map(figure_csv, figures))
    assert not any(character in text for text in texts for character in "\x1b\x00\x07\u202e")


@pytest.mark.parametrize("form", FORMATS)
def test_a_printed_figure_is_a_file_of_its_format_and_the_same_each_time(labelled: LabelledRun, form: str) -> None:
    figure = build_figure("8", [labelled])
    printed = print_figure(figure, form)
    assert printed.startswith({"svg": b"<?xml", "pdf": b"%PDF-", "png": b"\x89PNG"}[form])
    assert print_figure(figure, form) == printed


def test_every_chart_becomes_one_well_formed_svg(figures: list[Figure]) -> None:
    for figure in figures:
        if figure.chart is None:
            with pytest.raises(UsageError, match="table"):
                print_figure(figure, "svg")
            continue
        root = ElementTree.fromstring(print_figure(figure, "svg"))
        words = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
        assert any(figure.title in text for text in words)
        for run in figure.runs:
            assert any(run in text for text in words), (figure.name, run)


def test_svg_of_histograms_has_a_bar_for_each_layer_shown_and_bin(labelled: LabelledRun) -> None:
    figure = build_figure("2", [labelled])

    def boxes(all_layers: bool) -> int:
        root = ElementTree.fromstring(print_figure(figure, "svg", all_layers=all_layers))
        groups = root.iter("{http://www.w3.org/2000/svg}g")
        return sum(1 for group in groups if (group.get("id") or "").startswith("patch_"))

    assert boxes(True) - boxes(False) == 2 * (8 + 1)  # and a box of the legend each


def test_runs_without_a_team_still_make_a_figure_9(tmp_path: Path) -> None:
    short = read_aggregates(open_run(build_run(tmp_path / "short", sequences=0, layers=1, neurons=12)))
    figure = build_figure("9", [short])
    assert isinstance(figure.chart, Teams)
    assert ElementTree.fromstring(print_figure(figure, "svg")).tag.endswith("svg")
    assert figure.rows == ()
