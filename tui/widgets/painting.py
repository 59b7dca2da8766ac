"""From lines with roles to the cells of a widget. Text goes into segments as it is, never through markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from neuron_tui.tui.drawing.spans import BLANK, Line, fit_line
from neuron_tui.tui.reports.context import SHADES
from neuron_tui.tui.terminal.textual_internals import scroll_to_size


def _styles(colours: Sequence[str], no_colour: bool) -> dict[str, Style]:
    primary, secondary, accent, error, dim, panel, foreground, background = map(Style.parse, colours)
    bold, underline = Style(bold=True), Style(underline=True)
    ground = Style(bgcolor=primary.color, color=background.color)
    # Every role differs from plain text by more than its colour, or says in words what it means.
    return {
        "heading": primary + bold,
        "strong": bold,
        "dim": dim,
        "column": dim + underline,
        "bar": secondary,
        "mark": accent + bold,
        "active": accent + underline if no_colour else accent,
        "focus": accent + bold + underline,
        **_shades(colours, no_colour),
        "bad": error + bold,
        "cursor": bold + Style(reverse=True) if no_colour else ground + bold,
        "blurred": Style(bgcolor=panel.color, color=foreground.color),
    }


_BLENDS = (0.12, 0.24, 0.36, 1.0)
"""How much of the accent lies in the ground of each shade."""


def _shades(colours: Sequence[str], no_colour: bool) -> dict[str, Style]:
    """Active tokens by the size of their value: one hue, stronger and stronger; without colour as those without one."""
    _, _, accent, _, _, _, foreground, background = map(Color.parse, colours)
    styles = {}
    for shade, blend in enumerate(_BLENDS, 1):
        ground = background.blend(accent, blend)
        text = accent if shade == 1 else background if shade == SHADES else foreground
        colour = Style(color=text.rich_color, bgcolor=ground.rich_color)
        styles[f"active{shade}"] = Style(underline=True) if no_colour else colour
        styles[f"focus{shade}"] = Style(bold=True, underline=True) + (Style() if no_colour else colour)
    return styles


DIM = "#84837a"
"""A grey that reads on dark and on light grounds."""

_COLOURS = ("primary", "secondary", "accent", "error", "dim", "panel", "foreground", "background")


def role_styles(app: App[object]) -> dict[str, Style]:
    """The style of each role in the app's theme.

    Found here and not as component classes: those are matched again for every widget and every change of focus.
    """
    key = (app.theme, app.no_color)
    if key not in _BY_THEME:
        # From the theme itself: the app's variables are those of the one before while a theme is being changed.
        variables = app.current_theme.to_color_system().generate() | {"dim": DIM}
        colours = tuple(Color.parse(variables[name]).rgb for name in _COLOURS)
        _BY_THEME[key] = _styles(tuple(f"rgb({r},{g},{b})" for r, g, b in colours), app.no_color)
    return _BY_THEME[key]


_BY_THEME: dict[tuple[str, bool], dict[str, Style]] = {}


def paint(widget: Widget, line: Line, width: int, base: Style, over: str = "") -> Strip:
    """A line in `width` cells on a base style; `over` is a role that lies over all of it, as a cursor does."""
    styles = role_styles(widget.app)
    if over:
        base += styles[over]
    segments = []
    for text, role in fit_line(line, width):
        style = base + styles[role] if role else base
        # The colours of the cursor win, the attributes of the role stay; a shade says something beside a faint cursor.
        if role and over and not (over == "blurred" and role[-1].isdigit()):
            style += Style(color=base.color, bgcolor=base.bgcolor)
        segments.append(Segment(text, style))
    return Strip(segments, width)


class OneLine(Widget):
    """A single line of text, laid out anew for each width by `line`."""

    def line(self, width: int) -> Line:
        """What to show in `width` cells."""
        return BLANK

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line."""
        width = self.size.width
        return paint(self, self.line(width) if y == 0 else BLANK, width, self.rich_style)


class TextLine(OneLine):
    """A line that shows what it was last told, cut to its width."""

    def __init__(self, line: Line = BLANK, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._line = line

    def show_text(self, line: Line) -> None:
        """Show another line."""
        if line != self._line:
            self._line = line
            self.refresh()

    def line(self, width: int) -> Line:
        """The line last told."""
        return self._line


class LineView(ScrollView):
    """Lines that scroll; only those in sight are painted."""

    base_style = Style()
    line_width = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's way to ask for what is to be painted; what all lines share is found once for all of them."""
        self.base_style, self.line_width = self.rich_style, self.inner_width
        return super().render_lines(crop)

    @property
    def inner_width(self) -> int:
        """Cells of a line, the scrollbar's left out."""
        return self.scrollable_content_region.width

    def line_at(self, index: int, width: int) -> Line:
        """The line at an index of the whole."""
        raise NotImplementedError

    def set_line_count(self, count: int, changed: Iterable[int] | None = None) -> None:
        """How many lines there are; `changed` are those to be painted anew, None for all."""
        size = Size(1, count)
        if size != self.virtual_size:
            scroll_to_size(self, size)
        if changed is None:
            self.refresh()
        else:
            top, (width, height) = self.scroll_offset.y, self.size
            rows = (index - top for index in changed)
            self.refresh_rows(Region(0, y, width, 1) for y in rows if 0 <= y < height)

    def refresh_rows(self, regions: Iterable[Region]) -> None:
        """Have some regions painted anew, and no more."""
        if wanted := tuple(regions):
            self.refresh(*wanted)

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line in sight."""
        width = self.line_width
        index = y + self.scroll_offset.y
        line = self.line_at(index, width) if index < self.virtual_size.height else BLANK
        return paint(self, line, width, self.base_style)
