"""The beginning of a report, to be read before it is written."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap
from neuron_tui.tui.reports.export_preview import Preview
from neuron_tui.tui.widgets.painting import LineView


class PreviewPane(LineView, can_focus=True):
    """Lines of a report; running text is wrapped to the width, other lines are cut."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("preview.up", "k", "scroll_up", "up"),
        Action("preview.down", "j", "scroll_down", "down"),
        Action("preview.page_down", "space", "page_down", "page down"),
        Action("preview.top", "g", "scroll_home", "top"),
        Action("preview.bottom", "G", "scroll_end", "bottom"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._preview: Preview | None = None
        self._lines: list[str] = []

    @property
    def preview(self) -> Preview | None:
        """What is shown."""
        return self._preview

    def show(self, preview: Preview) -> None:
        """Show another one, from its beginning."""
        if preview is not self._preview:
            self._preview = preview
            self._lay_out()
            self.scroll_to(y=0, animate=False)

    def on_resize(self) -> None:
        """Wrap anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        if self._preview is None:
            return
        lines, width = self._preview.lines, max(1, self.inner_width)
        wrapped = (part for line in lines for part in (wrap(line, width) or [""]))
        self._lines = list(wrapped if self._preview.wraps else lines)
        self.set_line_count(len(self._lines))

    def line_at(self, index: int, width: int) -> Line:
        """A line of the report; headings stand out."""
        if index >= len(self._lines):
            return BLANK
        text = self._lines[index]
        return ((text, "heading" if self._preview and self._preview.wraps and text.startswith("#") else ""),)
