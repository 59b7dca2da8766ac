"""The model's own tokeniser, as the fast library's object."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuron_tui.engine.corpus.encoding import failures_named
from neuron_tui.engine.corpus.tokenise import SpecialTokens
from neuron_tui.engine.model.locate import CheckpointFiles
from neuron_tui.engine.model.normaliser import refuse_growth
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.tokens import Spelling
from neuron_tui.store.wording import size_text

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class LoadedTokenizer:
    """The tokeniser, and the ids of its special tokens; None for those that it does not name."""

    tokenizer: Tokenizer
    bos: int | None
    eos: int | None
    pad: int | None


_BYTES_A_TOKEN = 4096
"""Bytes of tokenizer.json for each token of the model at most, beyond the first million: real ones have about 130."""


def load_tokenizer(files: CheckpointFiles, config: object, vocabulary: int) -> LoadedTokenizer:
    """Load the tokeniser beside a checkpoint; never runs code of the checkpoint's.

    Parameters
    ----------
    config
        The model's configuration as transformers has it: config.json is not read once more, whatever it holds.
    vocabulary
        V, tokens that the model has an embedding for.


    Special tokens written out in a text are text: they are tokenised like any other characters (ours).

    Raises
    ------
    CheckpointError
        There is none, it cannot be read, or it has no fast form.
    """
    from transformers import AutoTokenizer

    # Without these files transformers makes up an empty tokeniser for the model's type.
    if not any((files.folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "tokenizer.model")):
        raise CheckpointError(
            f"model {files.name}: no tokeniser in {files.folder}\n"
            "A checkpoint needs tokenizer.json, or vocab.json and merges.txt, beside its weights."
        )
    size = (files.folder / "tokenizer.json").stat().st_size if (files.folder / "tokenizer.json").is_file() else 0
    if size > 1_000_000 + _BYTES_A_TOKEN * vocabulary:
        raise CheckpointError(
            f"model {files.name}: its tokenizer.json has {size_text(size)}, its embedding {vocabulary:,} tokens\n"
            "Tokeniser and weights do not belong together: fetch both again."
        )
    with failures_named(f"model {files.name}: its tokeniser cannot be loaded from {files.folder}"):
        loaded = AutoTokenizer.from_pretrained(
            files.folder, config=config, local_files_only=True, trust_remote_code=False
        )
        tokenizer: Tokenizer = loaded.backend_tokenizer
    if not tokenizer.get_vocab_size(with_added_tokens=False):  # transformers makes up one where it can read none
        raise CheckpointError(
            f"model {files.name}: its tokeniser in {files.folder} is broken, or has no tokens\nFetch its files again."
        )
    refuse_growth(files.name, tokenizer)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return LoadedTokenizer(tokenizer, loaded.bos_token_id, loaded.eos_token_id, loaded.pad_token_id)


def special_tokens(model: str, loaded: LoadedTokenizer, config: dict[str, Any], vocabulary: int) -> SpecialTokens:
    """Which tokens are BOS, EOS and padding.

    The tokeniser says it; for what it leaves open, and for OPT as a whole, config.json does. A tokeniser that names an
    EOS and no BOS has none (Qwen), whatever config.json says. Padding beyond the model's `vocabulary` is none.

    Raises
    ------
    CheckpointError
        The configuration of an OPT model names no BOS or no EOS, or one is named that the model has no embedding for.
    """
    found = _named(model, loaded, config)
    for name, token in (("bos", found.bos), ("eos", found.eos)):
        if token is not None and not 0 <= token < vocabulary:
            raise CheckpointError(
                f"model {model}: its {name}_token_id is {token:,}, and it has {vocabulary:,} tokens\n"
                "Tokeniser, config.json and weights do not belong together: fetch them again."
            )
    return found if found.pad is None or 0 <= found.pad < vocabulary else replace(found, pad=None)


def _named(model: str, loaded: LoadedTokenizer, config: dict[str, Any]) -> SpecialTokens:
    said = [_first(config.get(f"{name}_token_id")) for name in ("bos", "eos", "pad")]
    opt = config.get("model_type") == "opt"
    if opt and None in said[:2]:
        raise CheckpointError(f"model {model}: config.json names no bos_token_id or no eos_token_id")
    if opt or loaded.eos is None:
        bos, eos, pad = (
            own if own is not None else other
            for own, other in zip(said, (loaded.bos, loaded.eos, loaded.pad), strict=True)
        )
        return SpecialTokens(bos, eos, pad)
    return SpecialTokens(loaded.bos, loaded.eos, loaded.pad if loaded.pad is not None else said[2])


def _first(token: object) -> int | None:
    first = token[0] if isinstance(token, list) and token else token
    return first if isinstance(first, int) and not isinstance(first, bool) else None


def vocabulary_of(tokenizer: Tokenizer, size: int, model: str) -> tuple[list[str], Spelling]:
    """Forms of the tokens 0 to size-1 as the tokeniser writes them, and how these write text.

    Ids that the tokeniser does not use are written `<unused ID>`.

    Raises
    ------
    CheckpointError
        The tokeniser has ids that the model has no embedding for.
    """
    forms = tokenizer.get_vocab(with_added_tokens=True)
    if max(forms.values(), default=-1) >= size:
        raise CheckpointError(
            f"model {model}: its tokeniser has {max(forms.values()) + 1:,} tokens, its embedding {size:,}\n"
            "Tokeniser and weights do not belong together: fetch both again."
        )
    by_id = {i: form for form, i in forms.items()}
    described = json.loads(tokenizer.to_str())
    spelling: Spelling = "spaces"
    if "ByteLevel" in json.dumps([described.get("pre_tokenizer"), described.get("decoder")]):
        spelling = "bytes"
    elif described["model"].get("type") == "WordPiece":
        spelling = "wordpieces"
    return [by_id.get(i, f"<unused {i}>") for i in range(size)], spelling
