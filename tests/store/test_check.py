from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store.check.verification import Problem, check_run
from neuron_tui.store.disk.files import sha256
from neuron_tui.store.errors import RunNotFoundError
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, FileEntry, layer_file, read_manifest, write_manifest
from tests.synthetic import build_run

LAYER = layer_file(1)


def sign_again(folder: Path, name: str) -> None:
    """Make run.json agree with a file that was altered: what somebody who means harm would do."""
    entry = FileEntry(bytes=(folder / name).stat().st_size, sha256=sha256(folder / name))
    manifest = read_manifest(folder)
    if name == CORPUS_FILE:
        assert manifest.corpus is not None
        changed = {"corpus": manifest.corpus.model_copy(update={"file": entry})}
    else:
        changed = {"layers": {**manifest.layers, int(name[-6:-3]): entry}}
    write_manifest(folder, manifest.model_copy(update=changed))


def errors(folder: Path) -> list[tuple[str, str]]:
    return [(p.file, p.message) for p in check_run(folder) if p.severity == "error"]


def test_a_sound_run_has_no_problem(demo: Path) -> None:
    assert check_run(demo) == []


@pytest.mark.parametrize("finished", [0, 1])
def test_a_partial_run_is_sound_and_says_what_is_still_to_come(tmp_path: Path, finished: int) -> None:
    folder = build_run(tmp_path / "part", layers=3, neurons=12, finished=finished)
    listed = ", ".join(str(layer) for layer in range(finished, 3))
    assert check_run(folder) == [Problem("note", MANIFEST, f"the run is partial; layers still to come: {listed}")]


def test_runs_without_positions_and_with_few_sequences_are_sound(tmp_path: Path) -> None:
    for sequences in (0, 3):
        assert check_run(build_run(tmp_path / str(sequences), layers=1, neurons=12, sequences=sequences)) == []


@pytest.mark.parametrize("name", [CORPUS_FILE, LAYER])
def test_a_missing_cut_or_altered_file_is_found(copy: Path, name: str) -> None:
    path = copy / name
    content = path.read_bytes()
    path.unlink()
    assert errors(copy)[0] == (name, "is missing")
    path.write_bytes(content[:-1])
    assert errors(copy) == [(name, f"has {len(content) - 1:,} bytes, run.json says {len(content):,}")]
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert errors(copy) == [(name, "has been altered: its SHA-256 is not the one in run.json")]
    path.unlink()
    path.mkdir()
    assert errors(copy) == [(name, "cannot be read: it is no regular file")]


def test_every_problem_is_told_not_the_first_alone(copy: Path) -> None:
    for layer in (0, 2):
        (copy / layer_file(layer)).unlink()
    assert errors(copy) == [(layer_file(0), "is missing"), (layer_file(2), "is missing")]


def test_a_manifest_that_cannot_be_read_is_one_problem(copy: Path) -> None:
    (copy / MANIFEST).write_text("{")
    ((name, message),) = errors(copy)
    assert name == MANIFEST
    assert message.startswith("the file: Invalid JSON")


def test_a_folder_that_is_no_run_is_not_checked(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        check_run(tmp_path)


def test_files_that_do_not_belong_are_noted_and_do_no_harm(copy: Path) -> None:
    (copy / "layers" / "layer_002.h5.partial").write_text("")
    (copy / "notes.txt").write_text("")
    (copy / "job.log").write_text("")
    assert check_run(copy) == [
        Problem("note", "layers/layer_002.h5.partial", "left by an extraction that was cut off, or of one under way"),
        Problem("note", "notes.txt", "not part of the run"),
    ]


def setting(name: str, place: object, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        values = file[name][...]
        values[place] = value
        file[name][...] = values

    return change


LOOKUP = [f"lookup/1/{name}" for name in ("gram", "neuron", "rank", "active")]


def repeat_first_entry(file: h5py.File) -> None:
    for name in LOOKUP:
        file[name][1] = file[name][0]


def turn_round(file: h5py.File) -> None:
    for name in LOOKUP:
        file[name][...] = file[name][...][::-1]


def move_a_neuron_to_another_type(file: h5py.File) -> None:
    counts = file["position/sensitivity"][...]
    counts[0, 0, 0] -= 1
    counts[0, 2, 1] += 1
    file["position/sensitivity"][...] = counts


CONTRADICTIONS: list[tuple[str, Callable[[h5py.File], None], str]] = [
    (CORPUS_FILE, setting("sequence_start", 1, 0), "`sequence_start` does not rise from 0"),
    (CORPUS_FILE, setting("sequence_start", 1, 40), "a sequence is longer than the context length"),
    (CORPUS_FILE, setting("sequence_domain", 0, 2), "`sequence_domain` names a domain out of place"),
    (
        CORPUS_FILE,
        setting("sequence_domain", slice(35, 37), 1),
        "the full-length sequences of the domains are not those in run",
    ),
    (CORPUS_FILE, setting("tokens", 5, 10**6), "`tokens` holds a token that the vocabulary does not"),
    (CORPUS_FILE, setting("tokens", 0, 9), "a sequence does not begin with BOS"),
    (CORPUS_FILE, setting("tokens", 5, 2), "the counted tokens of the domains are not those in run.json"),
    (CORPUS_FILE, setting("domain_tokens", 0, 1), "the counted tokens of the domains are not those in run.json"),
    (CORPUS_FILE, setting("grams/1/ids", 0, 10**6), "`grams/1/ids` holds a token that the vocabulary does not"),
    (CORPUS_FILE, setting("grams/2/ids", 0, 50), "`grams/2/ids` is not in order"),
    (CORPUS_FILE, setting("grams/1/occurrences", 0, 10**6), "`grams/1/occurrences` does not add up"),
    (CORPUS_FILE, setting("grams/3/occurrences", 0, 0), "`grams/3/occurrences` does not add up"),
    (LAYER, setting("count", (1, 0), 10**6), "`count` is more than the tokens of a domain"),
    (LAYER, setting("count", (1, 0), 0), "`triggers/1/total` is not the sum of `count`"),
    (LAYER, setting("bos_count", 0, 10**6), "`bos_count` is more than the sequences"),
    (LAYER, setting("first_active", (1, 0), 0), "`first_active` does not go with `count`"),
    (LAYER, setting("first_active", (0, 0), 1), "`first_active` does not go with `count`"),
    (LAYER, setting("first_active", (1, 0), 10**6), "`first_active` does not go with `count`"),
    (LAYER, setting("triggers/2/total", 1, 10**6), "`triggers/2/total` is more than that of shorter n-grams"),
    (LAYER, setting("triggers/1/top_gram", (1, 0), 10**6), "`triggers/1/top_gram` names an n-gram"),
    (LAYER, setting("triggers/1/top_gram", (1, 0), -1), "`triggers/1/first` is not the first of `top_gram`"),
    (LAYER, setting("triggers/1/top_gram", (10, 3), -1), "`triggers/1/top_gram` has a gap"),
    (LAYER, setting("triggers/1/first", 1, 0), "`triggers/1/first` is not the first of `top_gram`"),
    (LAYER, setting("triggers/1/top_active", (1, 0), 10**6), "`triggers/1/top_active` is more than the n-gram occurs"),
    (LAYER, setting("triggers/1/top_active", (10, 0), 1), "`triggers/1/top_active` is not in order"),
    (LAYER, setting("triggers/1/covering", 1, 0), "`triggers/1/covering` does not go with `total`"),
    (LAYER, setting("triggers/1/covering", 10, 2), "`triggers/1/covering` is not the shortest prefix"),
    (LAYER, setting("triggers/1/covered", 1, 40), "`triggers/1/covered` is more than `covering`"),
    (LAYER, setting("triggers/1/detected", 0, 0), "`triggers/1/detected` is not what the detectors cover"),
    (LAYER, setting("lookup/1/gram", 0, 3), "`lookup/1` does not agree with `triggers/1`"),
    (LAYER, setting("lookup/2/active", 5, 10**6), "`lookup/2` does not agree with `triggers/2`"),
    (LAYER, setting("lookup/3/rank", 5, 49), "`lookup/3` does not agree with `triggers/3`"),
    (LAYER, setting("lookup/1/neuron", 5, 24), "`lookup/1` names a trigger that no neuron has"),
    (LAYER, setting("lookup/1/neuron", 5, -1), "`lookup/1` names a trigger that no neuron has"),
    (LAYER, repeat_first_entry, "`lookup/1` does not agree with `triggers/1`"),
    (LAYER, turn_round, "`lookup/1` is not in order"),
    (LAYER, setting("lookup/1/page", 0, 3), "`lookup/1/page` does not agree with `lookup/1/gram`"),
    (LAYER, setting("position/active", (1, 1, 1), 10**6), "`position/active` is more than the full-length sequences"),
    (LAYER, setting("position/mutual_information", 1, np.nan), "`position/mutual_information` is not between"),
    (LAYER, setting("position/type", 1, 9), "`position/type` and `position/strength` hold an unknown code"),
    (LAYER, lambda f: f.__delitem__("position/type"), "`position/type` is missing"),
    (LAYER, lambda f: f.__delitem__("position/sensitivity"), "`position/sensitivity` is missing"),
    (LAYER, setting("position/sensitivity", (3, 0, 0), 0), "`position/sensitivity` does not hold every neuron once"),
    (LAYER, move_a_neuron_to_another_type, "`position/sensitivity` does not begin with the types"),
    (LAYER, setting("effect/promoted_id", (1, 1), -1), "`effect/promoted_id` names a token"),
    (LAYER, setting("effect/suppressed_score", (1, 1), 9.0), "`effect/suppressed_score` is not in order"),
    (LAYER, setting("effect/trigger_score", 1, np.nan), "`effect/trigger_score` is not there for the token detectors"),
    (LAYER, setting("contexts/position", (1, 0), 10**9), "`contexts/position` names a position"),
    (LAYER, lambda f: f.__delitem__("values/sum"), "`values/sum` is missing"),
    (LAYER, setting("values/edges", 3, 0.0), "`values/edges` do not rise"),
    (LAYER, setting("values/histogram", (1, 0), 10**6), "`values/histogram` does not hold every active position once"),
    (LAYER, setting("values/max", 1, np.nan), "`values/max` is not there for the neurons that are active"),
    (LAYER, setting("values/max", 0, 1.0), "`values/max` is not there for the neurons that are active"),
    (LAYER, setting("values/max", 1, 100.0), "`values/max` is not the first of the highest values"),
    (LAYER, setting("values/sum", 1, 1e9), "`values/sum` is more than `values/max` allows"),
    (LAYER, setting("highest/position", (1, 0), 10**9), "`highest/position` names a position"),
    (LAYER, setting("highest/position", (1, 0), -1), "`highest/position` does not go with `count`"),
    (LAYER, setting("highest/active", (1, 0), 0), "`highest/active` does not hold the sampled positions"),
    (LAYER, setting("contexts/value_start", 2, 0), "`contexts/value_start` does not go with `contexts/active`"),
    (LAYER, lambda f: f.attrs.__setitem__("layer", 0), "layer is 0, run.json says 1"),
    (LAYER, lambda f: f.__delitem__("count"), "`count` is missing"),
]


@pytest.mark.parametrize(("name", "change", "message"), CONTRADICTIONS, ids=[c[2] for c in CONTRADICTIONS])
def test_numbers_that_contradict_each_other_are_found_in_a_file_signed_anew(
    copy: Path, name: str, change: Callable[[h5py.File], None], message: str
) -> None:
    with h5py.File(copy / name, "r+") as file:
        change(file)
    sign_again(copy, name)
    found = errors(copy)
    assert any(file == name and said.startswith(message) for file, said in found), found


def test_a_file_of_another_run_in_its_place_is_found(copy: Path, tmp_path: Path) -> None:
    other = build_run(tmp_path / "other", layers=2, neurons=16)
    (copy / LAYER).write_bytes((other / LAYER).read_bytes())
    sign_again(copy, LAYER)
    assert (LAYER, "dimension N is 16, run.json says 24") in errors(copy)


def test_a_layer_that_the_run_was_not_to_hold_is_found(copy: Path) -> None:
    manifest = read_manifest(copy)
    options = manifest.options.model_copy(update={"layers": (0, 1)})
    write_manifest(copy, manifest.model_copy(update={"options": options}))
    assert errors(copy) == [(MANIFEST, "lists layer 2, which the run was not to hold")]


def test_the_files_of_a_job_belong_to_a_run(copy: Path) -> None:
    for name in ("job.json", "job.log", "job.json.partial"):
        (copy / name).write_text("{}")
    assert check_run(copy) == []
