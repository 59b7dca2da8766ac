"""The form of a new extraction as text: what is read, refused, and made of it."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store.runs.catalog import RunSummary, list_runs, run_folder
from neuron_tui.store.runs.corpus_argument import stem_of
from neuron_tui.store.runs.job import Job, JobStatus
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.store.runs.option_texts import from_arguments
from neuron_tui.store.runs.options import BUILTIN_MODELS, OPTIONS
from neuron_tui.store.wording import free_name, read_count, read_layers, show_layers
from neuron_tui.tui.config import form_defaults
from neuron_tui.tui.forms.disk_check import (
    DiskCheck,
    SourceCheck,
    carried_over,
    check_on_disk,
    check_source,
    complaints_of,
    count_text,
)
from neuron_tui.tui.forms.extraction_form import (
    FOLDED,
    CorpusPart,
    FormValues,
    complaints,
    filled,
    folded_text,
    proposed_name,
    texts_from,
)
from neuron_tui.tui.forms.local_models import ModelCheck, cached_models, check_model, known_models
from neuron_tui.tui.forms.path_candidates import models, one_of, paths, text_sources
from neuron_tui.tui.jobs.estimate import Estimated, about, estimate_paragraphs


def form(corpus: tuple[CorpusPart, ...] | None = None, **typed: str) -> FormValues:
    """The form as it begins, with other texts."""
    values = filled(form_defaults({})).having(**typed)
    return values if corpus is None else replace(values, corpus=corpus)


def engine_arguments(values: FormValues) -> tuple[str, ...]:
    return values.read().arguments()


GOOD = form(name="a-name")


def wrong(values: FormValues) -> dict[str, str]:
    """Reasons by field."""
    return {complaint.field: complaint.reason for complaint in complaints(values)}


def with_source(source: str, domain: str = "") -> FormValues:
    return replace(GOOD, corpus=(CorpusPart(domain, source),))


# Numbers and lists.


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5,000,000", 5_000_000),
        ("5M", 5_000_000),
        ("600k", 600_000),
        ("1.5m", 1_500_000),
        (" 2 G ", 2_000_000_000),
        ("1b", 1_000_000_000),
        ("5_000", 5_000),
        ("7", 7),
    ],
)
def test_a_count_is_read_as_people_write_it(text: str, number: int) -> None:
    assert read_count(text) == number


@pytest.mark.parametrize(
    "text", ["", "five", "5,00", "5.000.000", "1.5", "-3", "0", "0.1k2", "9999999G", "٣", "1e6", "5MM"]
)
def test_what_is_no_count_is_said_in_words(text: str) -> None:
    assert isinstance(read_count(text), str)


@given(st.integers(1, 10**15))
def test_every_count_reads_back_from_how_it_is_shown(number: int) -> None:
    assert read_count(f"{number:,}") == number


def test_layers_are_numbers_and_ranges() -> None:
    assert read_layers("0-2, 8") == (0, 1, 2, 8)
    assert read_layers("3,1,1-2") == (1, 2, 3)
    assert read_layers("all") is None
    assert read_layers("  ") is None
    for text in ("5-2", "a", "1,", "-1", "0-99999999", "1--2"):
        assert isinstance(read_layers(text), str), text


@given(st.sets(st.integers(0, 200), min_size=1))
def test_layers_read_back_from_how_they_are_shown(layers: set[int]) -> None:
    assert read_layers(show_layers(sorted(layers))) == tuple(sorted(layers))


# What is wrong.


def test_the_form_as_it_begins_lacks_only_a_name() -> None:
    assert wrong(GOOD) == {}
    assert list(wrong(form())) == ["name"]


@pytest.mark.parametrize(
    "model", ["pocket-opt", "facebook/opt-125m", "org/name@main", "/a/b", "~/x", "./y", "some/dir/deep"]
)
def test_models_that_could_be(model: str) -> None:
    assert "model" not in wrong(GOOD.having(model=model))


@pytest.mark.parametrize(
    "model", ["", "  ", "a b", "--allow-pickle", "-x/y", "name?", "https://huggingface.co/org/name"]
)
def test_models_that_cannot_be(model: str) -> None:
    assert "model" in wrong(GOOD.having(model=model))


@pytest.mark.parametrize(
    "source", ["builtin:prose", "hf:wikitext:train", "hf:a/b:config:train:text", "~/data/wiki.jsonl", "x.txt"]
)
def test_sources_that_could_be(source: str) -> None:
    assert wrong(with_source(source)) == {}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "Name a text"),
        ("builtin:poems", "Built-in texts are builtin:prose"),
        ("hf:wikitext", "hf:NAME:SPLIT"),
        ("my notes.txt", "Name its domain"),
        ("/", "Name its domain"),
        (os.fsdecode(b"\xff.txt"), "not UTF-8"),
    ],
)
def test_sources_that_cannot_be(source: str, says: str) -> None:
    assert says in wrong(with_source(source))["corpus"]


def test_a_domain_mends_a_source_whose_name_is_none() -> None:
    assert wrong(with_source("my notes.txt", "notes")) == {}
    assert "corpus" in wrong(with_source("a.txt", "two words"))
    assert "corpus" in wrong(with_source("a.txt", "a=b"))


def test_an_empty_row_among_others_is_nothing() -> None:
    values = replace(GOOD, corpus=(CorpusPart("", "builtin:code"), CorpusPart()))
    assert wrong(values) == {}
    assert engine_arguments(values).count("--corpus") == 1
    values = replace(GOOD, corpus=(CorpusPart("", "builtin:code"), CorpusPart("x", "")))
    assert [complaint.row for complaint in complaints(values)] == [1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tokens": "2"}, "tokens"),  # three domains
        ({"tokens": "lots"}, "tokens"),
        ({"context_length": "1"}, "context-length"),
        ({"context_length": "x"}, "context-length"),
        ({"layers": "3-1"}, "layers"),
        ({"device": "gpu"}, "device"),
        ({"device": "cuda:"}, "device"),
        ({"dtype": "int8"}, "dtype"),
        ({"batch_tokens": "0"}, "batch-tokens"),
        ({"memory": "much"}, "memory"),
        ({"keep_activations": "maybe"}, "keep-activations"),
        ({"name": ""}, "name"),
        ({"name": "../up"}, "name"),
        ({"name": "-x"}, "name"),
    ],
)
def test_each_field_has_its_own_complaint(change: dict[str, str], field: str) -> None:
    assert list(wrong(GOOD.having(**change))) == [field]


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": ""},
        {"context_length": "2,048"},
        {"layers": ""},
        {"device": "cuda:3"},
        {"batch_tokens": "32k"},
        {"memory": "1.5T"},
        {"memory": "500MiB"},
    ],
)
def test_what_may_be_typed(change: dict[str, str]) -> None:
    assert wrong(GOOD.having(**change)) == {}


def test_complaints_come_in_the_order_of_the_form() -> None:
    values = form(model="", corpus=(CorpusPart("", "hf:x"),), tokens="x", device="x", memory="x", layers="x")
    assert list(wrong(values)) == ["model", "corpus", "tokens", "name", "layers", "device", "memory"]


# Arguments.


def test_arguments_name_only_what_is_not_left_to_the_engine() -> None:
    assert engine_arguments(GOOD.having(tokens="")) == (
        *("pocket-opt", "--corpus", "prose=builtin:prose", "--corpus", "code=builtin:code"),
        *("--corpus", "math=builtin:math", "--name", "a-name"),
    )


def test_local_paths_become_absolute_and_numbers_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "models" / "mine").mkdir(parents=True)
    values = form(
        model="models/mine",
        allow_pickle="yes",
        corpus=(CorpusPart("wiki", "~/w.jsonl"), CorpusPart("", "code"), CorpusPart("", "hf:a/b:train")),
        tokens="5M",
        name=" run ",
        context_length="2,048",
        layers="0-5, 8",
        device="cuda:1",
        dtype="float16",
        batch_tokens="32k",
        memory="8G",
        keep_activations="never",
    )
    assert engine_arguments(values) == (
        *(f"{tmp_path}/models/mine", "--corpus", f"wiki={tmp_path}/home/w.jsonl", "--corpus", f"code={tmp_path}/code"),
        *("--corpus", "b=hf:a/b:train", "--tokens", "5000000", "--context-length", "2048", "--layers", "0-5,8"),
        *("--dtype", "float16", "--keep-activations", "never", "--batch-tokens", "32000", "--name", "run"),
        *("--device", "cuda:1", "--memory", "8G", "--allow-pickle"),
    )
    assert engine_arguments(values.having(model="org/model"))[0] == "org/model"
    assert engine_arguments(values.having(model="./gone"))[0] == f"{tmp_path}/gone"


def test_a_form_comes_back_from_its_arguments() -> None:
    values = form(
        model="org/model",
        allow_pickle="yes",
        corpus=(CorpusPart("w", "/data/wiki.jsonl"), CorpusPart("", "builtin:code")),
        tokens="5,000,000",
        name="x",
        context_length="512",
        layers="0-5,8",
        device="cuda",
        dtype="bfloat16",
        batch_tokens="4,096",
        memory="8G",
        keep_activations="always",
    )
    assert filled(from_arguments(engine_arguments(values))) == values
    more = ("extract", *engine_arguments(values), "--runs-dir", "/r", "--overwrite", "--dry-run", "--json")
    assert filled(from_arguments(more)) == values


def test_a_form_comes_back_from_a_job_but_for_its_name() -> None:
    job = Job(pid=1, process_started=0, arguments=("m", "--name=n", "--tokens=7", "--corpus=a=b.txt"), begun="x")
    values = filled(texts_from(job))
    assert values == form(model="m", tokens="7", corpus=(CorpusPart("a", "b.txt"),))


def test_what_a_job_was_given_and_cannot_be_read_stands_in_the_form_as_it_is() -> None:
    assert filled(from_arguments(("m", "--layers", "b-a", "--corpus", "x"))) == form(
        model="m", layers="b-a", tokens="", corpus=(CorpusPart("", "x"),)
    )


def test_a_form_comes_back_from_a_run(runs: Path) -> None:
    manifest = read_manifest(runs / "whole")
    values = filled(texts_from(manifest))
    assert values["model"] == manifest.model.name
    assert values["layers"] == "all"
    assert values["name"] == ""
    assert [part.settled_domain for part in values.corpus] == [c.partition("=")[0] for c in manifest.options.corpus]
    some = manifest.options.model_copy(update={"layers": (0, 1, 3), "tokens": 1234567, "context_length": 32})
    values = filled(texts_from(manifest.model_copy(update={"options": some})))
    assert (values["layers"], values["tokens"], values["context_length"]) == ("0-1,3", "1,234,567", "32")


def test_a_form_comes_from_the_settings() -> None:
    chosen = {"model": "a/b", "corpus": ["w=/x.txt"], "tokens": 5000, "device": "cpu", "memory": "4G", "layers": "0-2"}
    assert filled(form_defaults(chosen)) == form(
        model="a/b", corpus=(CorpusPart("w", "/x.txt"),), tokens="5,000", device="cpu", memory="4G", layers="0-2"
    )
    assert filled(form_defaults({"corpus": []})).corpus == (CorpusPart(),)
    assert wrong(filled(form_defaults({})).having(name="x")) == {}


def test_every_option_in_the_form_has_a_place_in_it() -> None:
    shown = {name for name, option in OPTIONS.items() if option.label}
    assert shown == {"model", "allow_pickle", "corpus", "tokens", "name", *FOLDED}
    assert all(OPTIONS[name].hint and OPTIONS[name].example for name in FOLDED)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_example_of_every_option_can_be_typed(name: str) -> None:
    if example := OPTIONS[name].example:
        values = form((CorpusPart(*example.split("=")),)) if name == "corpus" else form(**{name: example})
        assert list(wrong(values)) == ["name"]


# Names.


def test_a_name_is_made_from_model_and_domains() -> None:
    corpus = (CorpusPart("wiki", "a.txt"), CorpusPart("", "~/data/code/"), CorpusPart("wiki", "b.txt"), CorpusPart())
    assert proposed_name(form(model="facebook/opt-1.3b", corpus=corpus)) == "opt-1.3b-wiki-code"
    assert proposed_name(form(model="/models/mine/", corpus=corpus)) == "mine-wiki-code"
    assert proposed_name(form(model="org/m@main", corpus=corpus[:1])) == "m-wiki"
    assert proposed_name(form()) == "pocket-opt-builtin"
    assert proposed_name(form(model="", corpus=(CorpusPart(),))) == "run"


@given(st.text(), st.text(), st.text())
def test_every_proposed_name_can_be_used(model: str, domain: str, source: str) -> None:
    values = form(model=model, corpus=(CorpusPart(domain, source),))
    assert run_folder(Path("runs"), proposed_name(values)).parent == Path("runs")


def test_the_stem_of_a_source_is_its_domain() -> None:
    assert stem_of("/a/wiki.jsonl.gz") == "wiki"
    assert stem_of("~/data/code/") == "code"
    assert stem_of("hf:org/name:train") == "name"
    assert stem_of("builtin:math") == "math"
    assert stem_of("x.csv.zst") == "x"
    assert stem_of("x.png") == "x.png"


def test_a_free_name_has_a_number_after_it(tmp_path: Path) -> None:
    taken = {"x", "x-2"}
    assert [free_name(stem, taken.__contains__) for stem in ("x", "y")] == ["x-3", "y"]

    def free(folder: Path) -> str:
        return check_on_disk(form(model="org/x", corpus=(CorpusPart(),)), folder, {}).free

    assert free(tmp_path / "none") == "x"
    (tmp_path / "x").mkdir()  # an empty folder is as good as none
    assert free(tmp_path) == "x"
    (tmp_path / "x" / "run.json").touch()
    assert free(tmp_path) == "x-2"


def test_options_are_told_where_they_differ() -> None:
    assert folded_text(form()).startswith("context, layers")
    assert folded_text(form(layers="0-5", device="cpu")) == "layers 0-5, device cpu"


# What the disk says.


def test_a_name_that_is_taken_is_told_with_a_free_one(runs: Path, tmp_path: Path) -> None:
    values = GOOD.having(name="whole")
    reasons = [complaint.reason for complaint in complaints_of(values, check_on_disk(values, runs, {}))]
    assert len(reasons) == 1
    assert "A run of that name exists. Free is whole-2" in reasons[0]
    (tmp_path / "whole").mkdir()
    assert not list(complaints_of(values, check_on_disk(values, tmp_path, {})))
    (tmp_path / "whole" / "notes.txt").touch()
    assert "is no run" in next(complaints_of(values, check_on_disk(values, tmp_path, {}))).reason
    (tmp_path / "whole" / "job.json").touch()
    assert "A run of that name exists" in next(complaints_of(values, check_on_disk(values, tmp_path, {}))).reason


def test_sources_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 1900)
    (tmp_path / "b.png").write_text("x")
    (tmp_path / "e.jsonl").touch()
    (tmp_path / "d").mkdir()
    assert check_source(f"{tmp_path}/a.txt", {}) == SourceCheck("1.9 kB")
    assert check_source(f"{tmp_path}/d", {}) == SourceCheck("a directory", directory=True)
    assert "Not a kind of file" in str(check_source(f"{tmp_path}/b.png", {}).problem)
    assert "is empty" in str(check_source(f"{tmp_path}/e.jsonl", {}).problem)
    assert "no such file" in str(check_source(f"{tmp_path}/gone.txt", {}).problem)
    assert "no such file" in str(check_source(f"{tmp_path}/a.txt/x.txt", {}).problem)
    assert "builtin:prose" in str(check_source("prose", {}).problem)
    assert check_source("/dev/null", {}).problem is not None
    assert check_source(f"{tmp_path}/" + "x" * 5000, {}).problem is not None
    assert check_source("~nobody-of-that-name/x.txt", {}).problem is not None
    assert check_source("builtin:code", {}).note == "built-in text"


def test_the_text_of_a_directory_is_counted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.txt", "in/b.jsonl.gz", "in/c.png", ".d.txt", ".hidden/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1234567890")
    (tmp_path / "in" / "broken.txt").symlink_to("nowhere")
    assert count_text(str(tmp_path), lambda: False) == SourceCheck("2 files, 20 B")
    assert count_text(str(tmp_path), lambda: True) is None
    (tmp_path / "none").mkdir()
    assert "No file below this directory" in str(count_text(f"{tmp_path}/none", lambda: False).problem)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hugging Face cache with `org/whole` (pickled), and the beginning of `org/begun`."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    whole = tmp_path / "hub" / "models--org--whole"
    checkpoint(whole / "snapshots" / "abc", "pytorch_model.bin")
    (whole / "refs").mkdir()
    (whole / "refs" / "main").write_text("abc")
    (tmp_path / "hub" / "models--org--begun").mkdir()
    (tmp_path / "hub" / "datasets--org--other").mkdir()
    return tmp_path / "hub"


def checkpoint(folder: Path, weights: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 24, "max_position_embeddings": 2048}))
    (folder / weights).touch()
    return folder


def test_models_of_the_cache_are_found_without_its_library(cache: Path, runs: Path) -> None:
    assert cached_models() == ["org/begun", "org/whole"]
    assert [model.name for model in known_models([])] == [*BUILTIN_MODELS, "org/begun", "org/whole"]
    job = Job(pid=1, process_started=0, arguments=("org/job", "--name", "n"), begun="x")
    begun = RunSummary("n", Path("n"), "partial", 0, None, None, JobStatus(job, "failed"))
    known = known_models([*list_runs(runs), begun])
    assert [model.origin for model in known[:4]] == ["built in", "built in", "of the run few", "of the run n"]
    assert check_model("org/whole").note == "in the Hugging Face cache, 24 layers, pickled weights"
    assert check_model("org/whole@abc").pickled
    assert "in part" in check_model("org/begun").note
    assert "in part" in check_model("org/whole@../../x").note
    assert "not on this machine" in check_model("org/none").note


def test_the_cache_may_lie_elsewhere_or_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert cached_models() == []
    (tmp_path / "hub" / "models--gpt2").mkdir(parents=True)
    assert cached_models() == ["gpt2"]


def test_directories_of_checkpoints_are_looked_at(tmp_path: Path) -> None:
    safe = checkpoint(tmp_path / "safe", "model.safetensors.index.json")
    assert check_model(str(safe)) == ModelCheck("a checkpoint directory, 24 layers", None, False, 24, 2048)
    (safe / "config.json").write_text("[1")
    assert check_model(str(safe)).layers is None
    (safe / "model.safetensors.index.json").unlink()
    assert "No weights" in str(check_model(str(safe)).problem)
    (safe / "config.json").unlink()
    assert "No config.json" in str(check_model(str(safe)).problem)
    (tmp_path / "file").touch()
    assert "This is a file" in str(check_model(f"{tmp_path}/file").problem)
    assert "no such directory" in str(check_model(f"{tmp_path}/gone").problem)
    assert "no such directory" in str(check_model("some/dir/deep").problem)


def test_what_is_known_of_a_model_is_held_against_the_form(tmp_path: Path) -> None:
    pickled = checkpoint(tmp_path / "pickled", "pytorch_model.bin")
    values = GOOD.having(model=str(pickled), context_length="4,096", layers="0-24")
    found = {c.field: c.reason for c in complaints_of(values, check_on_disk(values, tmp_path / "runs", {}))}
    assert "tick the box" in found["model"]
    assert found["context-length"] == "at most 2,048, the model's own"
    assert found["layers"] == "no layer 24: the model has 0 to 23"
    mended = values.having(allow_pickle="yes", context_length="2048", layers="23")
    assert not list(complaints_of(mended, check_on_disk(mended, tmp_path / "runs", {})))


def test_facts_follow_their_source_when_rows_come_and_go() -> None:
    a, b = CorpusPart("", "a.txt"), CorpusPart("", "b.txt")
    facts = DiskCheck(ModelCheck(), (SourceCheck("A"), SourceCheck("B")), "x", None)
    before = replace(GOOD, corpus=(a, b))
    gone = carried_over(facts, before, replace(GOOD, corpus=(b,)))
    assert [source.note for source in gone.sources] == ["B"]
    come = carried_over(facts, before, replace(GOOD, corpus=(a, CorpusPart(), b)))
    assert [source.note for source in come.sources] == ["A", "", "B"]


# Completion.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: `data/` with text and other files, and a hidden folder."""
    for name in ("data/code/a.txt", "data/wiki.jsonl", "data/wiki.txt.gz", "data/notes.pdf", "data/.hidden.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_paths_complete_to_directories_and_texts(folder: Path) -> None:
    def texts(typed: str) -> list[str]:
        return [candidate.text for candidate in text_sources(typed)]

    assert texts("data/") == ["data/code/", "data/wiki.jsonl", "data/wiki.txt.gz"]
    assert texts("~/data/w") == ["~/data/wiki.jsonl", "~/data/wiki.txt.gz"]
    assert texts(f"{folder}/da") == [f"{folder}/data/"]
    assert texts("data/.h") == ["data/.hidden.txt"]
    assert texts("~") == ["~/"]
    assert texts("") == ["builtin:prose", "builtin:code", "builtin:math", "data/"]
    assert texts("builtin:c") == ["builtin:code"]
    assert texts("data/wiki.jsonl/") == texts("gone/x") == texts("hf:x") == texts("a\0b") == []


def test_models_complete_to_known_ones_and_directories(folder: Path) -> None:
    known = one_of("pocket-opt", "org/model")("")
    assert [candidate.text for candidate in models("", known)] == ["pocket-opt", "org/model", "data/"]
    assert [candidate.text for candidate in models("data/", known)] == ["data/code/"]


def test_a_huge_directory_gives_some_candidates(tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"f{number:03d}.txt").touch()
    found = paths(f"{tmp_path}/", lambda name: True)
    assert len(found) == 500
    assert found[0].shown == "f000.txt"


# The estimate.


ESTIMATED = Estimated(
    seconds=240.0,
    tokens=5_000_000,
    positions=5_100_000,
    host_bytes=21_000_000_000,
    device_bytes=9_100_000_000,
    disk_bytes=1_600_000_000,
    scratch_bytes=0,
    disk_free=812_000_000_000,
    device="cuda:0",
    dtype="float16",
    model="facebook/opt-1.3b",
    layers=24,
    neurons=8192,
    context_length=2048,
    domains=(("wiki", 2_500_000, 412_000), ("co\x1bde", 2_500_000, 1)),
)


def test_an_estimate_is_told_in_words() -> None:
    first, second = (text for text, _ in estimate_paragraphs(ESTIMATED))
    assert first == (
        "about 4 min on cuda:0 · peak memory 9.1 GB on the GPU, 21.0 GB here · 1.6 GB on disk (812 GB free)"
    )
    assert second == (
        "5,000,000 tokens: wiki 2.5M in 412k documents, co\\x1bde 2.5M in 1 document"
        " · 24 layers × 8,192 neurons, context 2,048, float16"
    )


def test_an_estimate_warns_of_a_full_disk() -> None:
    text, role = estimate_paragraphs(replace(ESTIMATED, disk_free=1_000_000, device_bytes=0, scratch_bytes=5))[0]
    assert text.startswith("Not enough disk")
    assert role == "bad"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "under 10 s"),
        (42, "about 40 s"),
        (94, "about 95 s"),
        (96, "about 2 min"),
        (3600, "about 60 min"),
        (7800, "about 2 h 10 min"),
        (3 * 3600 - 2, "about 3 h"),
        (260_000, "about 3.0 days"),
    ],
)
def test_durations_are_told_roughly(seconds: float, text: str) -> None:
    assert about(seconds) == text
