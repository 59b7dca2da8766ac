"""What an extraction can be told. Each option is declared once, on its field.

The options of `extract` and their help, the arguments that job.json keeps, the fields of the form, what the settings
file can set, the estimate and `options` of run.json follow from these fields: a new option takes one more of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from neuron_tui.store.declared import declared, flag, reason
from neuron_tui.store.errors import InputError, NeuronTuiError, UsageError
from neuron_tui.store.runs.corpus_argument import (
    BUILTIN_SOURCES,
    CorpusArgument,
    is_text,
    local_path,
    parse_corpus_argument,
)
from neuron_tui.store.runs.rule import AUTO, rule_text
from neuron_tui.store.wording import ALL, read_count, read_layers, read_size, show_layers, show_size

BUILTIN_MODELS = ("pocket-opt", "pocket-opt-nopos")
"""Models that come with the program; the first is what a form begins with."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of an option are read from text and written.

    `read` gives the value or, as a ValueError in words, why there is none; `write` is for arguments, `show` for people;
    `none` is what people write for None.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    show: Callable[[Any], str] = str
    none: str = ""


def _or_raise(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Raise the words of a reader that gives words where it can give no value."""

    def reading(text: str) -> Any:  # noqa: ANN401 - whatever it reads
        value = read(text)
        if isinstance(value, str):
            raise ValueError(value)
        return value

    return reading


TEXT = Kind(str.strip)
COUNT = Kind(_or_raise(read_count), str, lambda count: f"{count:,}")
SIZE = Kind(_or_raise(read_size), show_size, show_size)
LAYERS = Kind(_or_raise(read_layers), show_layers, show_layers, ALL)
FLAG = Kind(lambda text: text == "yes", lambda on: "yes" if on else "", lambda on: "yes" if on else "")
SOURCES = Kind(str, str, str)
"""Sources of text, of which there may be several: each is read by itself."""


@dataclass(frozen=True, slots=True)
class Option:
    """How people are told of an option; its field says what it may be, and what it is if nothing is said.

    Attributes
    ----------
    help
        A sentence for the command line and the documentation.
    kind, metavar
        How it is read and written, and what stands for its value in the help.
    unset
        What holds if it is left out and the default is None.
    label, hint
        In the form: what stands before the field and beside it; without a label it is not in the form.
    brief
        What it is called while the form folds it away; empty if the form always shows it.
    choices, suggestions
        All that it may be; some of what it may be.
    example, begins
        Text of another value; text that the form begins with, if not the default.
    setting
        Whether the settings file can say what the form begins with.
    """

    help: str
    kind: Kind = TEXT
    metavar: str = "TEXT"
    unset: str = ""
    label: str = ""
    hint: str = ""
    brief: str = ""
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    example: str = ""
    begins: str | tuple[str, ...] | None = None
    setting: bool = True


Dtype = Literal["float32", "float16", "bfloat16"]
AtLeastOne = Annotated[int, Field(ge=1)]


class ResultOptions(BaseModel):
    """The options that decide the results of an extraction: run.json keeps them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corpus: Annotated[
        tuple[str, ...],
        Option(
            "Text: a file (.txt, .md, code, .jsonl, .csv; also .gz or .zst; .parquet), a directory of them, "
            "hf:NAME[:CONFIG]:SPLIT[:FIELD], or builtin:prose|code|math. Repeatable.",
            kind=SOURCES,
            metavar="[DOMAIN=]SOURCE",
            label="Corpus",
            example="wiki=~/data/wiki.jsonl",
            begins=BUILTIN_SOURCES,
        ),
    ]
    tokens: Annotated[
        AtLeastOne | None,
        Option(
            "Counted tokens at most, an equal share from each domain.",
            kind=COUNT,
            metavar="N",
            unset="all of the corpus",
            label="Tokens",
            hint="counted at most, split by domain; empty: all",
            example="5,000,000",
            begins="1,000,000",
        ),
    ] = None
    context_length: Annotated[
        Annotated[int, Field(ge=2)] | None,
        Option(
            "Positions of a sequence, its BOS among them where the model has one.",
            kind=COUNT,
            metavar="T",
            unset="the model's",
            label="Context",
            hint="tokens in a sequence; empty: as the model",
            brief="context",
            example="2048",
        ),
    ] = None
    layers: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...] | None,
        Option(
            "Layers to extract.",
            kind=LAYERS,
            metavar="0-5,8",
            unset="all",
            label="Layers",
            hint="all, or numbers from 0 such as 0-5,8",
            brief="layers",
            example="0-5,8",
        ),
    ] = None
    dtype: Annotated[
        Literal["auto"] | Dtype,
        Option(
            "Data type of the computation. auto: float32 on a CPU, the checkpoint's own on a GPU.",
            kind=TEXT,
            metavar="auto|float32|float16|bfloat16",
            label="Data type",
            hint="auto: float32 on a CPU",
            brief="data type",
            choices=("auto", "float32", "float16", "bfloat16"),
            example="float32",
        ),
    ] = "auto"
    active: Annotated[
        str,
        AfterValidator(rule_text),
        Option(
            "What makes a neuron active: auto, value, threshold:T, pre, poles or gate. auto suits the model.",
            metavar="auto|value|threshold:T|pre|poles|gate",
            label="Active",
            hint="auto: above 0 for ReLU, else the input of the activation; poles if gated",
            brief="rule",
            suggestions=("auto", "value", "pre", "poles", "gate"),
            example="value",
        ),
    ] = AUTO
    keep_activations: Annotated[
        Literal["auto", "always", "never"],
        Option(
            "Store every activation bit with the counts; auto does while all take at most 256 MiB.",
            kind=TEXT,
            metavar="auto|always|never",
            label="Keep bits",
            hint="on disk; auto: up to 256 MiB",
            brief="bits",
            choices=("auto", "always", "never"),
            example="never",
        ),
    ] = "auto"
    batch_tokens: Annotated[
        AtLeastOne | None,
        Option(
            "Positions in one forward batch.",
            kind=COUNT,
            metavar="N",
            unset="what suits the device",
            label="Batch",
            hint="tokens in one forward batch; empty: what suits",
            brief="batch",
            example="4096",
        ),
    ] = None

    text_key: Annotated[
        Annotated[str, Field(min_length=1)],
        Option(
            "Key, or column, that holds the text in .jsonl, .csv and .parquet files and in datasets.",
            kind=TEXT,
            metavar="KEY",
            label="Text key",
            hint="key or column of the text in .jsonl, .csv, .parquet",
            brief="text key",
            example="content",
        ),
    ] = "text"


class ExtractionOptions(ResultOptions):
    """All options of `extract` that say what is extracted and how; raises UsageError or InputError, with `option`."""

    model: Annotated[
        str,
        Option(
            "A checkpoint directory, a Hugging Face id (or id@REVISION), or a built-in name: "
            f"{', '.join(BUILTIN_MODELS)}.",
            metavar="MODEL",
            label="Model",
            example="facebook/opt-125m",
            begins=BUILTIN_MODELS[0],
        ),
    ]
    name: Annotated[str, Option("Name of the run.", metavar="NAME", label="Name", setting=False)]
    device: Annotated[
        Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,3}|:all)?)$")],
        Option(
            "Where the model runs: auto, cpu, cuda, cuda:1 for the second GPU, or cuda:all for all of them.",
            kind=TEXT,
            metavar="auto|cpu|cuda[:K|:all]",
            label="Device",
            hint="auto, cpu, cuda, cuda:1 for the second GPU, or cuda:all",
            brief="device",
            suggestions=("auto", "cpu", "cuda", "cuda:all", "cuda:0", "cuda:1"),
            example="cuda:1",
        ),
    ] = "auto"
    memory: Annotated[
        Annotated[int, Field(ge=0)] | None,
        Option(
            "What the residual stream and counters may take before they spill to disk, such as 8G.",
            kind=SIZE,
            metavar="SIZE",
            unset="60% of what is free",
            label="Memory",
            hint="such as 8G; empty: 60% of what is free",
            brief="memory",
            example="8G",
        ),
    ] = None
    allow_pickle: Annotated[
        bool,
        Option(
            "Take pickled weights (loaded as weights only) if there are no others.",
            kind=FLAG,
            label="load pickled weights, as weights only",
            setting=False,
        ),
    ] = False
    overwrite: Annotated[bool, Option("Replace a run of that name.", kind=FLAG, setting=False)] = False

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - values of the fields
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _refusal(error) from error

    @field_validator("model")
    @classmethod
    def _written_in_json(cls, model: str) -> str:
        if is_text(model):
            return model
        raise InputError(f"the model {model!r} has no name in UTF-8, which run.json is written in\nRename it.")

    @field_validator("corpus")
    @classmethod
    def _names_a_source(cls, corpus: tuple[str, ...]) -> tuple[str, ...]:
        if not corpus:
            raise UsageError("no corpus is named\nName at least one: --corpus [DOMAIN=]SOURCE.")
        return corpus

    @property
    def corpus_arguments(self) -> tuple[CorpusArgument, ...]:
        """The corpus arguments, parsed; raises UsageError or InputError."""
        return tuple(parse_corpus_argument(argument) for argument in self.corpus)

    def arguments(self) -> tuple[str, ...]:
        """The same as arguments of `extract`, without --runs-dir and with absolute paths.

        What is as it would be by itself is left out. Looks whether the model is a directory: may wait for the disk.
        """
        parts = [absolute_model(self.model)]
        for source in self.corpus_arguments:
            parts += ["--corpus", str(source)]
        for name, option in OPTIONS.items():
            value = getattr(self, name)
            if name in ("model", "corpus") or value == ExtractionOptions.model_fields[name].default:
                continue
            parts += [flag(name)] if option.kind is FLAG else [flag(name), option.kind.write(value)]
        return tuple(parts)


OPTIONS = dict(sorted(declared(ExtractionOptions, Option).items(), key=lambda item: item[0] != "model"))
"""What each option declares, by its field, as people meet them."""


def is_path(text: str) -> bool:
    """Whether a text can only be meant as a path, and not as the name of a model."""
    return text in (".", "..", "~") or text.startswith(("/", "~", "./", "../")) or text.endswith("/")


def absolute_model(text: str) -> str:
    """The name of a model, or the absolute path if it is one or there is such a directory."""
    path = local_path(text)
    return str(path) if text not in BUILTIN_MODELS and (is_path(text) or os.path.isdir(path)) else text  # noqa: PTH112


def _refusal(error: ValidationError) -> NeuronTuiError:
    """What is wrong with an option, as the command line says it."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    refused = first.get("ctx", {}).get("error")
    if not isinstance(refused, NeuronTuiError):
        words, limit = reason(error)
        refused = UsageError(f"{flag(name)} is {first['input']}: {words.format(limit)}")
    refused.option = name.replace("_", "-")
    return refused
