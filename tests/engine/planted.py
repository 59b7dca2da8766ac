"""An OPT checkpoint with hand-set weights whose every neuron is known.

The residual stream is made of blocks: the token here, the token before, the one before that, each one-hot over the
vocabulary, and the position, one-hot over T. Embeddings fill the first and the last block; two attention heads of layer
0 look exactly one and two positions back (where there is nothing so far back, at position 0) and copy the tokens found
there. Every vector thus holds the same number of ones before an FFN, so LayerNorm divides by a constant, and its
weights undo that exactly. The FFNs write at most a few hundredths, which no threshold notices.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import OPTConfig, OPTForCausalLM, PreTrainedTokenizerFast

from .brute_force import Text, Window
from .checkpoints import EOS, PAD, Shape, save, write_config

T = 64
LETTERS = "abcdefghijklmnopqrst"
FORMS = ["<s>", "<pad>", "</s>", "<unk>", "Ġ", *LETTERS, *(f"Ġ{letter}" for letter in LETTERS)]
ID = {letter: FORMS.index(f"Ġ{letter}") for letter in LETTERS}
"""Texts are letters with a space before each; this is the token of each."""

V = len(FORMS)
HERE, BEFORE, TWO_BEFORE, PLACE = 0, V, 2 * V, 3 * V
"""Where the blocks of the residual stream begin."""

HEADS = 2
WIDTH = HEADS * 100
LAYERS, NEURONS = 3, 16

Fires = Callable[[list[int], int], bool]


@dataclass(frozen=True, slots=True)
class Plant:
    """A planted neuron: its weights on the residual stream, what it writes on tokens, and when it must fire.

    `fires` says from the tokens alone, without the weights, whether the neuron is active at a position.
    """

    name: str
    weights: dict[int, float]
    bias: float
    fires: Fires
    writes: dict[str, float] = field(default_factory=dict)


def nothing(name: str, bias: float) -> Plant:
    return Plant(name, {}, bias, lambda ids, p: bias > 0)


def tokens(name: str, letters: str, writes: dict[str, float]) -> Plant:
    ids = {ID[letter] for letter in letters}
    return Plant(name, {HERE + i: 1.0 for i in ids}, -0.5, lambda seq, p: seq[p] in ids, writes)


def but_after(name: str, letter: str, others: str, writes: dict[str, float]) -> Plant:
    """Fires on a letter unless it comes after one of `others`."""
    unless = {ID[other] for other in others}
    weights = {HERE + ID[letter]: 1.0} | {BEFORE + i: -1.0 for i in unless}
    return Plant(name, weights, -0.5, lambda seq, p: seq[p] == ID[letter] and seq[max(p - 1, 0)] not in unless, writes)


def ngram(name: str, letters: str) -> Plant:
    """Fires on the last letter where the others come right before it."""
    last_first = [ID[letter] for letter in reversed(letters)]
    weights = {block + i: 1.0 for block, i in zip((HERE, BEFORE, TWO_BEFORE), last_first, strict=False)}

    def fires(seq: list[int], p: int) -> bool:
        return all(seq[max(p - back, 0)] == i for back, i in enumerate(last_first))

    return Plant(name, weights, 0.5 - len(letters), fires, {letters[-1]: -0.03})


def places(name: str, at: Iterable[int], *, only: str = "", also: str = "", but: str = "") -> Plant:
    """Fires at some positions (on the letters `only`, or on all `but` some), and elsewhere on the letters of `also`."""
    at = set(at)
    need, extra, never = ({ID[letter] for letter in letters} for letters in (only, also, but))
    weights = {PLACE + p: 1.0 for p in at}
    if need:
        weights |= {HERE + i: 1.0 for i in need}
        return Plant(name, weights, -1.5, lambda seq, p: p in at and seq[p] in need)
    weights |= {HERE + i: 1.0 for i in extra} | {HERE + i: -1.0 for i in never}
    return Plant(
        name, weights, -0.5, lambda seq, p: (p in at and seq[p] not in never) or (p not in at and seq[p] in extra)
    )


def shares(name: str, letters_on: list[int]) -> Plant:
    """Fires at position p on the first letters_on[p] letters of the alphabet, and on whatever is no letter."""
    rank = {ID[letter]: i for i, letter in enumerate(LETTERS)}
    weights = {HERE + i: -0.1 * place for i, place in rank.items()}
    weights |= {PLACE + p: 0.1 * on for p, on in enumerate(letters_on)}
    return Plant(name, weights, -0.05, lambda seq, p: rank.get(seq[p], 0) < letters_on[p])


def _every_second_eight() -> list[int]:
    return [p for p in range(T) if p // 8 % 2]


PLANTED: list[list[Plant]] = [
    [
        nothing("dead", -1.0),
        Plant("dead, but for BOS", {HERE + EOS: 1.0}, -0.5, lambda seq, p: seq[p] == EOS),
        tokens("token, suppressing", "a", {"a": -0.05, "b": 0.02}),
        tokens("token, promoting", "b", {"b": 0.04, "a": -0.01}),
        tokens("set of three, suppressing", "cde", {"c": -0.05, "d": -0.04, "e": 0.03}),
        tokens("set of six", "abcdef", {"a": -0.05}),
        ngram("bigram", "pq"),
        ngram("trigram", "pqr"),
        but_after("frequent on a token, but missing it too often", "f", "abc", {"f": -0.05}),
        but_after("token, missing a few", "g", "t", {"g": -0.05}),
        places("oscillatory, strong", _every_second_eight()),
        places("both, strong", range(32)),
        places("one, strong", range(16), also="abcdefghij"),
        shares("other, strong", [2 + 16 * p // (T - 1) for p in range(T)]),
        places("oscillatory, weak", _every_second_eight(), only="abcdefghijklm"),
        nothing("always", 1.0),
    ],
    [
        nothing("dead", -0.2),
        tokens("token, suppressing", "h", {"h": -0.02}),
        tokens("token, promoting", "i", {"i": 0.02}),
        tokens("set of three, suppressing", "cde", {"c": -0.01, "d": -0.01, "e": -0.01}),
        ngram("bigram", "pq"),
        ngram("bigram", "qr"),
        ngram("trigram", "qrs"),
        places("oscillatory, strong", [p for p in range(T) if p % 16 < 6]),
        places("both, strong", [*range(12), *range(40, T)]),
        places("both, weak", range(32), but="t"),
        places("both, weak", range(32), also="t"),
        places("one, strong", range(40, T), only="abcdefghijkl"),
        places("one, weak", range(20), also="abcdefghijkl", but="t"),
        shares("other, weak", [(2 if p < 32 else 12) + 6 * (p % 2) for p in range(T)]),
        shares("too little to be positional", [9 + p // 32 for p in range(T)]),
        nothing("always", 0.2),
    ],
    [
        tokens("token, suppressing", "a", {"a": -0.02}),
        tokens("token, suppressing", "h", {"h": -0.02}),
        tokens("set of three, suppressing", "ade", {"a": -0.03, "d": 0.01, "e": 0.01}),
        tokens("token, promoting", "k", {"k": 0.05}),
        tokens("token, promoting", "lm", {"l": 0.03, "m": -0.02}),
        ngram("bigram", "pq"),
        ngram("trigram", "pqr"),
        ngram("trigram", "rsp"),
        but_after("token, missing a few", "j", "t", {"j": -0.01}),
        but_after("frequent on a token, but missing it too often", "k", "abc", {"k": 0.01}),
        places("both, strong", range(58, T)),
        places("one, strong", [p for p in range(T) if p % 32 < 20], only="abcdefghijklmno"),
        nothing("dead", -3.0),
        nothing("dead", -2.0),
        Plant("dead, but for BOS", {PLACE: 1.0}, -0.5, lambda seq, p: p == 0),
        nothing("always", 0.5),
    ],
]
"""Plants by layer and neuron."""


def texts() -> dict[str, list[str]]:
    """Documents by domain, as strings of letters: about 27,000 in two domains, p q r often together and t rare."""
    draw = random.Random(20230904)
    letters = [*LETTERS, "pqr", "pq", "qrs", "rsp"]
    weights = [3 * 4 if letter < "p" else 4 for letter in LETTERS] + [12, 6, 8, 8]
    weights[LETTERS.index("t")] = 3

    def document(pieces: int) -> str:
        return "".join(draw.choices(letters, weights, k=pieces))

    return {
        "long": [document(2000) for _ in range(9)],
        "short": ["a", *(document(length) for length in range(3, 80)), "pqr"],
    }


def write_corpus(folder: Path) -> tuple[str, ...]:
    """Write the documents, one domain as text files and one as JSONL; returns the corpus arguments."""
    domains = {d: [" " + " ".join(text) for text in found] for d, found in texts().items()}
    arguments = []
    for i, text in enumerate(domains["long"]):
        (folder / f"long_{i}.txt").write_text(text, encoding="utf-8")
        arguments.append(f"long={folder / f'long_{i}.txt'}")
    lines = [json.dumps({"id": i, "text": text}) for i, text in enumerate(domains["short"])]
    (folder / "short.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return (*arguments, f"short={folder / 'short.jsonl'}")


def sequences() -> Text:
    """The sequences that the corpus makes, put together from the letters, without a tokeniser."""
    windows = []
    for domain, found in texts().items():
        stream: list[int] = []
        for text in found:
            stream += [EOS] * bool(stream) + [ID[letter] for letter in text]
        windows += [Window(domain, [EOS, *stream[at : at + T - 1]]) for at in range(0, len(stream), T - 1)]
    return Text(windows, list(texts()), T, {PAD, EOS}, FORMS)


def write_checkpoint(folder: Path) -> None:
    """Write config, tokeniser and weights."""
    write_config(Shape(LAYERS, WIDTH, HEADS, NEURONS, context=T), V, folder)
    bpe = models.BPE({form: i for i, form in enumerate(FORMS)}, [("Ġ", letter) for letter in LETTERS])
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="</s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    ).save_pretrained(folder)
    save(_model(folder), folder)


def _model(folder: Path) -> OPTForCausalLM:
    model = OPTForCausalLM(OPTConfig.from_pretrained(folder)).eval()
    decoder = model.model.decoder
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "layer_norm" not in name:
                parameter.zero_()
        decoder.embed_tokens.weight[:, HERE : HERE + V] = torch.eye(V)
        decoder.embed_positions.weight[2:, PLACE : PLACE + T] = torch.eye(T)  # OPT's positions begin at row 2
        first = decoder.layers[0]
        _undo(first.self_attn_layer_norm, ones=2)
        for back, block in ((1, BEFORE), (2, TWO_BEFORE)):
            _look_back(first.self_attn, head=back - 1, back=back, block=block)
        for layer, plants in zip(decoder.layers, PLANTED, strict=True):
            _undo(layer.final_layer_norm, ones=4)
            for neuron, plant in enumerate(plants):
                layer.fc1.bias[neuron] = plant.bias
                for dimension, weight in plant.weights.items():
                    layer.fc1.weight[neuron, dimension] = weight
                for letter, weight in plant.writes.items():
                    layer.fc2.weight[HERE + ID[letter], neuron] = weight
    return model


def _undo(norm: torch.nn.LayerNorm, ones: int) -> None:
    # A vector with k ones among d numbers has the mean k/d and the variance k/d - (k/d)^2.
    mean = ones / WIDTH
    norm.weight.fill_((mean - mean**2 + norm.eps) ** 0.5)
    norm.bias.fill_(mean)


def _look_back(attention: torch.nn.Module, head: int, back: int, block: int) -> None:
    size = WIDTH // HEADS
    start = head * size
    sharp = 200 * size**0.5
    for place in range(T):
        attention.q_proj.weight[start + max(place - back, 0), PLACE + place] = sharp
        attention.k_proj.weight[start + place, PLACE + place] = 1.0
    for token in range(V):
        attention.v_proj.weight[start + token, HERE + token] = 1.0
        attention.out_proj.weight[block + token, start + token] = 1.0
