"""A checkpoint ready to be extracted: its files found, its shapes checked, its tokeniser loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuron_tui.engine.corpus.tokenise import SpecialTokens
from neuron_tui.engine.model.locate import locate, read_config
from neuron_tui.engine.model.opt import OptFamily, family_of
from neuron_tui.engine.model.tokenizer import load_tokenizer, vocabulary_of
from neuron_tui.engine.model.weights import Weights, digest
from neuron_tui.store.runs.manifest import ModelIdentity

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model before any of its weights is loaded.

    `vocabulary` holds the tokeniser's form of each of the V tokens, `byte_level` whether these stand for bytes.
    """

    identity: ModelIdentity
    config: dict[str, Any]
    family: OptFamily
    tokenizer: Tokenizer
    vocabulary: list[str]
    byte_level: bool
    special: SpecialTokens


def open_model(model: str, allow_pickle: bool) -> OpenedModel:
    """Find and check a checkpoint; raises CheckpointError for whatever is wrong with it but its values."""
    files = locate(model, allow_pickle)
    config = read_config(files)
    family = family_of(files.name, config, Weights(files))
    tokenizer = load_tokenizer(files)
    vocabulary, byte_level = vocabulary_of(tokenizer, family.config.vocab_size, files.name)
    identity = ModelIdentity(
        name=files.name,
        model_type=family.model_type,
        digest=digest(files),
        layers=len(family.layers),
        neurons=family.neurons,
        width=family.width,
        context_length=family.context_length,
        activation=family.config.activation_function,
        norm_before=family.norm_before,
        positions=family.embeds_positions(),
    )
    special = SpecialTokens(*family.special_tokens)
    return OpenedModel(identity, config, family, tokenizer, vocabulary, byte_level, special)
