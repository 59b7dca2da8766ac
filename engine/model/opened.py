"""A checkpoint ready to be extracted: its files found, its shapes checked, its tokeniser loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuron_tui.engine.corpus.tokenise import SpecialTokens
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.locate import locate, read_config
from neuron_tui.engine.model.tokenizer import load_tokenizer, special_tokens, vocabulary_of
from neuron_tui.engine.model.weights import Weights, digest
from neuron_tui.store.runs.manifest import ModelIdentity
from neuron_tui.store.tokens import Spelling

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model before any of its weights is loaded.

    `vocabulary` holds the tokeniser's form of each of the V tokens, `spelling` how these write text.
    """

    identity: ModelIdentity
    config: dict[str, Any]
    causal: CausalModel
    tokenizer: Tokenizer
    vocabulary: list[str]
    spelling: Spelling
    special: SpecialTokens


def open_model(model: str, allow_pickle: bool) -> OpenedModel:
    """Find and check a checkpoint; raises CheckpointError for whatever is wrong with it but its values."""
    files = locate(model, allow_pickle)
    config = read_config(files)
    causal = CausalModel(files.name, config, Weights(files))
    loaded = load_tokenizer(files, causal.config, causal.vocabulary)
    special = special_tokens(files.name, loaded, config, causal.vocabulary)
    vocabulary, spelling = vocabulary_of(loaded.tokenizer, causal.vocabulary, files.name)
    identity = ModelIdentity(
        name=files.name,
        model_type=causal.model_type,
        digest=digest(files),
        layers=len(causal.layers),
        neurons=causal.neurons,
        width=causal.width,
        context_length=causal.context_length,
        activation=causal.activation_name,
        norm_before=causal.norm_before,
        positions=causal.embeds_positions(),
        gated=causal.family.gated,
    )
    return OpenedModel(identity, config, causal, loaded.tokenizer, vocabulary, spelling, special)
