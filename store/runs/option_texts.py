"""Options of an extraction as text: as people type them, and as arguments of `extract`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from neuron_tui.store.declared import checker, flag, reason
from neuron_tui.store.errors import UsageError, concerning
from neuron_tui.store.runs.options import FLAG, OPTIONS, ExtractionOptions

_CHECKERS = {name: checker(ExtractionOptions, name) for name in OPTIONS}


@dataclass(frozen=True, slots=True)
class OptionTexts:
    """Options as text: `typed` by field, a flag as `yes` or nothing, and the corpus arguments.

    What is not there, or empty, is left to the engine.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    corpus: tuple[str, ...] = ()

    def read(self) -> ExtractionOptions:
        """The options; raises UsageError or InputError for the first that cannot be read."""
        values = {name: read_given(name, text) for name, text in self.typed.items()}
        return ExtractionOptions(**values, corpus=self.corpus)


def read_given(name: str, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """The value of an option that was given as text; raises UsageError or InputError, with the option it is about."""
    with concerning(name.replace("_", "-")):
        try:
            return read_option(name, text)
        except ValueError as error:
            raise UsageError(f"{flag(name)} is {text!r}: {error}") from error


def read_option(name: str, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """The value of an option in a text, the default in an empty one; raises ValueError in words if there is none."""
    option, default = OPTIONS[name], ExtractionOptions.model_fields[name]
    if not text.strip() and not default.is_required():
        return default.default
    value = option.kind.read(text)
    if option.choices and value not in option.choices:
        raise ValueError(f"one of {', '.join(option.choices)}")
    try:
        return _CHECKERS[name].validate_python(value)
    except ValidationError as error:
        words, limit = reason(error)
        if option.suggestions and "pattern" in str(limit):
            raise ValueError(option.hint) from error
        raise ValueError(words.format(limit)) from error


def text_of(name: str, value: object) -> str:
    """The value of an option as people write it."""
    kind = OPTIONS[name].kind
    return kind.none if value is None else kind.show(value)


def plain_text(name: str) -> str:
    """What people write to leave an option as it is by itself; nothing for one that must be given."""
    field = ExtractionOptions.model_fields[name]
    return "" if field.is_required() else text_of(name, field.default)


def texts_of(options: ExtractionOptions) -> OptionTexts:
    """Options as people write them."""
    typed = {name: text_of(name, getattr(options, name)) for name in OPTIONS if name != "corpus"}
    return OptionTexts(typed, options.corpus)


def from_arguments(arguments: Sequence[str]) -> OptionTexts:
    """The options in arguments of `extract`, whether they can be read or not; what is no option is left out."""
    typed, corpus, positional = dict[str, str](), list[str](), list[str]()
    words = iter(arguments)
    for word in words:
        if not word.startswith("--"):
            positional.append(word)
            continue
        given, equals, value = word.removeprefix("--").partition("=")
        name = given.replace("-", "_")
        if name in OPTIONS and OPTIONS[name].kind is FLAG:
            typed[name] = "yes"
            continue
        if name in _SWITCHES:
            continue
        value = value if equals else next(words, "")
        if name == "corpus":
            corpus.append(value)
        elif name in OPTIONS:
            typed[name] = value
    if len(positional) > 1 and positional[0] == "extract":
        positional = positional[1:]
    return OptionTexts({"model": positional[0] if positional else ""} | typed, tuple(corpus))


_SWITCHES = ("dry_run", "json")
"""Options of `extract` without a value that say nothing of the extraction."""
