"""facts.h5: what it says is what the layers say, it is enough for the figures, and nothing else is taken for it."""

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.check.verification import Problem, check_run
from neuron_tui.store.disk.schema import FACTS, ORDERS, STRENGTHS, TYPES
from neuron_tui.store.disk.schema.facts import FACTS_FILE
from neuron_tui.store.errors import RunDamagedError, RunPartialError
from neuron_tui.store.findings.aggregates import LayerSummary, alive, detectors, types
from neuron_tui.store.findings.aggregates_made import facts_from_layers, facts_of, write_facts
from neuron_tui.store.findings.figures import build_figure, read_facts
from neuron_tui.store.findings.summary import run_info, summaries_from_layers, summarise_layers
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.folder import delete_files
from neuron_tui.store.runs.manifest import file_entry, read_manifest, write_manifest
from tests.synthetic import build_run


def assert_equal(one: object, other: object) -> None:
    """Facts or parts of them, arrays compared by value and by dtype."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    elif isinstance(one, (str, LayerSummary)):
        assert one == other
    else:
        for field in fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name))


def without_facts(folder: Path) -> Path:
    """The run as an extraction leaves it that was cut off after its last layer."""
    (folder / FACTS_FILE).unlink()
    write_manifest(folder, read_manifest(folder).model_copy(update={"facts": None}))
    return folder


def sign_again(folder: Path) -> None:
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"facts": file_entry(folder / FACTS_FILE)}))


@pytest.mark.parametrize(
    "made",
    [
        {"layers": 3, "neurons": 40, "seed": 5},
        {"layers": 1, "neurons": 1},  # dead: no frequency, no detector, nothing positional
        {"layers": 2, "neurons": 16, "sequences": 0},  # no positional statistics
        {"layers": 2, "neurons": 16, "sequences": 3},  # no positional types
    ],
    ids=["usual", "dead", "no positions", "few sequences"],
)
def test_the_file_says_what_the_layers_say(tmp_path: Path, made: dict[str, int]) -> None:
    run = open_run(build_run(tmp_path / "run", **made))
    assert run.manifest.has_facts
    assert_equal(facts_of(run), facts_from_layers(run))
    assert summarise_layers(run) == summaries_from_layers(run)
    assert check_run(run.path) == []


def test_the_file_alone_is_enough_for_what_is_said_of_layers(copy: Path) -> None:
    def rows(run: Run) -> dict[str, object]:
        facts = read_facts(run)
        return {name: build_figure(name, [facts]).rows for name in ("1a", "2", "3b", "8", "15", "positional")}

    expected = rows(open_run(without_facts(Path(shutil.copytree(copy, copy.parent / "other")))))
    expected = {name: [("demo", *row[1:]) for row in found] for name, found in expected.items()}
    info = run_info(open_run(copy))["layers"]
    run = open_run(copy)
    shutil.rmtree(copy / "layers")
    (copy / "corpus.h5").unlink()
    assert {name: list(found) for name, found in rows(run).items()} == expected
    assert run_info(run)["layers"] == info


def test_detected_tokens_are_those_that_records_cover(run: Run) -> None:
    for layer, detected in zip(run.layers.values(), facts_of(run).detected, strict=True):
        expected = {gram.ids[0] for record in layer.records() for gram in record.triggers[1].covered}
        assert detected.tolist() == sorted(expected)
        assert expected


def test_every_neuron_is_what_its_record_says(run: Run) -> None:
    facts = facts_of(run)
    strongest = iter(facts.strongest.tolist())
    for layer, states in zip(run.layers.values(), facts.states, strict=True):
        for record, state in zip(layer.records(), states, strict=True):
            assert alive(state) == (not record.dead)
            assert TYPES[types(state)] == (record.position.type if record.position else None)
            assert [n for n in ORDERS if detectors(state, n)] == [n for n in ORDERS if record.triggers[n].detector]
            if record.triggers[1].detector:
                assert next(strongest) == record.triggers[1].top[0].ids[0]
    assert next(strongest, None) is None


def test_growth_ends_with_the_dead_and_sensitivity_begins_with_the_types_of_the_run(run: Run) -> None:
    facts = facts_of(run)
    assert facts.growth[:, -1].tolist() == [summary.dead for summary in facts.summaries]
    assert (np.diff(facts.growth) <= 0).all()
    for summary, counts in zip(facts.summaries, facts.sensitivity[:, 0], strict=True):
        assert {
            kind: {name: int(counts[code, STRENGTHS.index(name)]) for name in ("strong", "weak")}
            for code, kind in enumerate(TYPES)
            if kind
        } == summary.positional
        assert counts.sum() == summary.neurons


def test_vocabularies_have_one_digest_if_they_write_all_tokens_alike(tmp_path: Path) -> None:
    def digest(seed: int, *extra: str) -> str:
        folder = build_run(tmp_path / f"{seed}", layers=1, neurons=12, extra=extra, seed=seed)
        return facts_of(open_run(folder)).vocabulary

    assert digest(0, "Ġone", "two") == digest(1, "Ġone", "two")
    assert len({digest(2, "ab", "c"), digest(3, "a", "bc"), digest(4, "c", "ab")}) == 3


def test_a_run_cut_off_after_its_last_layer_is_complete_and_says_the_same(copy: Path) -> None:
    kept = facts_of(open_run(copy))
    run = open_run(without_facts(copy))
    assert summarise(copy).state == "complete"
    assert check_run(copy) == []
    assert_equal(facts_of(run), kept)
    write_facts(copy)  # and once more it is killed, before run.json lists it
    assert check_run(copy) == [Problem("note", FACTS_FILE, "not part of the run")]
    sign_again(copy)
    assert check_run(copy) == []


def test_a_partial_run_has_no_facts_yet_and_they_are_made_from_its_layers(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "part", layers=4, neurons=16, finished=2))
    assert not (run.path / FACTS_FILE).exists()
    facts = read_facts(run)
    assert facts.layers == (0, 1)
    assert facts.growth.shape[0] == facts.sensitivity.shape[0] == len(facts.detected) == 2
    with pytest.raises(RunPartialError):
        facts_of(open_run(build_run(tmp_path / "none", layers=4, neurons=16, finished=0)))


def test_facts_of_a_partial_run_are_not_believed_and_found_by_check(copy: Path) -> None:
    manifest = read_manifest(copy)
    options = manifest.options.model_copy(update={"layers": (*manifest.options.layers, 7)})
    write_manifest(copy, manifest.model_copy(update={"options": options}))
    assert_equal(facts_of(open_run(copy)), facts_from_layers(open_run(copy)))
    assert Problem("error", "run.json", "lists facts.h5, which only a complete run has") in check_run(copy)


def test_a_missing_or_cut_file_is_a_damaged_run(copy: Path) -> None:
    content = (copy / FACTS_FILE).read_bytes()
    (copy / FACTS_FILE).write_bytes(content[:-1])
    with pytest.raises(RunDamagedError, match=r"facts\.h5 has"):
        open_run(copy)
    (copy / FACTS_FILE).unlink()
    assert summarise(copy).state == "damaged"
    assert [(p.file, p.message) for p in check_run(copy)] == [(FACTS_FILE, "is missing")]


def test_an_altered_number_is_not_shown(copy: Path) -> None:
    run = open_run(copy)
    with h5py.File(copy / FACTS_FILE, "r+") as file:
        setting("summary/dead", 0, 77)(file)
    for read in (facts_of, summarise_layers):
        with pytest.raises(RunDamagedError, match=r"facts\.h5: has been altered"):
            read(run)


def test_a_file_made_of_other_layers_is_refused(copy: Path, tmp_path: Path) -> None:
    other = build_run(tmp_path / "other", layers=3, neurons=24, seed=9)
    (copy / FACTS_FILE).write_bytes((other / FACTS_FILE).read_bytes())
    sign_again(copy)
    for read in (facts_of, summarise_layers):
        with pytest.raises(RunDamagedError, match="made of other files"):
            read(open_run(copy))
    assert {p.file for p in check_run(copy)} == {FACTS_FILE}


def setting(name: str, place: object, value: float) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        values = file[name][...]
        values[place] = value
        file[name][...] = values

    return change


@pytest.mark.parametrize("dataset", FACTS.datasets, ids=lambda dataset: dataset.name)
def test_any_number_that_does_not_follow_from_the_layers_is_found(copy: Path, dataset: object) -> None:
    name = dataset.name
    with h5py.File(copy / FACTS_FILE, "r+") as file:
        assert file[name].size, "nothing to alter"
        first = (0,) * file[name].ndim
        setting(name, first, file[name][first] + 1)(file)
    sign_again(copy)
    assert [(p.file, p.message) for p in check_run(copy)] == [(FACTS_FILE, f"`{name}` is not what the other files say")]


def test_a_part_that_is_left_out_is_found(copy: Path) -> None:
    with h5py.File(copy / FACTS_FILE, "r+") as file:
        del file["sensitivity"]
    sign_again(copy)
    assert [p.message for p in check_run(copy)] == ["`sensitivity` is not what the other files say"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (setting("positional/neuron", 0, 24), "`positional/neuron` is not between 0 and 23"),
        (setting("positional/neuron", 0, -1), "`positional/neuron` is not between 0 and 23"),
        (setting("positional/type", 0, 9), "`positional/type` is not between 0 and 4"),
        (setting("positional/strength", 0, 3), "`positional/strength` is not between 0 and 2"),
        (setting("positional/start", 1, 10**6), "`positional/start` does not rise"),
        (setting("detected/start", 0, 1), "`detected/start` does not rise"),
        (setting("detected/token", 0, 10**6), "`detected/token` is not between 0 and"),
        (setting("suppressors/neuron", 0, 24), "`suppressors/neuron` is not between 0 and 23"),
        (setting("suppressors/layer", 0, 3), "`suppressors/layer` names a layer that the run does not have"),
        (setting("neurons/state", (0, 0), 0b1111), "`neurons/state` holds an unknown positional type"),
        (setting("neurons/state", (0, 0), 0b10001), "`neurons/strongest` does not have a token for each"),
        (setting("neurons/strongest", 0, -1), "`neurons/strongest` is not between 0 and"),
        (setting("layer", 2, 5), "made of other files than those that run.json lists"),
        (lambda file: file.__delitem__("growth"), "`growth` is missing"),
    ],
)
def test_numbers_that_point_nowhere_are_refused_when_they_are_read(
    copy: Path, change: Callable[[h5py.File], None], message: str
) -> None:
    with h5py.File(copy / FACTS_FILE, "r+") as file:
        change(file)
    sign_again(copy)
    with pytest.raises(RunDamagedError) as error:
        read_facts(open_run(copy))
    assert f"{FACTS_FILE}: {message}" in str(error.value)


def test_the_files_of_a_run_go_with_its_facts(copy: Path) -> None:
    (copy / f"{FACTS_FILE}.partial").write_text("")
    delete_files(copy)
    assert list(copy.iterdir()) == []
