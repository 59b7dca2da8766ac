"""The glossary: every word that labels, columns and filters use is explained, by the thresholds of the run."""

from pathlib import Path

import pytest

from neuron_tui.store.disk.schema import TYPES
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.table import MEASURES
from neuron_tui.tui.glossary import glossary

from .driving import Person, drive


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("token ▼", {"token detector", "suppresses its triggers"}),
        ("bigram", {"bigram, trigram detector"}),
        ("dead", {"dead"}),
        *((kind, {kind}) for kind in TYPES if kind),
        *((column, {word}) for column, word in (("freq", "frequency"), ("cover", "covering"), ("mi", "mi"))),
        *((measure, {"max" if measure == "mean" else measure}) for measure in MEASURES),
    ],
)
def test_a_label_leads_to_the_words_that_explain_it(label: str, words: set[str]) -> None:
    assert {word for word, _ in glossary(PAPER).about(label)} == words


def test_the_numbers_are_those_of_the_thresholds() -> None:
    loose = Thresholds.model_validate({"coverage": "0.8", "positional": 0.2})
    told = dict(glossary(loose).words)
    assert "80%" in told["covering"] and "80%" in told["detector"]
    assert "0.2" in told["positional"]


def test_help_explains_the_neuron_under_the_cursor_first(runs: Path) -> None:
    async def look(person: Person) -> None:
        person.explorer.go_to((0, 1))
        await person.until(lambda: person.address == (0, 1))
        await person.press("?")
        await person.sees("Under the cursor", "token detector")
        lines = [line for line in person.lines() if "Under the cursor" in line or "On this screen" in line]
        assert "Under the cursor" in lines[0]

    drive(runs, look, run=runs / "whole", size=(120, 60))
