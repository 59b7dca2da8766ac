"""Which screen shows which place. A screen is loaded when it is gone to first: the list of runs is there at once."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from neuron_tui.tui import navigation as to


def screen_for(place: to.Place[Any]) -> Screen[Any]:
    """A new screen that shows a place."""
    match place:
        case to.RunPlace(path, neuron):
            from neuron_tui.tui.screens.explorer.explorer import Explorer

            return Explorer(path, neuron)
        case to.FiguresPlace(paths):
            from neuron_tui.tui.screens.figures.figures import Figures

            return Figures(paths)
        case to.ComparisonPlace(paths):
            from neuron_tui.tui.screens.comparison.compare import Compare

            return Compare(paths)
        case to.ClaimsPlace(paths):
            from neuron_tui.tui.screens.paper import Paper

            return Paper(paths)
        case to.TeamPlace(run, layer):
            from neuron_tui.tui.screens.figures.team import Team

            return Team(run, layer)
        case to.CausalPlace(run, marked):
            from neuron_tui.tui.screens.causal.causal import Causal

            return Causal(run, marked)
        case to.LivePlace(opened, marked, text):
            from neuron_tui.tui.screens.live.live import Live

            return Live(opened, marked, text)
        case to.ExtractionPlace(directory, options):
            from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction

            return NewExtraction(directory, options)
        case to.CountingPlace(path, thresholds):
            from neuron_tui.tui.screens.extraction.count_again import CountAgain

            return CountAgain(path, thresholds)
        case to.ExportPlace(run, neurons, chosen_by):
            from neuron_tui.tui.screens.export import Export

            return Export(run, neurons, chosen_by)
    raise TypeError(f"no screen shows {place!r}")
