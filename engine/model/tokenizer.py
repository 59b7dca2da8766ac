"""The model's own tokeniser, as the fast library's object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from neuron_tui.engine.model.locate import CheckpointFiles
from neuron_tui.store.errors import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def load_tokenizer(files: CheckpointFiles) -> Tokenizer:
    """Load the tokeniser beside a checkpoint; never runs code of the checkpoint's.

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
    try:
        loaded = AutoTokenizer.from_pretrained(files.folder, local_files_only=True, trust_remote_code=False)
        tokenizer: Tokenizer = loaded.backend_tokenizer
    except Exception as error:
        raise CheckpointError(
            f"model {files.name}: its tokeniser cannot be loaded from {files.folder} ({_first_line(error)})\n"
            "A checkpoint needs tokenizer.json, or vocab.json and merges.txt, beside its weights."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def vocabulary_of(tokenizer: Tokenizer, size: int, model: str) -> tuple[list[str], bool]:
    """Forms of the tokens 0 to size-1 as the tokeniser writes them, and whether they stand for bytes.

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
    byte_level = "ByteLevel" in json.dumps([described.get("pre_tokenizer"), described.get("decoder")])
    return [by_id.get(i, f"<unused {i}>") for i in range(size)], byte_level


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
