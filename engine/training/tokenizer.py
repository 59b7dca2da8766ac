"""Training a byte-level BPE tokeniser that transformers loads with `AutoTokenizer`.

As OPT's, it puts `</s>` in front of a text and uses the same token as the end of a document.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD: Final = "<pad>"
END: Final = "</s>"
SPECIAL_TOKENS: Final = (PAD, END)
PAD_ID: Final = 0
END_ID: Final = 1
"""Both BOS and EOS."""
SMALLEST_VOCABULARY: Final = 256 + len(SPECIAL_TOKENS)
"""Every byte has a token, so that any text can be written."""


def train_tokenizer(texts: Iterator[str], vocabulary: int, context_length: int) -> PreTrainedTokenizerFast:
    """Train a tokeniser on `texts`; digits stay single, so that arithmetic is about digits.

    `vocabulary` (at least SMALLEST_VOCABULARY) is the most tokens it may have; a small text gives fewer.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END} $A", pair=f"{END} $A {END} $B", special_tokens=[(END, END_ID)]
    )
    wrap: Any = PreTrainedTokenizerFast
    wrapped: PreTrainedTokenizerFast = wrap(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        pad_token=PAD,
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )
    return wrapped
