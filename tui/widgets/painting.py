"""From lines with roles to the cells of a widget. Text goes into segments as it is, never through markup."""

from __future__ import annotations

from functools import cache

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from neuron_tui.tui.spans import BLANK, ROLES, Line, fit_line


@cache
def _class_of(role: str) -> str:
    return f"role--{role}"


ROLE_CLASSES = {_class_of(role) for role in ROLES}


def paint(widget: Widget, line: Line, width: int, over: str = "") -> Strip:
    """A line in `width` cells of a widget; `over` is a role that lies over all of it, as a cursor does."""
    base = widget.base_style if isinstance(widget, LineView) else widget.rich_style
    if over:
        base += widget.get_component_rich_style(_class_of(over), partial=True)
    segments = []
    for text, role in fit_line(line, width):
        style = base
        if role:
            style = base + widget.get_component_rich_style(_class_of(role), partial=True)
            if over:  # the colours of the cursor win, the attributes of the role stay
                style += Style(color=base.color, bgcolor=base.bgcolor)
        segments.append(Segment(text, style))
    return Strip(segments, width)


class OneLine(Widget):
    """A single line of text, laid out anew for each width by `line`."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = "OneLine { height: 1; }"

    def line(self, width: int) -> Line:
        """What to show in `width` cells."""
        return BLANK

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line."""
        width = self.size.width
        return paint(self, self.line(width) if y == 0 else BLANK, width)


class Said(OneLine):
    """A line that shows what it was last told, cut to its width."""

    def __init__(self, line: Line = BLANK, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._line = line

    def say(self, line: Line) -> None:
        """Show another line."""
        if line != self._line:
            self._line = line
            self.refresh()

    def line(self, width: int) -> Line:
        """The line last told."""
        return self._line


class LineView(ScrollView):
    """Lines that scroll; only those in sight are painted."""

    COMPONENT_CLASSES = ROLE_CLASSES
    base_style = Style()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's way to ask for what is to be painted; the style of all lines is found once for all of them."""
        self.base_style = self.rich_style
        return super().render_lines(crop)

    @property
    def inner_width(self) -> int:
        """Cells of a line, the scrollbar's left out."""
        return self.scrollable_content_region.width

    def line_at(self, index: int, width: int) -> Line:
        """The line at an index of the whole."""
        raise NotImplementedError

    def set_line_count(self, count: int) -> None:
        """How many lines there are."""
        size = Size(1, count)
        if size != self.virtual_size:
            # Assigned as usual it would lay the whole screen out anew, which a key held down would feel.
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line in sight."""
        width = self.inner_width
        index = y + self.scroll_offset.y
        line = self.line_at(index, width) if index < self.virtual_size.height else BLANK
        return paint(self, line, width)
