"""What a neuron's card says, at every size."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import set_cell_size

from neuron_tui.store import Run, open_run
from neuron_tui.store.wording import GRAM_NAMES
from neuron_tui.tui.drawing.spans import Line, fit_line, plain, width_of
from neuron_tui.tui.reports.neuron import DomainRow, NeuronView, neuron_view, read_neuron
from neuron_tui.tui.widgets.neuron.blocks import PROMOTED, SUPPRESSED, TRIGGER
from neuron_tui.tui.widgets.neuron.card import CardShape, lay_out
from neuron_tui.tui.widgets.neuron.card_head import domain_lines
from neuron_tui.tui.widgets.neuron.card_position import position_lines
from neuron_tui.tui.widgets.neuron.curve_look import CurveLook
from tests.synthetic import PLANTED

LARGE = CardShape(60, 60)
SHAPES = [CardShape(16, 10), CardShape(32, 32), CardShape(37, 18), CardShape(77, 19), CardShape(96, 56)]


@pytest.fixture(scope="module")
def whole(runs: Path) -> Run:
    return open_run(runs / "whole")


def lines_of(view: NeuronView, shape: CardShape, look: CurveLook | None = None) -> tuple[Line, ...]:
    page = lay_out(view, shape)
    assert page.curve is not None
    return page.with_curve(position_lines(view, page.curve.width, page.curve.height, look or CurveLook()))


def card(run: Run, neuron: int, shape: CardShape = LARGE, layer: int = 1) -> str:
    return "\n".join(plain(line) for line in lines_of(read_neuron(run, layer, neuron), shape))


def neuron_that_is(kind: str) -> int:
    return PLANTED.index(kind)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_line_is_wider_than_the_pane_and_no_character_acts(whole: Run, shape: CardShape) -> None:
    for neuron in range(16):
        for order in (1, 2, 3):
            at = CardShape(shape.width, shape.height, order)
            for line in lines_of(read_neuron(whole, 1, neuron), at):
                assert width_of(fit_line(line, shape.width)) == shape.width
                assert shape.width < 30 or width_of(line) <= shape.width, plain(line)
                assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in plain(line))


@pytest.mark.parametrize("shape", [CardShape(30, 32), CardShape(36, 18), CardShape(77, 19), CardShape(96, 56)])
def test_parts_keep_their_places_while_walking(whole: Run, shape: CardShape) -> None:
    places = set()
    for neuron in range(9):
        lines = [plain(line) for line in lines_of(read_neuron(whole, 1, neuron), shape)]
        triggers = next(i for i, line in enumerate(lines) if line.startswith("Triggers"))
        position = next(i for i, line in enumerate(lines) if "Position ─" in line)
        writes = next(i for i, line in enumerate(lines) if line.startswith("Promotes"))
        places.add((triggers, writes, position))
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
    assert text.startswith("Positional: oscillatory, strong.")
    assert "Mutual information 0." in text
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


@pytest.mark.parametrize("width", range(30, 121, 9))
def test_numbers_stay_in_their_columns_whatever_the_tokens_are(whole: Run, width: int) -> None:
    for neuron in (neuron_that_is("hostile token"), neuron_that_is("broad")):
        for order in (1, 2, 3):
            page = lay_out(read_neuron(whole, 1, neuron), CardShape(width, 60, order))
            rows = [item for item in page.items if item.part == TRIGGER]
            assert rows
            for item in rows:
                text = _cells(page.lines[item.line], item.x, item.width)
                assert re.search(r" [\d,]+/[\d,]+ +[\d.>]+% +[\d.>]+%( [█-▏ ]+)?$", text), text
            scores = [item for item in page.items if item.part in (PROMOTED, SUPPRESSED)]
            assert scores
            for item in scores:
                text = _cells(page.lines[item.line], item.x, item.width)
                assert re.search(r"[+−]\d\.\d+$", text), text


@pytest.mark.parametrize("width", [16, 22, 26, 30, 34, 40])
def test_large_counts_leave_the_n_gram_room_and_are_not_cut(whole: Run, width: int) -> None:
    view = read_neuron(whole, 1, neuron_that_is("broad"))
    top = tuple(
        replace(t, active=t.active * 1234, occurrences=t.occurrences * 1234) for t in view.record.triggers[1].top
    )
    triggers = {**view.record.triggers, 1: replace(view.record.triggers[1], top=top, total=1234 * view.record.count)}
    page = lay_out(neuron_view(replace(view.record, triggers=triggers), [], "bytes"), CardShape(width, 40))
    item = next(item for item in page.items if item.part == TRIGGER)
    text = plain(fit_line(page.lines[item.line], width))
    assert len(text) == width
    if width >= 22:
        assert "…" not in text
        assert text.startswith("○·the ")
        assert text.count("%") == (2 if width >= 30 else 1)


def test_a_share_too_small_for_its_column_does_not_shift_it(whole: Run) -> None:
    view = read_neuron(whole, 1, neuron_that_is("broad"))
    tokens = view.record.triggers[1]
    top = (replace(tokens.top[0], occurrences=90_000_000), *tokens.top[1:])
    record = replace(view.record, triggers={**view.record.triggers, 1: replace(tokens, top=top)})
    for width in (30, 60):
        lines = [plain(line) for line in lay_out(neuron_view(record, [], "bytes"), CardShape(width, 40)).lines]
        row = next(line for line in lines if line.startswith("○·the"))
        assert "<.01%" in row or row.count("%") == 1
        assert len(row) == width


def test_a_sign_tells_covered_from_merely_covering_triggers(whole: Run) -> None:
    seen = set()
    for neuron in range(12):
        view = read_neuron(whole, 1, neuron)
        for order in (1, 2, 3):
            page = lay_out(view, CardShape(60, 60, order, long=True))
            triggers = view.record.triggers[order]
            for item in page.items:
                if item.part == TRIGGER:
                    trigger = triggers.top[item.index]
                    precise = trigger.active / trigger.occurrences >= 0.95
                    expected = " " if item.index >= triggers.covering else "●" if precise else "○"
                    assert plain(page.lines[item.line])[0] == expected
                    seen.add(expected)
    assert seen == {" ", "●", "○"}


def test_where_there_is_room_coverage_is_told_for_each_n(whole: Run) -> None:
    view = read_neuron(whole, 1, neuron_that_is("bigram"))
    (line,) = (plain(x) for x in lines_of(view, CardShape(104, 56)) if plain(x).startswith("Covering 95%"))
    told = re.findall(r"(\w+)s ([▁▂▃▄▅▆▇█]+) +([\d,]+)", line)
    triggers = view.record.triggers
    assert [(name, count) for name, _, count in told] == [
        (GRAM_NAMES[n], f"{triggers[n].covering:,}") for n in (1, 2, 3)
    ]
    curve = told[1][1]
    assert list(curve) == sorted(curve)
    assert curve[-1] == "█"


def test_the_card_says_each_thing_once(whole: Run) -> None:
    for neuron in range(12):
        text = card(whole, neuron, CardShape(77, 40)).replace("\n", " ")
        for said in ("uppresses its triggers", "mean score", "ositional: ", r"Active \d", "Mutual information", "nats"):
            assert len(re.findall(said, text)) <= 1, (said, text)
        detectors = [name.lower() for name in re.findall(r"(\w+) detector", text)]
        assert len(detectors) == len(set(detectors))
    text = card(whole, neuron_that_is("token, suppressing"))
    assert f"Active {read_neuron(whole, 1, 1).record.count:,} of {whole.manifest.tokens:,} (" in text


@pytest.mark.parametrize("width", [30, 36, 60, 96])
def test_of_a_dead_neuron_each_domain_bounds_the_rate(whole: Run, width: int) -> None:
    text = card(whole, neuron_that_is("dead"), CardShape(width, 56))
    for name, domain in read_neuron(whole, 1, 0).record.domains.items():
        assert re.search(rf"{name} +0/{domain.tokens:,} <{300 / domain.tokens:.2g}%", text)


def test_domains_stand_in_columns_that_stay(whole: Run) -> None:
    for width in (32, 60, 96):
        places = set()
        for neuron in range(1, 9):
            lines = [plain(line) for line in domain_lines(read_neuron(whole, 1, neuron).domains, width)]
            places.add(tuple(line.index(name) for name in ("prose", "code", "math") for line in lines if name in line))
        assert len(places) == 1


def test_many_domains_all_have_their_share() -> None:
    domains = [DomainRow(f"domain {i}", 10 * i, 1000, i / 100) for i in range(20)]
    lines = [plain(line) for line in domain_lines(domains, 34)]
    assert all(len(line) <= 34 for line in lines)
    assert all(f"{share:.3g}%" in "".join(lines) for share in range(1, 20))


def _cells(line: Line, x: int, width: int) -> str:
    """The text in some cells of a line, in which spans begin where items do."""
    at, found = 0, ""
    for text, _ in line:
        if x <= at < x + width:
            found += text
        at += width_of(((text, ""),))
    return set_cell_size(found, width)
