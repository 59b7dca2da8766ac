"""Aggregates: what is kept is what the layers say, it is enough for the figures, and it can never damage a run."""

import shutil
from dataclasses import fields
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.errors import RunDamagedError, RunPartialError
from neuron_tui.store.findings import aggregates_cache
from neuron_tui.store.findings.aggregates import LayerSummary, alive, detectors, types
from neuron_tui.store.findings.aggregates_cache import aggregates_of, summarise_layers
from neuron_tui.store.findings.aggregating import count_aggregates
from neuron_tui.store.findings.figures import build_figure, read_aggregates
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.findings.summary import summaries_from_layers
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.folder import AGGREGATES_FILE, delete_files
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, read_manifest, write_manifest
from tests.synthetic import build_run


def assert_equal(one: object, other: object) -> None:
    """Aggregates or parts of them, arrays compared by value and by dtype."""
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
    assert (run.path / AGGREGATES_FILE).is_file()
    assert_equal(aggregates_of(run), count_aggregates(run))
    assert summarise_layers(run) == summaries_from_layers(run)
    assert check_run(run.path) == []


def test_detected_tokens_are_those_that_records_cover(run: Run) -> None:
    for layer, detected in zip(run.layers.values(), aggregates_of(run).detected, strict=True):
        expected = {gram.ids[0] for record in layer.records() for gram in record.triggers[1].covered}
        assert detected.tolist() == sorted(expected)
        assert expected


def test_every_neuron_is_what_its_record_says(run: Run) -> None:
    aggregates = aggregates_of(run)
    strongest = iter(aggregates.strongest.tolist())
    for layer, states in zip(run.layers.values(), aggregates.states, strict=True):
        for record, state in zip(layer.records(), states, strict=True):
            assert alive(state) == (not record.dead)
            assert TYPES[types(state)] == (record.position.type if record.position else None)
            assert [n for n in ORDERS if detectors(state, n)] == [n for n in ORDERS if record.triggers[n].detector]
            if record.triggers[1].detector:
                assert next(strongest) == record.triggers[1].top[0].ids[0]
    assert next(strongest, None) is None


def test_growth_ends_with_the_dead_and_sensitivity_begins_with_the_types_of_the_run(run: Run) -> None:
    aggregates = aggregates_of(run)
    assert aggregates.growth[:, -1].tolist() == [summary.dead for summary in aggregates.summaries]
    assert (np.diff(aggregates.growth) <= 0).all()
    for summary, counts in zip(aggregates.summaries, aggregates.sensitivity[:, 0], strict=True):
        assert {
            kind: {name: int(counts[code, STRENGTHS.index(name)]) for name in ("strong", "weak")}
            for code, kind in enumerate(TYPES)
            if kind
        } == summary.positional
        assert counts.sum() == summary.neurons


def test_vocabularies_have_one_digest_if_they_write_all_tokens_alike(tmp_path: Path) -> None:
    def digest(seed: int, *extra: str) -> str:
        folder = build_run(tmp_path / f"{seed}", layers=1, neurons=12, extra=extra, seed=seed)
        return aggregates_of(open_run(folder)).vocabulary

    assert digest(0, "Ġone", "two") == digest(1, "Ġone", "two")
    assert len({digest(2, "ab", "c"), digest(3, "a", "bc"), digest(4, "c", "ab")}) == 3


def test_the_file_alone_is_enough_for_what_figures_show(copy: Path) -> None:
    def rows(run: Run) -> dict[str, object]:
        aggregates = read_aggregates(run)
        names = ("1a", "2", "3b", "8", "15", "positional")
        return {name: list(build_figure(name, [aggregates]).rows) for name in names}

    run = open_run(copy)
    expected, info = rows(run), run_info(run)["layers"]
    shutil.rmtree(copy / "layers")
    (copy / "corpus.h5").unlink()
    assert rows(run) == expected
    assert run_info(run)["layers"] == info


def test_a_partial_run_keeps_none_and_they_are_counted_from_its_layers(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "part", layers=4, neurons=16, finished=2))
    aggregates = read_aggregates(run)
    assert not (run.path / AGGREGATES_FILE).exists()
    assert aggregates.layers == (0, 1)
    assert aggregates.growth.shape[0] == aggregates.sensitivity.shape[0] == len(aggregates.detected) == 2
    with pytest.raises(RunPartialError):
        aggregates_of(open_run(build_run(tmp_path / "none", layers=4, neurons=16, finished=0)))


def _altered(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


@pytest.mark.parametrize(
    "spoil",
    [lambda _: None, lambda data: data[:-1], lambda _: b"", lambda data: b"PK" * 1000, _altered],
    ids=["missing", "cut", "empty", "something else", "altered"],
)
def test_a_spoiled_file_is_made_again_and_damages_nothing(copy: Path, spoil: object) -> None:
    path, expected = copy / AGGREGATES_FILE, aggregates_of(open_run(copy))
    whole = path.read_bytes()
    path.unlink()
    if (spoiled := spoil(whole)) is not None:
        path.write_bytes(spoiled)
    assert summarise(copy).state == "complete"
    assert check_run(copy) == []
    assert_equal(aggregates_of(open_run(copy)), expected)
    assert path.read_bytes()[32:] != spoiled
    run = open_run(copy)
    assert_equal(aggregates_cache._read(path, aggregates_cache._key(run), run), expected)


def test_a_file_counted_from_other_layers_is_not_believed(copy: Path, tmp_path: Path) -> None:
    expected = aggregates_of(open_run(copy))
    other = build_run(tmp_path / "other", layers=3, neurons=24, seed=9)
    (copy / AGGREGATES_FILE).write_bytes((other / AGGREGATES_FILE).read_bytes())
    assert_equal(aggregates_of(open_run(copy)), expected)


def test_a_run_that_cannot_be_written_keeps_them_in_the_cache_of_the_user(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, cache = open_run(copy), tmp_path / "cache"
    expected = aggregates_of(run)
    (copy / AGGREGATES_FILE).unlink()
    (copy / AGGREGATES_FILE).mkdir()  # nothing can be put there, whoever runs the tests
    monkeypatch.setattr(aggregates_cache, "user_cache_path", lambda *_, **__: cache)
    assert_equal(aggregates_of(run), expected)
    (kept,) = (cache / "aggregates").iterdir()
    shutil.rmtree(copy / "layers")
    assert_equal(aggregates_of(run), expected)
    assert kept.stat().st_size > 0


def test_a_run_of_an_earlier_version_opens_whatever_became_of_its_facts(copy: Path) -> None:
    manifest = read_manifest(copy)
    expected = aggregates_of(open_run(copy))
    text = (copy / MANIFEST).read_text().rstrip()
    entry = '{"bytes": 12, "sha256": "' + "0" * 64 + '"}'
    old = text.replace("{", f'{{"facts": {entry}, ', 1)
    for content in (None, b"not what was listed"):
        (copy / MANIFEST).write_text(old)
        (copy / AGGREGATES_FILE).unlink(missing_ok=True)
        (copy / "facts.h5").unlink(missing_ok=True)
        if content is not None:
            (copy / "facts.h5").write_bytes(content)
        assert summarise(copy).state == "complete"
        assert check_run(copy) == []
        assert_equal(aggregates_of(open_run(copy)), expected)
    write_manifest(copy, read_manifest(copy))
    assert read_manifest(copy) == manifest


def test_the_files_of_a_run_go_with_its_aggregates(copy: Path) -> None:
    (copy / f"{AGGREGATES_FILE}.partial").write_text("")
    (copy / "facts.h5").write_text("")
    delete_files(copy)
    assert [path.name for path in copy.iterdir() if path.suffix != ".lock" and not path.name.startswith(".")] == []


def test_layers_that_do_not_hold_the_same_tables_are_named(copy: Path) -> None:
    run = open_run(copy)
    with h5py.File(run.layers[1].path, "r+") as file:
        del file["position/sensitivity"]
    with pytest.raises(RunDamagedError, match=r"layer_001.h5: `position/sensitivity` is missing"):
        count_aggregates(run)


def test_a_size_that_is_claimed_alone_is_refused(copy: Path) -> None:
    run = open_run(copy)
    with h5py.File(copy / CORPUS_FILE, "r+") as file:
        file.attrs["dimension_G1"] = 1 << 36
    with pytest.raises(RunDamagedError, match="`grams/1/occurrences` has the shape"):
        run.corpus.size(1)
