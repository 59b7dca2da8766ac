"""Figures as lines of text: the command and the screen show the same."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from neuron_tui.store.findings.figures.figure import Figure, Histograms, Lines, Marks, Tallies, Teams
from neuron_tui.store.neurons.teams import Team
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, percent
from neuron_tui.tui.drawing.charts import line_chart
from neuron_tui.tui.drawing.figure_table import table_lines, table_text
from neuron_tui.tui.drawing.raster import position_axis, raster_row
from neuron_tui.tui.drawing.spans import BLANK, Line, bar, fit, short_percent, wrap, wrap_items

_NAME = 6
"""Cells for the name of a layer."""

_MOST_BAR = 24

_LEAST_BAR = 4
"""Cells beside a tally that are no room for a bar."""

_NOTE_WIDTH = 100


def heading_line(figure: Figure) -> Line:
    """Name, title and place in the paper, and the run where there is but one."""
    run = f"  {printable(figure.runs[0])}" if len(figure.runs) == 1 else ""
    return ((f"{figure.name}  {figure.title}", "heading"), (f"  [{figure.reference}]{run}", "dim"))


def note_lines(figure: Figure, width: int) -> list[Line]:
    """What must be said of a figure, wrapped."""
    return [((line, "dim"),) for note in figure.notes for line in wrap(printable(note), width)]


def chart_lines(figure: Figure, width: int, height: int, *, all_layers: bool = False) -> list[Line]:
    """A figure drawn in `width` cells; its table where it has no chart.

    Curves fill `height` lines; the other charts have as many as they need.
    """
    match figure.chart:
        case Lines() as chart:
            return [((line, ""),) for line in _curves(chart, width, height)]
        case Histograms() as chart:
            return _histograms(chart, width, all_layers)
        case Marks() as chart:
            return _marks(chart, width)
        case Teams() as chart:
            return [line for run, team in chart.panels for line in _team(run, team, width)]
        case Tallies() as chart:
            return _tallies(chart, width) or [(("nothing to show", "dim"),)]
    return table_lines(table_text(figure), width)


def team_row(team: Team, row: int, width: int) -> Line:
    """A row of a team's raster: the neuron, its positions, the share of them, and whether it is redundant."""
    neuron, mask = int(team.neurons[row]), team.mask[row]
    redundant = "redundant" if neuron in team.redundant else ""
    share = fit(short_percent(float(mask.mean())), 6, "right")
    positions = f"│{raster_row(mask, raster_room(width))}│"
    return ((f"{neuron:>6} ", ""), (positions, "bar"), (f"{share} {redundant:9}", ""))


def raster_room(width: int) -> int:
    """Cells that the positions of a team's raster take in `width`."""
    return max(8, width - 25)


def team_axis(team: Team, width: int) -> list[Line]:
    """The axis of positions below a team's raster."""
    line, labels = position_axis(team.mask.shape[1], raster_room(width))
    return [((" " * 7 + "└" + line, "dim"),), ((" " * 8 + labels, "dim"),)]


def _curves(chart: Lines, width: int, height: int) -> list[str]:
    return line_chart(
        chart.series,
        width,
        height,
        x_limits=chart.x_limits,
        y_limits=chart.y_limits,
        x_label=chart.x_label,
        y_label=chart.y_label,
        x_log=chart.x_log,
        percent=chart.percent,
    )


def _histograms(chart: Histograms, width: int, all_layers: bool) -> list[Line]:
    """A row a layer, a column a bin: a bar, full at 100%, and the share."""
    lines: list[Line] = [((f"{chart.x_label}: share of each layer's alive neurons", "dim"),)]
    room = max(6, min(_MOST_BAR, (width - _NAME) // len(chart.bins)))
    names = "".join(f" {fit(name, room - 1, 'right')}" for name in chart.bins)
    for panel in chart.panels:
        lines += [BLANK, ((printable(panel.run), "strong"),)] if len(chart.panels) > 1 else []
        lines.append(((fit("layer", _NAME) + names, "column"),))
        for layer, shares in panel.shown(all_layers):
            line: Line = ((fit(str(layer), _NAME - 1, "right") + " ", ""),)
            for share in shares:
                line += ((" " + bar(share, room - 6), "bar"), (fit(short_percent(share), 5, "right"), ""))
            lines.append(line)
        if left_out := len(panel.layers) - len(panel.shown(all_layers)):
            lines.append(((f"{count_noun(left_out, 'more layer')} above", "dim"),))
    return lines


def _marks(chart: Marks, width: int) -> list[Line]:
    """A row a layer, a column a type: how many, and a mark for each neuron while there is room."""
    pairs = [chart.kinds[place : place + 2] for place in range(0, len(chart.kinds), 2)]
    legend = [f"{marker} {name}" for name, marker in chart.kinds]
    lines: list[Line] = [((line, "dim"),) for line in wrap_items(legend, width)]
    room = max(8, (width - _NAME) // len(pairs))
    titles = "".join(f" {fit(pair[0][0].split(',')[0], room - 1)}" for pair in pairs)
    for panel in chart.panels:
        lines += [BLANK]
        lines += [((printable(panel.run), "strong"),)] if len(chart.panels) > 1 else []
        lines.append(((fit("layer", _NAME) + titles, "column"),))
        counts = panel.counted(len(chart.kinds))
        for layer in panel.layers:
            line: Line = ((fit(str(layer), _NAME - 1, "right") + " ", ""),)
            for place, pair in enumerate(pairs):
                strong, weak = counts[layer][2 * place : 2 * place + 2]
                glyphs = pair[0][1] * strong + pair[1][1] * weak
                count = f"{strong + weak:>4} " if glyphs else "   · "
                line += ((f" {count}", "" if glyphs else "dim"), (fit(glyphs, room - 6), "bar"))
            lines.append(line)
    return lines


def _tallies(chart: Tallies, width: int) -> list[Line]:
    """A row a name, a column a kind: how far the number is from the first row's, the number, a bar if there is room."""
    lines: list[Line] = []
    names = 1 + max((cell_len(name) for _, rows in chart.panels for name, _ in rows), default=0)
    columns, numbers = _tally_columns(chart)
    room = max(0, (width - names - sum(columns)) // len(columns))
    titles = [fit(name, cells, "right") for (name, _), cells in zip(chart.kinds, columns, strict=True)]
    for run, rows in chart.panels:
        lines += [BLANK, ((printable(run), "strong"),)] if len(chart.panels) > 1 else []
        lines.append(((" " * names + (" " * room).join(titles), "column"),))
        most = max((count for _, counts in rows for count in counts), default=0) or 1
        for name, counts in rows:
            line: Line = ((fit(name, names), ""),)
            for count, first, cells in zip(counts, rows[0][1], columns, strict=True):
                line += ((fit(_change(count - first), cells - numbers, "right"), "mark"),)
                line += ((f"{count:>{numbers},}", "" if count else "dim"),)
                line += ((fit(f" {bar(count / most, room - 2)}" if room > _LEAST_BAR else "", room), "bar"),)
            lines.append(line)
    return lines


def _tally_columns(chart: Tallies) -> tuple[list[int], int]:
    """The least cells for each kind's column, and how many of them its numbers take; a space before either."""
    pairs = [
        (count, first)
        for _, rows in chart.panels
        for _, counts in rows
        for count, first in zip(counts, rows[0][1], strict=True)
    ]
    numbers = 1 + max((len(f"{count:,}") for count, _ in pairs), default=0)
    changes = 1 + max((len(_change(count - first)) for count, first in pairs), default=0)
    return [max(changes + numbers, 1 + cell_len(name)) for name, _ in chart.kinds], numbers


def _change(by: int) -> str:
    """A difference in at most five cells, nothing for none: `+4`, `−1020`, `+23k`."""
    text = f"{by:+}" if abs(by) < 10_000 else f"{round(by / 1000):+}k"
    return text.replace("-", "−") if by else ""


def _team(run: str, team: Team | None, width: int) -> list[Line]:
    if team is None:
        return [((f"{printable(run)}: no team", "strong"),), BLANK]
    title = f"{printable(run)}, layer {team.layer}: {percent(team.covered)} of the positions covered"
    rows = [team_row(team, row, width) for row in range(len(team.neurons))]
    return [((title, "strong"),), *rows, *team_axis(team, width), BLANK]


def charted(figure: Figure, width: int, height: int, *, all_layers: bool = False) -> list[Line]:
    """A figure as a command prints it: heading, chart, notes."""
    return _with_heading(figure, chart_lines(figure, width, height, all_layers=all_layers), width)


def tabled(figure: Figure, width: int | None) -> list[Line]:
    """A figure's table as a command prints it, under its heading, with its notes; `width` None leaves it whole."""
    return _with_heading(figure, table_lines(table_text(figure), width), width or _NOTE_WIDTH)


def _with_heading(figure: Figure, lines: Sequence[Line], width: int) -> list[Line]:
    notes = note_lines(figure, width)
    return [heading_line(figure), BLANK, *lines, *([BLANK] if notes else []), *notes]
