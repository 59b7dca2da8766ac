"""What is wrong with the form of a new extraction, as far as that can be told without the disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.errors import UsageError
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES
from neuron_tui.store.wording import read_count, read_layers
from neuron_tui.tui.forms.form import DTYPES, KEEPING, CorpusPart, FormValues, is_hub_id, is_path

_DOMAIN = re.compile(r"[\w.+-]{1,60}")
_HF_SOURCE = re.compile(r"hf:[^:\s]+(:[^:\s]+){1,3}")
_SIZE = re.compile(r"\s*\d+(?:\.\d+)?\s*[KMGT]?(?:i?B)?\s*", re.IGNORECASE | re.ASCII)
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")

_ORDER = (
    *("model", "corpus", "tokens", "name", "context-length", "layers", "device"),
    *("dtype", "batch-tokens", "memory", "keep-activations"),
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a field, named as the engine's option; `row` tells which part of the corpus is meant."""

    field: str
    reason: str
    row: int | None = None


def in_order(found: Iterable[Complaint]) -> list[Complaint]:
    """Complaints in the order of the form."""
    return sorted(found, key=lambda complaint: (_ORDER.index(complaint.field), complaint.row or 0))


def complaints(values: FormValues) -> list[Complaint]:
    """What is wrong with the form, in its order; whether things exist is not looked at."""
    corpus = _corpus(values.corpus)
    return in_order([*_model(values.model), *corpus, *_numbers(values), *_name(values.name), *_choices(values)])


def _model(text: str) -> Iterator[Complaint]:
    text = text.strip()
    if not text:
        yield Complaint("model", "Name a model: pocket-opt, a checkpoint directory, or a Hugging Face id.")
    elif "://" in text:
        yield Complaint("model", "Write the id alone, such as facebook/opt-125m, not its address.")
    elif not is_path(text) and not is_hub_id(text) and ("/" not in text or text.startswith("-")):
        yield Complaint("model", "Neither a directory (begin with / ~ or .) nor a Hugging Face id such as org/name.")
    elif not _utf8(text):
        yield Complaint("model", "This path is not UTF-8. Rename the directory.")


def _corpus(corpus: tuple[CorpusPart, ...]) -> Iterator[Complaint]:
    for row, part in enumerate(corpus):
        source = part.source.strip()
        if part.empty and any(not other.empty for other in corpus):
            continue
        if not source:
            yield Complaint("corpus", "Name a text: a file, a directory, builtin:prose or hf:NAME:SPLIT.", row)
        elif source.startswith("builtin:") and source not in BUILTIN_SOURCES:
            yield Complaint("corpus", f"Built-in texts are {', '.join(BUILTIN_SOURCES)}.", row)
        elif source.startswith("hf:") and not _HF_SOURCE.fullmatch(source):
            yield Complaint("corpus", "Write hf:NAME:SPLIT, or hf:NAME:CONFIG:SPLIT:FIELD.", row)
        elif not _utf8(source) or "\0" in source:
            yield Complaint("corpus", "This path is not UTF-8. Rename the file.", row)
        elif not _DOMAIN.fullmatch(part.settled_domain):
            yield Complaint("corpus", "Name its domain with up to 60 letters, digits and . _ + -", row)


def _numbers(values: FormValues) -> Iterator[Complaint]:
    for field, text in (("tokens", values.tokens), ("batch-tokens", values.batch_tokens)):
        count = read_count(text) if text.strip() else 1
        if isinstance(count, str):
            yield Complaint(field, count)
    domains = len({part.settled_domain for part in values.parts})
    tokens = read_count(values.tokens)
    if isinstance(tokens, int) and tokens < domains:
        yield Complaint("tokens", f"at least {domains}, one for each domain")
    if values.context_length.strip():
        length = read_count(values.context_length)
        if isinstance(length, str) or length < 2:
            yield Complaint("context-length", "a whole number of positions, at least 2")


def _name(name: str) -> Iterator[Complaint]:
    if not name.strip():
        yield Complaint("name", "Name the run.")
        return
    try:
        run_folder(Path(), name.strip())
    except UsageError:
        yield Complaint("name", "Up to 100 letters, digits and . _ + @ - , beginning with a letter or digit.")


def _choices(values: FormValues) -> Iterator[Complaint]:
    layers = read_layers(values.layers)
    if isinstance(layers, str):
        yield Complaint("layers", layers)
    if not _DEVICE.fullmatch(values.device.strip()):
        yield Complaint("device", "auto, cpu, cuda, or cuda:1 for the second GPU")
    if values.dtype not in DTYPES:
        yield Complaint("dtype", f"one of {', '.join(DTYPES)}")
    if values.memory.strip() and not _SIZE.fullmatch(values.memory):
        yield Complaint("memory", "a size such as 8G, 500M or 1.5T")
    if values.keep_activations not in KEEPING:
        yield Complaint("keep-activations", f"one of {', '.join(KEEPING)}")


def _utf8(text: str) -> bool:
    # A file name may hold bytes that are no text; arguments and job.json cannot.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
