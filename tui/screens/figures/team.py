"""The position team of a layer: which strong oscillatory neuron is on where, and which could be spared."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from neuron_tui.store.findings.figures.positions import describe_team
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.teams import Team as PositionTeam
from neuron_tui.store.neurons.teams import position_team, team_layers
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, Key, back_action, bindings, help_action
from neuron_tui.tui.drawing.figure_text import team_axis, team_row
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine, paint
from neuron_tui.tui.widgets.rows import RowList

_SAID = 4
"""Lines below the raster."""


class TeamRows(RowList):
    """A row a neuron: where it is on."""

    OVER_CURSOR = "strong"  # on a ground of its own, blocks would read as gaps

    def __init__(self) -> None:
        super().__init__(id="team-rows", header=False)
        self.team: PositionTeam | None = None

    def show(self, team: PositionTeam) -> None:
        """Show a team, with the cursor on its first neuron."""
        self.team = team
        self.set_rows(len(team.neurons), 0)
        self.refresh()

    def row_line(self, row: int, width: int) -> Line:
        """A neuron's positions."""
        return team_row(self.team, row, width) if self.team is not None else BLANK


class TeamAxis(Widget):
    """The axis of positions below the rows: its line, then its labels."""

    def __init__(self) -> None:
        super().__init__()
        self._team: PositionTeam | None = None

    def show(self, team: PositionTeam) -> None:
        """Show the positions of a team."""
        self._team = team
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line."""
        width = self.size.width
        lines = team_axis(self._team, width - 2) if self._team is not None and len(self._team.neurons) else []
        # The rows above have a cell for the cursor at the left and one for the scrollbar at the right.
        line: Line = ((" ", ""), *lines[y]) if y < len(lines) else BLANK
        return paint(self, line, width, Style.null() + self.rich_style)


class Team(Page[Address | None]):
    """The team of a layer; gives back a neuron to go to, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "team.before",
            "left,h",
            "walk(-1)",
            "layer before",
            "go to the layer before or after that has a team.",
            palette="Layer with a team before",
            with_=("team.next",),
            shown="← →  h l",
        ),
        Action("team.next", "right,l", "walk(1)", "next layer", palette="Next layer with a team"),
        help_action("team"),
        back_action("team"),
        Action("team.choose", "", "choose", "show the neuron under the cursor", palette="Go to the neuron"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓  k j", "go to the neuron above or below."),
        ("enter", "goes to the neuron."),
        ("redundant", "is a neuron that covers no position alone: without it, no position would be uncovered."),
        ("█ ░", "a block is on at half of its positions or more, ░ at some of them."),
    )

    def __init__(self, run: Run, layer: int) -> None:
        super().__init__()
        self._run, self._layer = run, layer
        self._having: tuple[int, ...] | None = None
        self._reading: Latest[int, tuple[PositionTeam, tuple[int, ...]]] = Latest(
            self, self._team_of, self._show, lambda _, error: self.leave_saying(str(error), "This team")
        )

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind the run."""
        return self._run.manifest.thresholds

    def compose(self) -> ComposeResult:
        """The raster over its axis, and what is to say of it."""
        yield TextLine(((f" {printable(self._run.name)} · position team", "strong"),), classes="headline")
        with Vertical(id="team-pane"):
            yield TeamRows()
            yield TeamAxis()
            with Vertical(id="team-said"):
                for place in range(_SAID):
                    yield TextLine(id=f"team-said-{place}")
        yield KeyLine(
            Key("team.next", "layer", "←→"),
            Key("team.choose", "go to it"),
            Key("team.help", "keys"),
            Key("team.back", "back"),
        )

    def on_mount(self) -> None:
        """Read the team in a thread."""
        self._rows.focus()
        self._read(self._layer)

    @property
    def _rows(self) -> TeamRows:
        return self.query_one(TeamRows)

    def _read(self, layer: int) -> None:
        self._layer = layer
        self.query_one("#team-pane").border_title = Content(f"Layer {layer} · strong oscillatory neurons")
        self._reading.request(layer)

    def _team_of(self, layer: int) -> tuple[PositionTeam, tuple[int, ...]]:
        """In a thread: read the team of a layer, and which layers have one."""
        having = self._having
        return position_team(self._run, layer), team_layers(self._run) if having is None else having

    def _show(self, _: int, read: tuple[PositionTeam, tuple[int, ...]]) -> None:
        """Show the team that was read."""
        team, self._having = read
        self._rows.show(team)
        self.query_one(TeamAxis).show(team)
        self._describe()

    def on_row_list_moved(self) -> None:
        """Say where the neuron under the cursor is on."""
        self._describe()

    def on_resize(self) -> None:
        """Wrap what is said."""
        self._describe()

    def _describe(self) -> None:
        team = self._rows.team
        if team is None:
            return
        width = max(20, self.size.width - 4)
        sentence = describe_team(team, self._layer, self._having or ())
        said = wrap(sentence[0].upper() + sentence[1:], width)
        if len(team.neurons):
            row = self._rows.cursor
            ranges = ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in on_ranges(team.mask[row].astype(float)))
            said += wrap(f"{self._layer}:{team.neurons[row]} is on at {ranges}.", width)
        for place in range(_SAID):
            text = said[place] if place < len(said) else ""
            cut = "…" if place == _SAID - 1 and len(said) > _SAID else ""
            self.query_one(f"#team-said-{place}", TextLine).show_text(((text + cut, "dim"),))

    # Keys.

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Go to the neuron."""
        self.action_choose()

    def action_choose(self) -> None:
        """Give the neuron under the cursor back."""
        team = self._rows.team
        if team is not None and len(team.neurons):
            self.dismiss((team.layer, int(team.neurons[self._rows.cursor])))

    def action_walk(self, by: int) -> None:
        """Go to the layer before or after that has a team."""
        beyond = [layer for layer in self._having or () if (layer - self._layer) * by > 0]
        if beyond:
            self._read(min(beyond) if by > 0 else max(beyond))
