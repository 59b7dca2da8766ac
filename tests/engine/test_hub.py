"""Datasets of Hugging Face, here from a folder laid out as they are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from neuron_tui.engine.corpus.readers.hub import DatasetName, dataset_name
from neuron_tui.engine.corpus.reading import Notes
from neuron_tui.engine.corpus.sources import chunks
from neuron_tui.store.errors import CorpusError
from neuron_tui.store.runs.corpus_argument import parse_corpus_argument

from .test_text import as_parquet, refusal

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the library


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hf:org/name:train", DatasetName("org/name", None, "train", None)),
        ("hf:org/name:en:train", DatasetName("org/name", "en", "train", None)),
        ("hf:org/name:en:train:body", DatasetName("org/name", "en", "train", "body")),
        ("hf:/a/folder::train:body", DatasetName("/a/folder", None, "train", "body")),
        ("hf:org/name::train", DatasetName("org/name", None, "train", None)),
    ],
)
def test_the_parts_of_a_source(source: str, expected: DatasetName) -> None:
    assert dataset_name(source) == expected


@pytest.mark.parametrize("source", ["hf:", "hf:name", "hf:name:", "hf::train", "hf:a:b:c:d:e", "hf:a:b:"])
def test_what_has_no_such_parts_is_refused(source: str) -> None:
    with pytest.raises(CorpusError, match="hf:NAME:SPLIT"):
        dataset_name(source)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset with two splits in Parquet, and one in JSON lines below `lines`."""
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    data = tmp_path / "set" / "data"
    data.mkdir(parents=True)
    (data / "train-00000-of-00002.parquet").write_bytes(as_parquet(["one", None, "two"]))
    (data / "train-00001-of-00002.parquet").write_bytes(as_parquet(["three"]))
    (data / "test-00000-of-00001.parquet").write_bytes(as_parquet(["four"]))
    lines = tmp_path / "lines"
    lines.mkdir()
    (lines / "train.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in ("five", "six")))
    return tmp_path


def read(source: str, key: str = "text") -> list[str]:
    return [chunk.text for chunk in chunks(source, key, Notes())]


def test_a_dataset_is_read_as_a_stream(folder: Path) -> None:
    assert read(f"hf:{folder}/set:train") == ["one", "two", "three"]
    assert read(f"hf:{folder}/set:default:test") == ["four"]
    assert read(f"hf:{folder}/lines::train:body") == ["five", "six"]
    assert read(f"hf:{folder}/lines:train", "body") == ["five", "six"]


def test_the_name_of_a_folder_becomes_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert parse_corpus_argument("hf:./set:train").source == f"hf:{folder}/set:train"
    assert parse_corpus_argument("hf:org/set:train").source == "hf:org/set:train"


def test_a_field_or_a_split_that_is_not_there_is_named(folder: Path) -> None:
    assert "no key `text`; there is `body`" in refusal(f"hf:{folder}/lines:train")
    assert "validation" in refusal(f"hf:{folder}/set:validation")


def test_a_dataset_offline_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets
    import huggingface_hub.constants

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    message = refusal("hf:org/no-such-set:train")
    assert "the Hugging Face hub cannot be reached" in message


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "neuron-tui[hf]" in refusal("hf:org/name:train")
