"""Settings that are declared once, on the fields of a pydantic model, and what of them is read from text.

Metadata of a field says how people are told of it; its type says what may be set. Command line, forms, settings and
documentation all follow from the two.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

Declaration = TypeVar("Declaration")

_LIMITS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "at most {}"),
}


def declared(model: type[BaseModel], kind: type[Declaration]) -> dict[str, Declaration]:
    """What the fields of a model declare of one kind, by field; fields without a declaration are left out."""
    found = {
        name: next((one for one in field.metadata if isinstance(one, kind)), None)
        for name, field in model.model_fields.items()
    }
    return {name: one for name, one in found.items() if one is not None}


def flag(name: str) -> str:
    """The command line's option of a field: `--context-length`."""
    return f"--{name.replace('_', '-')}"


def checker(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """What checks a value of one field by itself."""
    field = model.model_fields[name]
    return TypeAdapter(Annotated.__class_getitem__((field.annotation, *field.metadata)))  # type: ignore[attr-defined]


def reason(error: ValidationError) -> tuple[str, object]:
    """The first thing that is wrong with a value: words with `{}` for the limit it breaks, and that limit."""
    first = error.errors(include_url=False)[0]
    if first["type"] in _LIMITS:
        bound, words = _LIMITS[first["type"]]
        return words, first["ctx"][bound]
    message = first["msg"].removeprefix("Value error, ")
    return "{}", message[:1].lower() + message[1:]
