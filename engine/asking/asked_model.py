"""The model of a run, opened to read texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from neuron_tui.engine.asking.direct import DirectWay, direct_way
from neuron_tui.engine.asking.reading import Reading
from neuron_tui.engine.asking.silence import Silenced
from neuron_tui.engine.asking.text_reader import LIKELIEST, TextReader
from neuron_tui.engine.asking.trace import Trace, traced
from neuron_tui.engine.corpus.encoding import encoded
from neuron_tui.engine.free import free_memory
from neuron_tui.engine.model.activity import zero_when_off
from neuron_tui.engine.model.opened import open_model
from neuron_tui.store.arrays import Bools, Int64s
from neuron_tui.store.errors import CheckpointError, InputError
from neuron_tui.store.neurons.run import Run

_TRACED = 1 << 30
"""Bytes that what flowed through the model may take for a text."""

_SHARE = 0.7
"""Of the memory that is free, what weights may take to stay there."""


class AskedModel:
    """A run's model, which has to be the one it was extracted from, in the dtype of the run."""

    steps: int
    """How often `load` ticks."""

    def __init__(
        self, run: Run, device: torch.device, model: str | None = None, allow_pickle: bool = False, memory: int = 0
    ) -> None:
        """Find and check the checkpoint; no weights yet.

        Parameters
        ----------
        model
            Where the checkpoint is now, if not where the run had it from.
        memory
            Bytes that weights may take to stay on the device between texts; 0 for most of what is free.

        Raises
        ------
        CheckpointError
            It is not there, is not what the run was extracted from, or cannot be used.
        """
        opened = open_model(model or run.manifest.model.name, allow_pickle)
        if opened.identity.digest != run.manifest.model.digest:
            raise CheckpointError(
                f"model {opened.identity.name}: it has other weights than the run {run.name} was extracted from\n"
                "Name the checkpoint that it was extracted from with --model."
            )
        self.rule, self.causal, self.vocabulary = run.manifest.rule, opened.causal, opened.vocabulary
        self.context_length = opened.identity.context_length
        self.zero_when_off = zero_when_off(self.rule, opened.causal.family, opened.causal.activation_name)
        self._tokenizer, self._special = opened.tokenizer, opened.special
        dtype = getattr(torch, run.manifest.options.dtype)
        parameters = {id(one): one.numel() for one in opened.causal.whole.parameters()}
        needed = sum(parameters.values()) * dtype.itemsize
        self.stays = bool(needed <= (memory or _SHARE * _free(device)))
        self.steps = 1 + len(opened.causal.layers) * self.stays
        layers, causal = len(opened.causal.layers), opened.causal
        self._kept = _TRACED // ((3 * layers * causal.width + 2 * causal.vocabulary) * dtype.itemsize)
        self._reader = TextReader(opened.causal, self.rule, device, dtype, self.stays)

    def load(self, tick: Callable[[int], None]) -> None:
        """Load the weights; raises CheckpointError. `tick` is called with 1, `steps` times."""
        self._reader.load(tick)

    def tokens(self, text: str) -> Int64s:
        """(L,) the tokens of a text as a sequence of its own: the model's BOS, then the text's.

        Raises
        ------
        InputError
            There is no token, or there are more than the model reads, or it is no text.
        """
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError("the text is no text in UTF-8\nConvert it first.") from None
        (own,) = encoded(self._tokenizer, [text])
        if not own:
            raise InputError("the text is empty\nGive the model something to read.")
        ids = ([] if self._special.bos is None else [self._special.bos]) + own
        if len(ids) > self.context_length:
            raise InputError(
                f"the text has {len(ids):,} tokens with its beginning, and the model reads at most "
                f"{self.context_length:,}\nTake a shorter one."
            )
        return np.array(ids, np.int64)

    def read(
        self,
        ids: Int64s,
        without: Sequence[Silenced] = (),
        likeliest: int = LIKELIEST,
        tick: Callable[[int], None] = lambda _: None,
    ) -> tuple[Reading, Trace]:
        """What the model makes of a sequence, and what flowed through it; `tick` is called with 1 after each layer.

        Of what flowed through as many positions are kept, up to the last, as a gibibyte holds.
        """
        with traced(self.causal, max(0, len(ids) - self._kept)) as trace:
            return self._reader.read(ids, without, likeliest, tick), trace

    def expect(self, ids: Int64s, without: Sequence[Silenced], layer: int, rows: Int64s) -> tuple[torch.Tensor, Bools]:
        """What comes after (B, L) sequences, and where rows of a layer fire; see `TextReader.expect`."""
        return self._reader.expect(ids, without, layer, rows)

    def direct(
        self,
        reading: Reading,
        trace: Trace,
        position: int,
        targets: Sequence[int],
        layers: Sequence[int] | None = None,
    ) -> DirectWay | None:
        """What each part adds to the logits of tokens, see `direct_way`; None where a model has no direct way."""
        if not self.causal.adds_up:
            return None
        return direct_way(self.causal, self.rule, reading, trace, position, targets, layers)


def _free(device: torch.device) -> int:
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else free_memory()
