"""The estimate of an extraction: what it says, what it reads, and which option a refusal is about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from neuron_tui.engine import estimate as estimating
from neuron_tui.engine.command import app
from neuron_tui.engine.corpus import order
from neuron_tui.engine.estimate import estimate
from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store.runs.manifest import read_manifest

from .cases import Case, build, request, three_domains
from .checkpoints import Shape, words

SMALL = Case(Shape(layers=3, width=16, heads=2, neurons=6, context=16), "fast", 320, three_domains)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    build(SMALL, folder)
    return folder


def sources(good: Path) -> tuple[str, ...]:
    texts = good / "texts"
    tree = (f"tree={texts / 'tree'}", f"tree={texts / 'more.txt.gz'}")
    return (*tree, f"tiny={texts / 'tiny.txt'}", f"rows={texts / 'rows.jsonl'}")


@pytest.fixture
def asked(good: Path, tmp_path: Path) -> ExtractionRequest:
    return request(SMALL, good, sources(good), tmp_path / "runs")


def ask(good: Path, runs: Path, *options: str, model: str = "", corpus: Sequence[str] = ()) -> tuple[int, Any, str]:
    """Exit code, answer and messages of `extract --dry-run --json`; the last of an option given twice counts."""
    texts = [part for source in corpus or sources(good) for part in ("--corpus", source)]
    usual = ["--name", "x", "--device", "cpu", "--runs-dir", str(runs), "--dry-run", "--json"]
    done = CliRunner().invoke(app, ["extract", model or str(good), *texts, *usual, *options])
    return done.exit_code, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("tokens", [None, 600])
def test_the_estimate_counts_what_the_extraction_will(asked: ExtractionRequest, good: Path, tokens: int | None) -> None:
    budget = () if tokens is None else ("--tokens", str(tokens))
    code, answer, _ = ask(good, asked.runs_dir, *budget, "--layers", "0-1")
    assert code == 0
    assert not asked.runs_dir.exists()  # nothing is written
    made = request(SMALL, good, sources(good), asked.runs_dir, tokens=tokens, layers=(0, 1))
    manifest = read_manifest(extract(made))
    assert manifest.corpus is not None
    assert answer["domains"] == [[d.name, d.tokens, d.documents] for d in manifest.corpus.domains]
    assert (answer["tokens"], answer["positions"]) == (manifest.tokens, manifest.corpus.positions)
    assert (answer["model"], answer["device"], answer["dtype"]) == (str(good), "cpu", "float32")
    assert (answer["layers"], answer["neurons"], answer["context_length"]) == (2, 6, 16)
    assert answer["at_most"] is False
    assert answer["seconds"] > 0
    assert answer["disk_free"] > answer["disk_bytes"] > 0
    assert answer["host_bytes"] > 0
    assert set(answer) - {"device_bytes", "scratch_bytes"} == {
        *("seconds", "tokens", "positions", "host_bytes", "disk_bytes", "disk_free", "device", "dtype", "model"),
        *("layers", "neurons", "context_length", "domains", "at_most"),
    }


def test_of_a_large_budget_a_sample_is_read_and_drawn_out(
    asked: ExtractionRequest, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimating, "SAMPLE", 300)
    read: list[int] = []
    found = estimate(
        request(SMALL, good, asked.corpus, asked.runs_dir, tokens=60_000), lambda step: read.append(step.done)
    )
    assert max(read) <= 300
    domains = {domain.name: domain for domain in found.domains}
    # The tiny text was read to its end; of the others nobody knows how long they are.
    assert (domains["tiny"].at_most, domains["tiny"].documents) == (False, 1)
    assert 0 < domains["tiny"].tokens < 100
    assert (domains["tree"].at_most, domains["tree"].tokens) == (True, 20_000)
    assert (domains["rows"].at_most, domains["rows"].tokens) == (True, 20_000)
    # Every window of 16 has its BOS, and here and there an EOS.
    assert 20_000 * 16 / 15 <= domains["rows"].positions < 1.2 * 20_000 * 16 / 15
    assert found.tokens == 40_000 + domains["tiny"].tokens
    assert found.describe().startswith(f"at most {found.tokens:,} tokens, about ")


def test_the_estimate_sorts_nothing(asked: ExtractionRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "nested_order", None)
    monkeypatch.setattr("neuron_tui.engine.corpus.prepared.nested_order", None)
    assert estimate(asked).tokens > 0


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, ...], int]] = {
    "model": ({"model": "/nowhere/at/all"}, (), 3),
    "corpus": ({"corpus": ("/nowhere/at/all.txt",)}, (), 3),
    "corpus, malformed": ({"corpus": ("=x.txt",)}, (), 2),
    "tokens": ({}, ("--tokens", "0"), 2),
    "tokens, too few to share": ({}, ("--tokens", "2"), 3),
    "context-length": ({}, ("--context-length", "17"), 3),
    "context-length, too small": ({}, ("--context-length", "1"), 2),
    "layers": ({}, ("--layers", "3"), 2),
    "layers, malformed": ({}, ("--layers", "a"), 2),
    "device": ({}, ("--device", "tpu"), 2),
    "dtype": ({}, ("--dtype", "int8"), 2),
    "batch-tokens": ({}, ("--batch-tokens", "0"), 2),
    "memory": ({}, ("--memory", "much"), 2),
    "name": ({}, ("--name", "../x"), 2),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_its_option_and_says_what_the_command_says(case: str, good: Path, tmp_path: Path) -> None:
    given, options, expected = REFUSED[case]
    code, answer, said = ask(good, tmp_path / "runs", *options, **given)
    assert code == expected
    assert answer["refused"]["field"] == case.partition(",")[0]
    assert said.endswith(f"{answer['refused']['message']}\n")
    assert not (tmp_path / "runs").exists()


def test_a_name_that_a_different_run_has_is_refused_before_it_starts(asked: ExtractionRequest, good: Path) -> None:
    extract(asked)
    assert ask(good, asked.runs_dir)[0] == 0
    code, answer, _ = ask(good, asked.runs_dir, "--tokens", "300")
    assert (code, answer["refused"]["field"]) == (3, "name")
    assert answer["refused"]["message"].startswith("a run x exists with other options: tokens (all there, 300 now)")
    assert ask(good, asked.runs_dir, "--tokens", "300", "--overwrite")[0] == 0


def test_too_large_a_batch_for_the_device_is_about_the_batches(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(estimating, "probe", run_out)
    code, answer, _ = ask(good, tmp_path)
    assert (code, answer["refused"]["field"]) == (3, "batch-tokens")


def test_a_fault_of_ours_is_an_answer_too(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(estimating, "probe", lambda *_: 1 / 0)
    code, answer, said = ask(good, tmp_path / "runs")
    assert code == 1
    assert answer["refused"]["field"] is None
    assert answer["refused"]["message"] in said


def test_json_is_for_the_estimate_alone(good: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(words(1, 20), encoding="utf-8")
    arguments = ["extract", str(good), "--corpus", str(tmp_path / "a.txt"), "--name", "x", "--json"]
    done = CliRunner().invoke(app, [*arguments, "--runs-dir", str(tmp_path / "runs")])
    assert done.exit_code == 2
    assert "Use it with --dry-run" in done.stderr
    assert not (tmp_path / "runs").exists()
