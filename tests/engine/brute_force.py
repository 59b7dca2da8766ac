"""Every record of a run in plain Python: dictionaries and loops, straight from the definitions.

Nothing here is shared with the engine. The model is transformers' own, run whole, one sequence at a time.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, OPTForCausalLM

from neuron_tui.store.measures.thresholds import PAPER, Thresholds

from .brute_force_positions import mutual_information, positional_type
from .brute_force_values import Amounts, highest, values, weights

Record = dict[str, Any]
Gram = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """One sequence: its domain and its tokens, BOS first."""

    domain: str
    ids: list[int]


@dataclass(frozen=True)
class Text:
    """A corpus cut into sequences, with what is needed to count in it.

    `special` are BOS, EOS and padding; `forms` is the tokeniser's form of each token it has.
    """

    windows: list[Window]
    domains: list[str]
    context_length: int
    special: set[int]
    forms: list[str]

    def counted(self, window: Window, position: int) -> bool:
        """Whether a position counts: its token is not BOS, EOS or padding."""
        return window.ids[position] not in self.special

    def form(self, token: int) -> str:
        """The tokeniser's form of a token; rows of the embedding may go beyond its vocabulary."""
        return self.forms[token] if token < len(self.forms) else f"<unused {token}>"

    @cached_property
    def counted_positions(self) -> list[tuple[int, int]]:
        """Sequence and position of everything that counts."""
        return [(s, p) for s, w in enumerate(self.windows) for p in range(len(w.ids)) if self.counted(w, p)]

    @cached_property
    def grams(self) -> dict[int, list[tuple[int, int, Gram]]]:
        """For n = 1, 2, 3: the n-gram at every position that has one, with its sequence and position."""
        found: dict[int, list[tuple[int, int, Gram]]] = {}
        for n in (1, 2, 3):
            found[n] = []
            for s, k in self.counted_positions:
                window = self.windows[s]
                if k - n + 1 >= 0 and all(self.counted(window, p) for p in range(k - n + 1, k + 1)):
                    found[n].append((s, k, tuple(window.ids[k - n + 1 : k + 1])))
        return found

    @cached_property
    def occurrences(self) -> dict[int, Counter[Gram]]:
        """For n = 1, 2, 3: how many positions have each n-gram."""
        return {n: Counter(gram for _, _, gram in self.grams[n]) for n in (1, 2, 3)}


Activity = list[list[list[float | None]]]
"""Values of a layer by sequence, position and neuron, None where inactive."""


def documents(corpus: Sequence[str]) -> dict[str, list[str]]:
    """Documents by domain, of corpus arguments `[DOMAIN=]PATH`."""
    found: dict[str, list[str]] = {}
    for argument in corpus:
        domain, equals, path = argument.partition("=")
        source = Path(path if equals else argument)
        domain = domain if equals else source.name.split(".")[0]
        files = [source]
        if source.is_dir():
            files = sorted(f for f in source.rglob("*") if f.name.endswith((".txt", ".jsonl", ".txt.gz", ".jsonl.gz")))
        for file in files:
            raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            text = raw.decode("utf-8-sig")
            if ".jsonl" in file.name:
                texts = [json.loads(line)["text"] for line in text.split("\n") if line.strip()]
            else:
                texts = [text]
            found.setdefault(domain, []).extend(text for text in texts if text)
    return found


def tokenise(
    checkpoint: Path, corpus: Sequence[str], context_length: int | None = None, tokens: int | None = None
) -> Text:
    """Cut the corpus into the sequences of a run; `tokens` is the budget of counted tokens.

    A special token spelled out in a text is text.
    """
    config = json.loads((checkpoint / "config.json").read_text())
    bos, eos, pad = config["bos_token_id"], config["eos_token_id"], config["pad_token_id"]
    special = {bos, eos, pad}
    length = context_length or config["max_position_embeddings"]
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    by_domain = documents(corpus)
    windows = []
    for domain, texts in by_domain.items():
        stream: list[int] = []
        for i, text in enumerate(texts):
            ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
            stream += ([eos] if i else []) + ids
        if tokens is not None:
            stream = _first(stream, tokens // len(by_domain), special)
        starts = range(0, len(stream), length - 1)
        windows += [Window(domain, [bos, *stream[start : start + length - 1]]) for start in starts]
    return Text(windows, list(by_domain), length, special, tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))))


def _first(stream: list[int], share: int, special: set[int]) -> list[int]:
    """The beginning of a domain that ends with its `share`-th counted token."""
    counted = 0
    for position, token in enumerate(stream):
        counted += token not in special
        if counted == share:
            return stream[: position + 1]
    return stream


def load(checkpoint: Path) -> OPTForCausalLM:
    """The whole model in float32, ready to run."""
    model = OPTForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    return model.eval()


def amounts(model: OPTForCausalLM, text: Text) -> tuple[list[Activity], float]:
    """Values of every layer where active, and how near to zero a value before the activation came."""
    layers: list[Activity] = [[] for _ in model.model.decoder.layers]
    nearest = float("inf")

    def hook(into: Activity) -> Any:
        def keep(_module: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
            nonlocal nearest
            into.append([[value if value > 0 else None for value in row] for row in output.tolist()])
            nearest = min(nearest, float(inputs[0].abs().min()))

        return keep

    handles = [
        layer.activation_fn.register_forward_hook(hook(layers[i])) for i, layer in enumerate(model.model.decoder.layers)
    ]
    with torch.no_grad():
        for window in text.windows:
            model(input_ids=torch.tensor([window.ids]), use_cache=False)
    for handle in handles:
        handle.remove()
    return layers, nearest


def of_neuron(layer: Activity, neuron: int) -> Amounts:
    """The values of one neuron by sequence and position."""
    return [[position[neuron] for position in sequence] for sequence in layer]


def directions(model: OPTForCausalLM, layer: int, neuron: int) -> tuple[list[float], list[float]]:
    """Read and update direction of a neuron: its row of the first FFN map, its column of the second."""
    where = model.model.decoder.layers[layer]
    return where.fc1.weight[neuron].tolist(), where.fc2.weight[:, neuron].tolist()


def scores(model: OPTForCausalLM, layer: int, neuron: int) -> list[float]:
    """Score of every token for one neuron: its column of the second FFN map times the unembedding."""
    decoder = model.model.decoder
    direction = decoder.layers[layer].fc2.weight[:, neuron].double()
    if decoder.project_out is not None:
        direction = decoder.project_out.weight.double() @ direction
    return (model.lm_head.weight.double() @ direction).tolist()


def record(
    text: Text,
    layer: int,
    neuron: int,
    amounts: Amounts,
    score: list[float],
    directions: tuple[list[float], list[float]] | None = None,
    thresholds: Thresholds = PAPER,
    signed: bool = False,
) -> Record:
    """Record of one neuron, from its values by sequence and position, its score of every token, and its weights.

    `directions` are the one that it reads and the one that it writes; without them there is nothing on how strongly it
    fires. `signed`: its values may be below 0. `top` is the whole ranking, `promoted` and `suppressed` hold every row
    of the unembedding.
    """
    active = [[amount is not None for amount in row] for row in amounts]
    tokens, count = Counter[str](), Counter[str]()
    for s, p in text.counted_positions:
        tokens[text.windows[s].domain] += 1
        count[text.windows[s].domain] += active[s][p]
    total, number = sum(count.values()), sum(tokens.values())
    triggers = {str(n): ngrams(text, n, active, thresholds) for n in (1, 2, 3)}
    order = sorted(range(len(score)), key=lambda t: -score[t])
    trigger_score = None
    if triggers["1"]["detector"]:
        covered = [g["ids"][0] for g in triggers["1"]["covered"]]
        trigger_score = sum(score[t] for t in covered) / len(covered)
    return {
        "layer": layer,
        "neuron": neuron,
        "rule": "value",
        "tokens": number,
        "count": total,
        "frequency": total / number,
        "dead": total == 0,
        "bos_count": sum(row[0] for row in active),
        "domains": {d: {"tokens": tokens[d], "count": count[d]} for d in text.domains},
        "triggers": triggers,
        "effect": {
            "promoted": [{"id": t, "text": text.form(t), "score": score[t]} for t in order],
            "suppressed": [{"id": t, "text": text.form(t), "score": score[t]} for t in reversed(order)],
            "trigger_score": trigger_score,
            "suppresses_triggers": None if trigger_score is None else trigger_score < 0,
        },
        "position": position_profile(text, active, thresholds),
        "values": directions and values(text, amounts, signed),
        "weights": directions and weights(text, score, *directions),
    }


def first_active(text: Text, active: list[list[bool]]) -> list[int]:
    """Counted tokens of each domain up to and including the first active one, 0 for none."""
    found = dict.fromkeys(text.domains, 0)
    read = Counter[str]()
    for s, p in text.counted_positions:
        domain = text.windows[s].domain
        read[domain] += 1
        if active[s][p] and not found[domain]:
            found[domain] = read[domain]
    return list(found.values())


def ngrams(text: Text, n: int, active: list[list[bool]], thresholds: Thresholds = PAPER) -> dict[str, Any]:
    """Triggers of one neuron for one n [§4]."""
    active_count, occurrences = Counter[Gram](), text.occurrences[n]
    for s, k, gram in text.grams[n]:
        if active[s][k]:
            active_count[gram] += 1
    ranking = sorted(active_count, key=lambda g: (-active_count[g], occurrences[g], g))
    total = sum(active_count.values())
    covering, held = 0, 0
    coverage, precision = Fraction(thresholds.coverage), Fraction(thresholds.precision)
    while held < coverage * total:
        held += active_count[ranking[covering]]
        covering += 1
    covered = [g for g in ranking[:covering] if active_count[g] >= precision * occurrences[g]]
    few = 1 <= covering <= thresholds.max_covering[n - 1]
    detector = few and sum(active_count[g] for g in covered) >= coverage * total
    return {
        "total": total,
        "covering": covering,
        "detector": detector,
        "covered": [_named(text, g) for g in covered] if detector else [],
        "top": [_named(text, g) | {"active": active_count[g], "occurrences": occurrences[g]} for g in ranking],
    }


def _named(text: Text, gram: Gram) -> dict[str, Any]:
    return {"ids": list(gram), "text": [text.forms[t] for t in gram]}


def position_profile(text: Text, active: list[list[bool]], thresholds: Thresholds = PAPER) -> dict[str, Any] | None:
    """Activity by position over the full-length sequences [§5]."""
    full = [row for w, row in zip(text.windows, active, strict=True) if len(w.ids) == text.context_length]
    if not full:
        return None
    counts = [sum(row[p] for row in full) for p in range(1, text.context_length)]
    frequency = [Fraction(count, len(full)) for count in counts]
    named = positional_type(frequency, text.context_length, thresholds) if len(full) >= 30 else None
    return {
        "mutual_information": mutual_information(frequency),
        "type": named[0] if named else None,
        "strength": named[1] if named else None,
        "frequency": [float(share) for share in frequency],
    }


def curves_by_domain(text: Text, active: list[list[bool]]) -> dict[str, list[float]]:
    """Activity by position over each domain's full-length sequences; domains without one are left out."""
    found = {}
    for domain in text.domains:
        full = [
            row
            for w, row in zip(text.windows, active, strict=True)
            if w.domain == domain and len(w.ids) == text.context_length
        ]
        if full:
            found[domain] = [sum(row[p] for row in full) / len(full) for p in range(1, text.context_length)]
    return found


def records(
    checkpoint: Path,
    corpus: Sequence[str],
    *,
    context_length: int | None = None,
    tokens: int | None = None,
    layers: Sequence[int] | None = None,
    thresholds: Thresholds = PAPER,
) -> tuple[dict[tuple[int, int], Record], float]:
    """All records of a run by (layer, neuron), and how near to zero a value before an activation came.

    With each neuron's `first_active` and the values of its `highest` contexts, which a run stores beside its record.
    """
    text = tokenise(checkpoint, corpus, context_length, tokens)
    model = load(checkpoint)
    layers_found, nearest = amounts(model, text)
    found = {}
    for layer in range(len(layers_found)) if layers is None else layers:
        for neuron in range(len(layers_found[layer][0][0])):
            own = of_neuron(layers_found[layer], neuron)
            known = record(
                text, layer, neuron, own, scores(model, layer, neuron), directions(model, layer, neuron), thresholds
            )
            active = [[amount is not None for amount in row] for row in own]
            found[layer, neuron] = known | {"first_active": first_active(text, active), "highest": highest(text, own)}
    return found, nearest
