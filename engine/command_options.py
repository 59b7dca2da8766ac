"""Options of the engine's commands: made from what is declared of them, and those that several commands have."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from neuron_tui.store.declared import flag

RunsDirectory = Annotated[
    Path | None,
    typer.Option(help="Where runs lie. (default: $NEURON_TUI_RUNS, or the platform's place for user data)"),
]

Result = TypeVar("Result")

_BY_NAME = inspect.Parameter.KEYWORD_ONLY


def option(
    name: str, text: str, metavar: str, *, default: str = "", required: bool = False, many: bool = False
) -> inspect.Parameter:
    """The parameter of a command for an option that is given as text; None if it is left out."""
    given = typer.Option(flag(name), metavar=metavar, help=_with_default(text, default), show_default=False)
    kind: Any = list[str] if many else str
    return _parameter(name, Annotated[kind if required else kind | None, given], required)


def switch(name: str, text: str) -> inspect.Parameter:
    """The parameter of a command for an option without a value."""
    return inspect.Parameter(
        name, _BY_NAME, default=False, annotation=Annotated[bool, typer.Option(flag(name), help=text)]
    )


def argument(name: str, text: str, metavar: str) -> inspect.Parameter:
    """The parameter of a command for an argument without an option before it."""
    return _parameter(name, Annotated[str, typer.Argument(metavar=metavar, help=text)], required=True)


def taking(parameters: Iterable[inspect.Parameter]) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a command more parameters: what is given for them comes as the dict `typed`, what is left out does not."""
    made = sorted(parameters, key=lambda one: one.default is not inspect.Parameter.empty)
    names = {one.name for one in made}

    def decorate(command: Callable[..., Result]) -> Callable[..., Result]:
        @functools.wraps(command)
        def run(**given: Any) -> Result:  # noqa: ANN401 - texts, switches, and what else the command takes
            typed = {name: given.pop(name) for name in list(given) if name in names}
            return command({name: value for name, value in typed.items() if value not in (None, False)}, **given)

        own = [
            one.replace(kind=_BY_NAME)
            for one in inspect.signature(command, eval_str=True).parameters.values()
            if one.name != "typed"
        ]
        every = [*made, *own]
        run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in every}
        return run

    return decorate


@contextmanager
def saying_how_to_resume() -> Iterator[None]:
    """Let an interruption say what is kept, and how to go on with it."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; the finished layers are kept: run the same command to go on") from None


def _with_default(text: str, default: str) -> str:
    return f"{text} (default: {default})" if default else text


def _parameter(name: str, annotation: Any, required: bool) -> inspect.Parameter:  # noqa: ANN401 - an Annotated
    empty = inspect.Parameter.empty
    return inspect.Parameter(name, _BY_NAME, default=empty if required else None, annotation=annotation)
