"""A long document gives the same tokens in pieces as it gives whole, however it arrives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer

from neuron_tui.engine.corpus.pieces import Cutter, Piece
from neuron_tui.engine.corpus.reading import CHARACTERS, Chunk

from .checkpoints import Shape, build_tokenizer, words, write_config

TEXTS = st.text(st.sampled_from("abde  \n\n\r.,0é日🙂"), max_size=1500)


def byte_level(folder: Path) -> Tokenizer:
    """As OPT has it."""
    build_tokenizer("fast", 400, folder)
    write_config(Shape(), 400, folder)
    return AutoTokenizer.from_pretrained(folder).backend_tokenizer


def line_feeds_together(folder: Path) -> Tokenizer:
    """Line feeds stay together, as in Llama 3's and GPT-4's tokenisers."""
    tokenizer = byte_level(folder)
    pattern = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def space_before_every_text(_: Path) -> Tokenizer:
    """A space is put before the text and becomes a character of its own, as in Llama 2's tokeniser."""
    characters = [*"▁abde\n\r.,0é日🙂", *map(chr, range(ord("f"), ord("z") + 1)), "▁a", "ab", "▁ab"]
    vocabulary = {form: i for i, form in enumerate(["<unk>", *dict.fromkeys(characters)])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("▁", "a"), ("a", "b"), ("▁", "ab")], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer


@pytest.fixture(scope="module", params=[byte_level, line_feeds_together, space_before_every_text])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return request.param(tmp_path_factory.mktemp("tokenizer"))


def arriving(documents: list[str], size: int) -> list[Chunk]:
    """The documents in chunks of `size` characters."""
    return [
        Chunk(text[start : start + size], start == 0, start + size >= len(text))
        for text in documents
        for start in range(0, len(text), size)
    ]


def joined(tokenizer: Tokenizer, pieces: list[Piece]) -> list[list[int]]:
    """The tokens of each document."""
    found: list[list[int]] = []
    for piece in pieces:
        if piece.begins:
            found.append([])
        found[-1] += tokenizer.encode(piece.text, add_special_tokens=False).ids
    return found


def whole(tokenizer: Tokenizer, documents: list[str]) -> list[list[int]]:
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in documents if text]


@settings(deadline=None, max_examples=60)
@given(documents=st.lists(TEXTS, max_size=3), size=st.integers(1, 300))
def test_the_tokens_are_those_of_the_whole_documents(tokenizer: Tokenizer, documents: list[str], size: int) -> None:
    pieces = list(Cutter(tokenizer, piece=64, largest=1 << 20).pieces(arriving(documents, size)))
    assert joined(tokenizer, pieces) == whole(tokenizer, documents)


@settings(deadline=None, max_examples=40)
@given(documents=st.lists(TEXTS, max_size=3), sizes=st.tuples(st.integers(1, 300), st.integers(1, 300)))
def test_the_cuts_do_not_depend_on_how_the_text_arrives(
    tokenizer: Tokenizer, documents: list[str], sizes: tuple[int, int]
) -> None:
    first, second = (list(Cutter(tokenizer, piece=64, largest=256).pieces(arriving(documents, size))) for size in sizes)
    assert first == second


@pytest.mark.parametrize(
    "text",
    [
        words(1, 30_000),
        words(1, 30_000).replace("\n", ""),
        words(1, 30_000).replace("\n", "\n\n"),
        "\n".join(f"a line of words, {words(i, 9)}" for i in range(4000)),
        "日本。" * 50_000,
    ],
)
def test_a_long_document_is_cut_without_a_trace(tokenizer: Tokenizer, text: str) -> None:
    text = text.replace(" \n", "\n")
    pieces = list(Cutter(tokenizer).pieces(arriving([text], CHARACTERS)))
    if " " in text or tokenizer.normalizer is None:  # without a space there is no seam where every text gets one
        assert len(pieces) > 1
        assert max(len(piece.text) for piece in pieces) <= 1 << 16
    assert joined(tokenizer, pieces) == whole(tokenizer, [text])


@pytest.mark.parametrize("character", ["a", " ", "\n", "日"])
def test_text_without_any_seam_is_cut_all_the_same(tokenizer: Tokenizer, character: str) -> None:
    pieces = Cutter(tokenizer, piece=64, largest=512).pieces(arriving([character * 5000], 100))
    assert max(len(piece.text) for piece in pieces) == 512


def test_a_document_of_moderate_size_stays_whole(tokenizer: Tokenizer) -> None:
    text = words(1, 10_000)
    assert list(Cutter(tokenizer).pieces(arriving([text], CHARACTERS))) == [Piece(text, begins=True)]
