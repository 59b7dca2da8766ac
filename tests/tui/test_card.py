"""What a neuron's card says, at every size."""

import unicodedata
from pathlib import Path

import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.tui.reading import read_neuron
from neuron_tui.tui.spans import plain, width_of
from neuron_tui.tui.widgets.card import CardShape, lay_out
from tests.synthetic import PLANTED

LARGE = CardShape(60, 60)
SHAPES = [CardShape(16, 10), CardShape(32, 32), CardShape(37, 18), CardShape(77, 19), CardShape(96, 56)]


@pytest.fixture(scope="module")
def whole(runs: Path) -> Run:
    return open_run(runs / "whole")


def card(run: Run, neuron: int, shape: CardShape = LARGE, layer: int = 1) -> str:
    return "\n".join(plain(line) for line in lay_out(read_neuron(run, layer, neuron), shape))


def neuron_that_is(kind: str) -> int:
    return PLANTED.index(kind)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_line_is_wider_than_the_pane_and_no_character_acts(whole: Run, shape: CardShape) -> None:
    for neuron in range(16):
        for order in (1, 2, 3):
            at = CardShape(shape.width, shape.height, order)
            for line in lay_out(read_neuron(whole, 1, neuron), at):
                assert width_of(line) <= shape.width, plain(line)
                assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in plain(line))


@pytest.mark.parametrize("shape", [CardShape(34, 32), CardShape(77, 19), CardShape(96, 56)])
def test_parts_keep_their_places_while_walking(whole: Run, shape: CardShape) -> None:
    places = set()
    for neuron in range(9):
        lines = [plain(line) for line in lay_out(read_neuron(whole, 1, neuron), shape)]
        triggers = next(i for i, line in enumerate(lines) if line.startswith("Triggers"))
        position = next(i for i, line in enumerate(lines) if "Position ─" in line)
        writes = next(i for i, line in enumerate(lines) if line.startswith("Promotes"))
        places.add((writes - triggers, position - triggers))
    assert len(places) == 1


def test_a_dead_neuron_is_told_with_its_evidence(whole: Run) -> None:
    text = card(whole, neuron_that_is("dead"))
    tokens = whole.manifest.tokens
    assert text.startswith("Dead.")
    assert f"Never active on {tokens:,} tokens (true rate below {300 / tokens:.2g}%)" in text.replace("\n", " ")


def test_a_detector_that_suppresses_its_triggers_says_so_and_marks_them(whole: Run) -> None:
    text = card(whole, neuron_that_is("token, suppressing"))
    assert text.startswith("Token detector, suppresses its triggers")
    suppressed = [line for line in text.split("\n") if "◂" in line]
    assert suppressed
    assert all(line.index("◂") > len(line) / 2 for line in suppressed)


def test_triggers_come_for_each_n_with_their_counts(whole: Run) -> None:
    neuron = neuron_that_is("bigram")
    best = read_neuron(whole, 1, neuron).record.triggers[2].top[0]
    text = card(whole, neuron, CardShape(60, 40, 2))
    assert "[2]" in text
    assert f"{best.active:,}/{best.occurrences:,}" in text
    assert "bigrams cover 95%" in text


def test_a_positional_neuron_is_told_with_type_strength_and_information(whole: Run) -> None:
    text = card(whole, neuron_that_is("oscillatory")).replace("\n", " ")
    assert "Positional: oscillatory, strong" in text
    assert "nats" in text
    assert "ranges" in text


def test_contexts_mark_active_tokens_without_colour(whole: Run) -> None:
    text = card(whole, neuron_that_is("token, suppressing"))
    contexts = text[text.index("Contexts") :]
    assert contexts.count("▐") == contexts.count("▌") >= 20


def test_missing_positional_statistics_are_said(runs: Path) -> None:
    short = card(open_run(runs / "short"), 5, layer=0).replace("\n", " ")
    assert "No positional statistics: the run has no full-length sequence." in short
    few = card(open_run(runs / "few"), 5, layer=0).replace("\n", " ")
    assert "15 full-length sequences, 30 are needed" in few
