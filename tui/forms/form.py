"""What the form of a new extraction holds, as text, and what becomes of it: a name, and the engine's arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES, stem_of
from neuron_tui.store.wording import ALL, read_count, read_layers, show_layers

BUILTIN_MODELS = ("pocket-opt", "pocket-opt-nopos")
"""Models that come with the program; the first is what a form begins with."""

DTYPES = ("auto", "float32", "float16", "bfloat16")
KEEPING = ("auto", "always", "never")

_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?(@[\w./-]+)?")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """A source of text and the domain it belongs to; without one it is the source's stem."""

    domain: str = ""
    source: str = ""

    @property
    def settled_domain(self) -> str:
        """The domain as typed, or the source's stem."""
        return self.domain.strip() or stem_of(self.source.strip())

    @property
    def empty(self) -> bool:
        """Whether nothing is typed."""
        return not self.source.strip() and not self.domain.strip()


@dataclass(frozen=True, slots=True)
class FormValues:
    """Every field as it is typed. An empty number, size or list of layers leaves the choice to the engine."""

    model: str = BUILTIN_MODELS[0]
    allow_pickle: bool = False
    corpus: tuple[CorpusPart, ...] = tuple(CorpusPart("", source) for source in BUILTIN_SOURCES)
    tokens: str = "1,000,000"
    name: str = ""
    context_length: str = ""
    layers: str = ALL
    device: str = "auto"
    dtype: str = "auto"
    batch_tokens: str = ""
    memory: str = ""
    keep_activations: str = "auto"

    @property
    def parts(self) -> list[CorpusPart]:
        """The parts of the corpus in which something is typed."""
        return [part for part in self.corpus if not part.empty]


def is_path(text: str) -> bool:
    """Whether a text can only be meant as a path, and not as the name of a model."""
    return text in (".", "..", "~") or text.startswith(("/", "~", "./", "../")) or text.endswith("/")


def is_hub_id(text: str) -> bool:
    """Whether a text has the form of a Hugging Face id, with or without a revision."""
    return _HUB_ID.fullmatch(text) is not None


def proposed_name(values: FormValues) -> str:
    """A name for the run, from its model and domains: `opt-1.3b-wiki-code`."""
    model = values.model.strip().partition("@")[0].rstrip("/").rsplit("/", 1)[-1]
    domains = dict.fromkeys(part.settled_domain for part in values.parts)
    if values.parts and all(part.source.strip() in BUILTIN_SOURCES for part in values.parts):
        domains = dict.fromkeys(["builtin"]) if len(domains) > 1 else domains
    words = "-".join(word for word in (model, *domains) if word)
    words = re.sub(r"[^A-Za-z0-9._+@-]+", "-", words).lstrip("._+@-")[:_LONGEST_NAME].rstrip("-")
    return words or "run"


def options_text(values: FormValues) -> str:
    """The less-used options that are not left to the engine, in a few words; else what they are."""
    chosen = {
        "context": values.context_length,
        "layers": "" if values.layers.strip().lower() == ALL else values.layers,
        "device": values.device,
        "data type": values.dtype,
        "batch": values.batch_tokens,
        "memory": values.memory,
        "keep bits": values.keep_activations,
    }
    said = [f"{name} {value.strip()}" for name, value in chosen.items() if value.strip() not in ("", "auto")]
    return ", ".join(said) or "context, layers, device, data type, batch, memory, bits"


def engine_arguments(values: FormValues) -> tuple[str, ...]:
    """Arguments of `extract` for a form without complaints; local paths are made absolute.

    Looks whether the model is a directory here: call it from a thread.
    """
    arguments = [_absolute_model(values.model.strip())]
    for part in values.parts:
        arguments += ["--corpus", f"{part.settled_domain}={_absolute_source(part.source.strip())}"]
    layers = read_layers(values.layers)
    settled = {
        "--name": values.name.strip(),
        "--tokens": _digits(values.tokens),
        "--context-length": _digits(values.context_length),
        "--layers": show_layers(layers) if isinstance(layers, tuple) else "",
        "--device": values.device.strip(),
        "--dtype": values.dtype,
        "--batch-tokens": _digits(values.batch_tokens),
        "--memory": values.memory.strip(),
        "--keep-activations": values.keep_activations,
    }
    for option, value in settled.items():
        if value and value != "auto":
            arguments += [option, value]
    return (*arguments, *(["--allow-pickle"] if values.allow_pickle else []))


def local_path(text: str) -> Path:
    """A typed path, absolute; an unknown ~user stays as it is."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        return Path(text).absolute()


def _absolute_model(text: str) -> str:
    path = local_path(text)
    return str(path) if is_path(text) or (text not in BUILTIN_MODELS and path.is_dir()) else text


def _absolute_source(text: str) -> str:
    return text if text.startswith(("builtin:", "hf:")) else str(local_path(text))


def _digits(text: str) -> str:
    count = read_count(text) if text.strip() else ""
    return str(count)
