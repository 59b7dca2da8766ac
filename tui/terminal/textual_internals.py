"""What the app needs of Textual and rich that they do not promise: with `driver`, all that uses their private names.

Written against textual 8.2.8 and rich 15, which pyproject.toml and constraints.txt pin. Each piece says why it is
needed, so that it can go once there is a public way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segments
from rich.style import Style
from rich.text import Text
from textual._callback import invoke
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.content import Content
from textual.geometry import Region, Size
from textual.keys import _character_to_key
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets._toast import Toast

__all__ = [
    "ChopsUpdate",
    "CompositorUpdate",
    "LayoutUpdate",
    "OpenApp",
    "ShownInput",
    "color_system",
    "key_of",
    "lines_of",
    "raised_by_timer",
    "retitle_border",
    "scroll_to_size",
    "style_codes",
]


class OpenApp(App[None]):
    """An app that may change what is written to the terminal, and that says itself what happened when it fails."""

    def before_display(self, update: RenderableType | None) -> RenderableType | None:
        """Give what is written for an update of the screen. There is no public hook between the two."""
        return update

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, self.before_display(renderable))

    def describe_fault(self, error: BaseException) -> str:
        """Give the text that the terminal shows after a fault. Textual would print a traceback with all variables."""
        return str(error)

    def goes_on_after(self, error: BaseException) -> bool:
        """Deal with an exception that nobody caught; False if the app is to end for it."""
        return False

    def _handle_exception(self, error: Exception) -> None:
        if not self.goes_on_after(error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        error = self._exception or sys.exception() or RuntimeError("unknown")
        said = self.describe_fault(error)
        if not self._exit_renderables:  # what follows from the first is in the log
            self.bell()
            self._exit_renderables.append(Segments(self.console.render(Text(said), self.console.options)))
        self._close_messages_no_wait()

    @property
    def messages(self) -> list[str]:
        """What the notifications in sight say."""
        return [notification.message for notification in self._notifications]

    @property
    def leaving(self) -> bool:
        """Whether the app has been told to end; no key is taken after that."""
        return self._exit

    def write_sequence(self, sequence: str) -> None:
        """Write an escape sequence to the terminal, as Textual's own `copy_to_clipboard` does for one of them."""
        if self._driver is not None:
            self._driver.write(sequence)


class ShownInput(Input):
    """An input whose value is painted as `shown_value` says; Textual paints control characters as they are."""

    def shown_value(self) -> str:
        """The text that is painted, one cell for each character of the value."""
        return self.value

    @property
    def _value(self) -> Text:
        return Text(self.shown_value(), no_wrap=True, overflow="ignore", end="")

    @property
    def suggestion(self) -> str:
        """The completion that is shown behind the cursor, the value included; empty where there is none."""
        return self._suggestion


_SHORTEST = 0.01
"""Seconds of a notification that is about to go."""


def _timer_of_toast(toast: Toast, delay: float, callback: Callable[[], object] | None = None) -> Timer:
    return Widget.set_timer(toast, max(delay, _SHORTEST), callback)


# A notification that expires while the screen changes asks for a timer with less than no time left, and Textual's timer
# then loops for ever without giving the event loop a turn: the app stands still. Seen in a test, once in some hundreds.
Toast.set_timer = _timer_of_toast  # type: ignore[assignment,method-assign]


def raised_by_timer(error: BaseException) -> bool:
    """Whether an exception came from a function of ours that a timer calls: the timer goes on, and so does its widget.

    Textual paints by timers too: what is raised there leaves a screen that is not painted any more.
    """
    trace = error.__traceback__
    if trace is None or trace.tb_frame.f_code is not Timer._tick.__code__:
        return False
    while trace.tb_next is not None and (
        trace.tb_frame.f_code is Timer._tick.__code__ or trace.tb_frame.f_globals["__name__"] == invoke.__module__
    ):
        trace = trace.tb_next
    return not trace.tb_frame.f_globals["__name__"].startswith("textual.")


def key_of(character: str) -> str:
    """Textual's name of the key that types a character: `slash` for `/`."""
    return _character_to_key(character)


def retitle_border(widget: Widget, title: str) -> None:
    """Change the title of a border and paint its line only; assigned as usual it has the whole widget painted anew."""
    if Content(title) != widget._border_title:
        widget._border_title = Content(title)
        widget.refresh(Region(-1, -1, widget.outer_size.width, 1))


def scroll_to_size(widget: Widget, size: Size) -> None:
    """Give a scrolled widget another virtual size. Assigned as usual it lays the screen out, which a held key feels."""
    widget.set_reactive(Widget.virtual_size, size)
    widget._scroll_update(size)


def is_laid_out(screen: Screen[Any]) -> bool:
    """Whether all that changed on a screen is in its place: a scrollbar that has gone may still be in sight."""
    return not any(part._layout_required for part in screen.walk_children(Widget, with_self=True))


def lines_of(screen: Screen[Any]) -> list[str]:
    """The lines of a screen as a terminal shows them."""
    return [strip.text for strip in screen._compositor.render_strips()]


def color_system(console: Console) -> ColorSystem | None:
    """The colours a console writes; rich tells only their name."""
    return console._color_system


def style_codes(style: Style) -> str:
    """The codes of a style's attributes, such as `1;4`; rich gives them only together with colours and a text."""
    bits = style._attributes & style._set_attributes
    return ";".join(code for bit, code in Style._style_map.items() if bits >> bit & 1)
