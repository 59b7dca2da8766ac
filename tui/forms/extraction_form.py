"""The form of a new extraction as text: what it begins with, what is wrong with it, and the options it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neuron_tui.store.declared import flag
from neuron_tui.store.errors import UsageError
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES, is_domain, is_text, split_argument, stem_of
from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.runs.option_texts import OptionTexts, from_arguments, plain_text, read_option, text_of, texts_of
from neuron_tui.store.runs.options import OPTIONS, ExtractionOptions, is_path

FOLDED = tuple(name for name, option in OPTIONS.items() if option.brief)
"""The less used options."""

_HF_SOURCE = re.compile(r"hf:[^:\s]+(:[^:\s]+|:[^:\s]*:[^:\s]+(:[^:\s]*)?)")
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
    """Every field as it is typed, by the option's field, and the parts of the corpus; a box is `yes` or empty."""

    typed: Mapping[str, str]
    corpus: tuple[CorpusPart, ...]

    def __getitem__(self, name: str) -> str:
        """What is typed for an option."""
        return self.typed.get(name, "")

    @property
    def parts(self) -> list[CorpusPart]:
        """The parts of the corpus in which something is typed."""
        return [part for part in self.corpus if not part.empty]

    @property
    def sources(self) -> list[str]:
        """The source of every part, typed or not."""
        return [part.source.strip() for part in self.corpus]

    def having(self, **typed: str) -> FormValues:
        """The same with other texts."""
        return replace(self, typed={**self.typed, **typed})

    def read(self) -> ExtractionOptions:
        """The options; raises UsageError or InputError where something is wrong."""
        return OptionTexts(
            self.typed, tuple(f"{part.settled_domain}={part.source.strip()}" for part in self.parts)
        ).read()


def filled(texts: OptionTexts) -> FormValues:
    """The form with these options; numbers are written as people write them, what is missing is as by itself."""
    typed = {
        name: _tidy(name, texts.typed.get(name, "")) or plain_text(name)
        for name, option in OPTIONS.items()
        if option.label and name != "corpus"
    }
    parts = tuple(_part(argument) for argument in texts.corpus) or (CorpusPart(),)
    return FormValues(typed, parts)


def texts_from(origin: Manifest | Job) -> OptionTexts:
    """The options that made a run, or that started a job; its name is left out."""
    texts = texts_of(origin.extraction("")) if isinstance(origin, Manifest) else from_arguments(origin.arguments)
    return replace(texts, typed={**texts.typed, "name": ""})


def _tidy(name: str, text: str) -> str:
    try:
        return text_of(name, read_option(name, text))
    except ValueError:
        return text


def _part(argument: str) -> CorpusPart:
    domain, source = split_argument(argument)
    return CorpusPart("" if domain in (None, stem_of(source)) else str(domain), source)


def proposed_name(values: FormValues) -> str:
    """A name for the run, from its model and domains: `opt-1.3b-wiki-code`."""
    model = values["model"].strip().partition("@")[0].rstrip("/").rsplit("/", 1)[-1]
    domains = dict.fromkeys(part.settled_domain for part in values.parts)
    if values.parts and all(part.source.strip() in BUILTIN_SOURCES for part in values.parts):
        domains = dict.fromkeys(["builtin"]) if len(domains) > 1 else domains
    words = "-".join(word for word in (model, *domains) if word)
    words = re.sub(r"[^A-Za-z0-9._+@-]+", "-", words).lstrip("._+@-")[:_LONGEST_NAME].rstrip("-")
    return words or "run"


def folded_text(values: FormValues) -> str:
    """The less-used options that are not left to the engine, in a few words; else what they are."""
    briefs = {name: OPTIONS[name].brief for name in FOLDED}
    chosen = [
        f"{brief} {values[name].strip()}"
        for name, brief in briefs.items()
        if values[name].strip().lower() not in ("", plain_text(name))
    ]
    return ", ".join(chosen or briefs.values())


# What is wrong with it, as far as that can be told without the disk.


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a field, named as the engine's option; `row` tells which part of the corpus is meant."""

    field: str
    reason: str
    row: int | None = None


def in_order(found: Iterable[Complaint]) -> list[Complaint]:
    """Complaints in the order of the form."""
    return sorted(found, key=lambda complaint: (_ORDER.index(complaint.field), complaint.row or 0))


_ORDER = [flag(name).removeprefix("--") for name in sorted(OPTIONS, key=FOLDED.__contains__)]


def complaints(values: FormValues) -> list[Complaint]:
    """What is wrong with the form, in its order; whether things exist is not looked at."""
    model, name = _of_model(values["model"]), _of_name(values["name"])
    return in_order([*model, *_of_corpus(values.corpus), *name, *_unreadable(values)])


def is_hub_id(text: str) -> bool:
    """Whether a text has the form of a Hugging Face id, with or without a revision."""
    return _HUB_ID.fullmatch(text) is not None


def _of_model(text: str) -> Iterator[Complaint]:
    text = text.strip()
    if not text:
        yield Complaint("model", "Name a model: pocket-opt, a checkpoint directory, or a Hugging Face id.")
    elif "://" in text:
        yield Complaint("model", "Write the id alone, such as facebook/opt-125m, not its address.")
    elif not is_path(text) and not is_hub_id(text) and ("/" not in text or text.startswith("-")):
        yield Complaint("model", "Neither a directory (begin with / ~ or .) nor a Hugging Face id such as org/name.")
    elif not is_text(text):
        yield Complaint("model", "This path is not UTF-8. Rename the directory.")


def _of_corpus(corpus: tuple[CorpusPart, ...]) -> Iterator[Complaint]:
    for row, part in enumerate(corpus):
        source = part.source.strip()
        if part.empty and any(not other.empty for other in corpus):
            continue
        if not source:
            yield Complaint("corpus", "Name a text: a file, a directory, builtin:prose or hf:NAME:SPLIT.", row)
        elif source.startswith("builtin:") and source not in BUILTIN_SOURCES:
            yield Complaint("corpus", f"Built-in texts are {', '.join(BUILTIN_SOURCES)}.", row)
        elif source.startswith("hf:") and not _HF_SOURCE.fullmatch(source):
            yield Complaint(
                "corpus", "Write hf:NAME:SPLIT, or hf:NAME:CONFIG:SPLIT:FIELD, where CONFIG may be empty.", row
            )
        elif not is_text(source) or "\0" in source:
            yield Complaint("corpus", "This path is not UTF-8. Rename the file.", row)
        elif not is_domain(part.settled_domain):
            yield Complaint("corpus", "Name its domain with up to 60 letters, digits and . _ + -", row)


def _of_name(name: str) -> Iterator[Complaint]:
    if not name.strip():
        yield Complaint("name", "Name the run.")
        return
    try:
        run_folder(Path(), name.strip())
    except UsageError:
        yield Complaint("name", "Up to 100 letters, digits and . _ + @ - , beginning with a letter or digit.")


def _unreadable(values: FormValues) -> Iterator[Complaint]:
    """What cannot be read by what is declared of the options; and a budget too small for the domains."""
    for name, text in values.typed.items():
        try:
            read = read_option(name, text)
        except ValueError as error:
            yield Complaint(flag(name).removeprefix("--"), str(error))
            continue
        domains = len({part.settled_domain for part in values.parts})
        if name == "tokens" and read is not None and read < domains:
            yield Complaint("tokens", f"at least {domains}, one for each domain")
