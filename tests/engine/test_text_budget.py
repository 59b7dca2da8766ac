"""No more text is read, held or tokenised than the budget needs, whatever the size of the file."""

from __future__ import annotations

import gzip
import io
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer

from neuron_tui.engine.corpus.readers import compressed, table
from neuron_tui.engine.corpus.tokenise import DomainTokens, SpecialTokens, tokenise_domains
from neuron_tui.store.runs.corpus_argument import parse_corpus_argument

from .checkpoints import EOS, PAD, Shape, build_tokenizer, words, write_config

SPECIAL = SpecialTokens(bos=EOS, eos=EOS, pad=PAD)
NEEDED = 1 << 20
"""Bytes that may be read for a small budget."""

LINE = "The quick brown fox jumps over the lazy dog of the house. "


class Counting(io.FileIO):
    """A file that counts the bytes that are read of it."""

    read_bytes = 0

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        count = super().readinto(buffer)
        Counting.read_bytes += count
        return count

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        Counting.read_bytes += len(data)
        return data


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Count what is read of text files."""

    def opened(path: Path) -> BinaryIO:
        return Counting(path)  # type: ignore[return-value]

    Counting.read_bytes = 0
    monkeypatch.setattr(compressed, "open_file", opened)
    monkeypatch.setattr(table, "open_file", opened)
    yield


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    build_tokenizer("fast", 400, folder)
    write_config(Shape(), 400, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    tokenizer.encode_special_tokens = True
    return tokenizer


def tokenised(tokenizer: Tokenizer, *corpus: Path | str, budget: int | None) -> list[DomainTokens]:
    arguments = [parse_corpus_argument(str(source)) for source in corpus]
    return tokenise_domains(arguments, tokenizer, SPECIAL, 40, budget, lambda *_: None)


def sparse(path: Path, begin: bytes, size: int) -> Path:
    """A file of that size, of which only the beginning takes room on the disk; the rest is NUL."""
    path.write_bytes(begin)
    os.truncate(path, size)
    return path


@pytest.mark.parametrize("begin", [LINE * 4000, "a line\n" * 40_000], ids=["one line", "lines"])
def test_of_a_gigabyte_only_the_beginning_is_read(tokenizer: Tokenizer, begin: str, tmp_path: Path) -> None:
    path = sparse(tmp_path / "a.txt", begin.encode(), 1 << 30)
    (domain,) = tokenised(tokenizer, path, budget=1000)
    assert domain.counted == 1000
    assert domain.notes.controls == 0
    assert 0 < Counting.read_bytes < NEEDED
    short = tmp_path / "short.txt"
    short.write_text(begin[:20_000])
    (expected,) = tokenised(tokenizer, short, budget=1000)
    assert np.array_equal(domain.tokens, expected.tokens)


def test_of_compressed_and_columnar_files_only_the_beginning_is_read(tokenizer: Tokenizer, tmp_path: Path) -> None:
    rows = [words(seed, 200) for seed in range(500)] * 40
    data = "\n".join(json.dumps({"text": row, "id": i}) for i, row in enumerate(rows)).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data, 1))
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.ZstdCompressor(1).compress(data))
    unlike = [f"{i * 7919} {row}" for i, row in enumerate(rows)]
    other = pa.array(np.random.default_rng(0).integers(0, 1 << 60, len(rows) * 20).reshape(len(rows), 20).tolist())
    parquet.write_table(
        pa.table({"text": unlike, "other": other}), tmp_path / "a.parquet", use_dictionary=False, compression="none"
    )
    for name in ("a.jsonl.gz", "a.jsonl.zst", "a.parquet"):
        Counting.read_bytes = 0
        (domain,) = tokenised(tokenizer, tmp_path / name, budget=1000)
        assert domain.counted == 1000
        # pyarrow reads ahead by a buffer for the column and for the file's end
        assert Counting.read_bytes < (3 * NEEDED if name.endswith("parquet") else NEEDED)
        assert Counting.read_bytes < (tmp_path / name).stat().st_size / 3


def test_a_domain_whose_budget_is_met_opens_no_further_source(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.txt").write_text(words(1, 3000))
    (tmp_path / "a" / "2.txt").write_text(words(2, 3000))
    (domain,) = tokenised(tokenizer, tmp_path / "a", f"a={tmp_path}/gone.txt", budget=500)
    assert domain.documents == 1
    assert [state.files for state in domain.sources] == [1]
    assert (domain.sources[0].bytes, domain.counted) == ((tmp_path / "a" / "1.txt").stat().st_size, 500)


def test_memory_is_bounded_by_the_budget_and_not_by_the_file(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = sparse(tmp_path / "a.txt", (LINE * 20_000).encode(), 1 << 31)
    tracemalloc.start()
    try:
        tokenised(tokenizer, path, budget=10_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_a_long_line_costs_a_few_times_its_size(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": LINE * 300_000}))
    size = path.stat().st_size
    tracemalloc.start()
    try:
        (domain,) = tokenised(tokenizer, path, budget=1000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert domain.counted == 1000
    assert peak < 3 * size


def test_all_of_a_large_file_gives_the_tokens_of_the_whole(tokenizer: Tokenizer, tmp_path: Path) -> None:
    text = words(1, 150_000)
    (tmp_path / "a.txt").write_text(text)
    (domain,) = tokenised(tokenizer, tmp_path / "a.txt", budget=None)
    inner = domain.tokens[np.arange(len(domain.tokens)) % 40 != 0]
    assert np.array_equal(inner, tokenizer.encode(text, add_special_tokens=False).ids)
    assert domain.documents == 1


def test_a_long_document_whose_beginning_gives_no_token_is_a_document(tmp_path: Path) -> None:
    letters = Tokenizer(models.WordLevel({"a": 0}, unk_token="none"))  # every other word gives nothing
    letters.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    letters.normalizer = normalizers.Replace("b", " ")
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in ("a", "b\n" * 90_000 + "a")))
    (domain,) = tokenised(letters, tmp_path / "t.jsonl", budget=None)
    assert domain.tokens.tolist() == [EOS, 0, EOS, 0]
    assert (domain.documents, domain.counted) == (2, 2)
