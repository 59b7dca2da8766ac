"""What a run keeps and says of its text: what was skipped, which files it was, and whether they changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import extract
from neuron_tui.engine.progress import Progress
from neuron_tui.store.errors import RunConflictError
from neuron_tui.store.runs.manifest import Manifest, Skipped, read_manifest

from .cases import Case, build, request
from .checkpoints import Shape, words

CASE = Case(Shape(layers=3, width=16, heads=2, neurons=6, context=16), "fast", 280, lambda folder: (str(folder),))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")

    def corpus(texts: Path) -> tuple[str, ...]:
        (texts / "a.txt").write_text(words(1, 300), encoding="utf-8")
        return (str(texts / "a.txt"),)

    build(Case(CASE.shape, CASE.vocabulary, CASE.size, corpus), folder)
    return folder


def write_rows(path: Path, key: str = "body") -> Path:
    rows = [words(1, 200), None, " ", words(2, 200), "t\0wo"]
    path.write_text("".join(json.dumps({key: row}) + "\n" for row in rows) + '{"bod', encoding="utf-8")
    return path


def test_what_is_skipped_is_said_and_kept(checkpoint: Path, tmp_path: Path) -> None:
    path, said = write_rows(tmp_path / "rows.jsonl"), list[str]()
    run = extract(request(CASE, checkpoint, (str(path),), tmp_path / "runs", text_key="body"), announce=said.append)
    assert said[0] == (
        "Skipped: 2 documents without text, 1 cut last line (rows). "
        f"1 control character was read as text: U+0000 in line 5 of {path}."
    )
    manifest = read_manifest(run)
    assert manifest.options.text_key == "body"
    assert manifest.corpus is not None
    (domain,) = manifest.corpus.domains
    assert (domain.documents, domain.skipped, domain.controls) == (3, Skipped(empty=2, cut=1), 1)
    (state,) = manifest.corpus.sources
    assert (state.argument, state.files, state.bytes) == (f"rows={path}", 1, path.stat().st_size)
    assert state.mtime_ns == path.stat().st_mtime_ns


def test_another_key_is_another_run(checkpoint: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    extract(request(CASE, checkpoint, (str(path),), tmp_path / "runs", text_key="body"))
    with pytest.raises(RunConflictError, match="text-key"):
        extract(request(CASE, checkpoint, (str(path),), tmp_path / "runs", text_key="text"))


def test_a_run_without_the_new_fields_opens_as_before(checkpoint: Path, tmp_path: Path) -> None:
    run = extract(request(CASE, checkpoint, (str(write_rows(tmp_path / "a.jsonl", "text")),), tmp_path / "runs"))
    stored = json.loads((run / "run.json").read_text())
    del stored["options"]["text_key"], stored["corpus"]["sources"]
    for domain in stored["corpus"]["domains"]:
        del domain["skipped"], domain["controls"]
    manifest = Manifest.model_validate(stored)
    assert manifest.options.text_key == "text"
    assert manifest.corpus is not None
    assert manifest.corpus.sources == ()
    assert manifest.corpus.domains[0].skipped == Skipped()


@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("change", ["none", "longer", "touched", "gone"])
def test_a_change_of_the_text_is_noticed_when_a_run_goes_on(
    kind: str, change: str, checkpoint: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    path = folder / "a.txt"
    path.write_text(words(1, 400), encoding="utf-8")
    source = path if kind == "file" else folder
    asked = request(CASE, checkpoint, (str(source),), tmp_path / "runs")

    def interrupt(step: Progress) -> None:
        if step.layer == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(asked, interrupt)
    before = read_manifest(tmp_path / "runs" / asked.name)
    assert not before.complete
    match change:
        case "longer":
            path.write_text(words(1, 500), encoding="utf-8")
        case "touched":
            os.utime(path, ns=(0, 1))
        case "gone":
            path.unlink()
    said: list[str] = []
    run = extract(asked, announce=said.append)
    after = read_manifest(run)
    assert after.complete
    assert after.corpus == before.corpus
    told = [sentence for sentence in said if "Changed since" in sentence]
    assert len(told) == (change != "none")
    assert all(str(source) in sentence and "the tokens that it stored" in sentence for sentence in told)
