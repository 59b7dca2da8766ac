"""The neuron pane: its cursor, its contexts, its curve, and what it asks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.color import ColorSystem
from textual import events
from textual.color import Color
from textual.theme import Theme

from neuron_tui.store import Run, open_run
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.samples import is_on
from neuron_tui.store.tokens import gram_text
from neuron_tui.store.wording import percent, value_text
from neuron_tui.tui.drawing.spans import plain
from neuron_tui.tui.reports.neuron import NeuronView, read_neuron
from neuron_tui.tui.themes import DARK, LIGHT
from neuron_tui.tui.widgets import painting
from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, PROMOTED, SUPPRESSED, TRIGGER
from neuron_tui.tui.widgets.neuron.card import CardShape, lay_out
from neuron_tui.tui.widgets.neuron.curve_look import ALL_TOGETHER, OVERALL
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from tests.synthetic import PLANTED
from tests.tui.pane_host import Reader, at_pane

TOKENS = PLANTED.index("token, suppressing")
HOSTILE = PLANTED.index("hostile token")
OSCILLATORY = PLANTED.index("oscillatory")
DEAD = PLANTED.index("dead")


@pytest.fixture(scope="module")
def whole(runs: Path) -> Run:
    return open_run(runs / "whole")


def view_of(reader: Reader) -> NeuronView:
    card = reader.pane.card
    assert card is not None
    assert card.view is not None
    return card.view


# The cursor.


def test_the_cursor_walks_over_triggers_tokens_and_contexts_in_this_order(whole: Run) -> None:
    async def walk(reader: Reader) -> None:
        seen = []
        for _ in range(len(reader.at.items)):
            assert reader.at.item is not None
            seen.append(reader.at.item)
            await reader.press("down")
        assert seen == list(reader.at.items)
        assert list(dict.fromkeys(item.part for item in seen)) == [TRIGGER, PROMOTED, SUPPRESSED, CONTEXT]
        contexts = [item for item in seen if item.part == CONTEXT]
        assert len(contexts) == len(view_of(reader).contexts)
        assert reader.at.item == seen[-1]
        assert reader.pane.scroll_offset.y == reader.pane.max_scroll_y

    at_pane(whole, walk, neuron=TOKENS, size=(40, 24))


def test_the_cursor_stays_in_sight_and_follows_a_page_that_was_scrolled(whole: Run) -> None:
    async def walk(reader: Reader) -> None:
        for keys in (["down"] * 12, ["pagedown", "down"], ["pagedown", "pagedown", "up"], ["G"], ["g"], ["}"] * 3):
            await reader.press(*keys)
            item, top = reader.at.item, reader.pane.scroll_offset.y
            assert item is not None
            assert top <= item.line < top + reader.pane.size.height

    at_pane(whole, walk, neuron=TOKENS, size=(40, 20))


def test_from_part_to_part_and_from_list_to_list(whole: Run) -> None:
    async def walk(reader: Reader) -> None:
        parts = []
        for key in ("}", "}", "}", "}", "{"):
            await reader.press(key)
            assert reader.at.item is not None
            parts.append((reader.at.item.part, reader.at.item.index))
        assert parts == [(PROMOTED, 0), (SUPPRESSED, 0), (CONTEXT, 0), (CONTEXT, 0), (SUPPRESSED, 0)]
        await reader.press("down", "shift+left")
        assert reader.at.item is not None
        assert (reader.at.item.part, reader.at.item.index) == (PROMOTED, 1)

    at_pane(whole, walk, neuron=TOKENS)


def test_the_cursor_is_lit_where_the_item_stands(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        await reader.press("}", "}", "down")
        item = reader.at.item
        assert item is not None
        token = view_of(reader).record.effect.suppressed[1]
        ((x, width, role),) = reader.at.lit(item.line)
        assert role == "cursor"
        text = reader.card().split("\n")[item.line][x : x + width]
        assert text.startswith(gram_text([token.form], "bytes")[:4])
        strip = reader.pane.render_line(item.line - reader.pane.scroll_offset.y)
        cells = [(s.text, s.style.bgcolor if s.style else None) for s in strip]
        lit = "".join(text for text, ground in cells if ground is not None and ground != cells[0][1])
        assert lit == text

    at_pane(whole, look, neuron=TOKENS, size=(40, 60))


def test_a_click_puts_the_cursor_on_what_is_clicked_and_the_wheel_scrolls(whole: Run) -> None:
    async def click(reader: Reader) -> None:
        item = next(i for i in reader.at.items if i.part == SUPPRESSED and i.index == 2)
        await reader.pilot.click(NeuronPane, offset=(item.x + 2, item.line + 1))  # inside the border
        assert reader.at.item == item
        context = next(i for i in reader.at.items if i.part == CONTEXT and i.index == 1)
        place = context.places[1]
        await reader.pilot.click(NeuronPane, offset=(place.x + 1, context.line + 1))
        assert reader.at.item == context
        assert reader.at.token == place.token
        await reader.pilot.resize_terminal(40, 20)
        await reader.until(lambda: reader.pane.up_to_date and reader.pane.scroll_offset.y > 0)
        before, item = reader.pane.scroll_offset.y, reader.at.item
        assert item is not None
        assert before <= item.line < before + reader.pane.size.height
        await reader.pilot._post_mouse_events([events.MouseScrollUp], NeuronPane, offset=(5, 5))
        await reader.until(lambda: reader.pane.scroll_offset.y < before)
        assert reader.at.item is not None
        assert (reader.at.item.part, reader.at.item.index) == (item.part, item.index)

    at_pane(whole, click, neuron=TOKENS, size=(40, 60))


def test_cursor_and_parts_stay_while_walking_from_neuron_to_neuron(whole: Run) -> None:
    async def walk(reader: Reader) -> None:
        await reader.press("}", "down", "down")
        for _ in range(5):
            await reader.press("right")
            assert reader.at.item is not None
            assert (reader.at.item.part, reader.at.item.index) == (PROMOTED, 2)
        assert reader.screen.address == (1, TOKENS + 5)

    at_pane(whole, walk, neuron=TOKENS)


def test_passing_a_neuron_without_triggers_the_cursor_comes_back_to_them(whole: Run) -> None:
    async def walk(reader: Reader) -> None:
        places = []
        await reader.press("down")
        for key in ("left", "right"):
            await reader.press(key)
            assert reader.at.item is not None
            places.append((reader.at.item.part, reader.at.item.index))
        assert places == [(PROMOTED, 0), (TRIGGER, 1)]

    at_pane(whole, walk, neuron=DEAD + 1)


# Which neurons fire on this?


@pytest.mark.parametrize("order", [1, 2, 3])
def test_asking_on_a_trigger_gives_its_ids_and_its_visible_text(whole: Run, order: int) -> None:
    async def ask(reader: Reader) -> None:
        reader.pane.set_order(order)
        await reader.until(lambda: reader.pane.up_to_date)
        await reader.press("down", "t")
        trigger = view_of(reader).record.triggers[order].top[1]
        (asked,) = reader.screen.asked
        assert asked.ids == trigger.ids
        assert asked.shown == gram_text(trigger.forms, "bytes")
        assert asked.shown.isprintable()

    at_pane(whole, ask, neuron=HOSTILE)


def test_asking_on_promoted_and_suppressed_tokens_gives_theirs(whole: Run) -> None:
    async def ask(reader: Reader) -> None:
        await reader.press("}", "t", "}", "down", "enter")
        effect = view_of(reader).record.effect
        assert [a.ids for a in reader.screen.asked] == [(effect.promoted[0].id,), (effect.suppressed[1].id,)]

    at_pane(whole, ask, neuron=TOKENS)


@pytest.mark.parametrize("widenings", [0, 1, 2])
def test_asking_on_a_token_of_a_context_gives_that_token(whole: Run, widenings: int) -> None:
    async def ask(reader: Reader) -> None:
        await reader.press(*["w"] * widenings, "G")
        context = view_of(reader).contexts[-1].context
        for by, key in ((0, "shift+right"), (1, "comma"), (0, "comma"), (-1, "t")):
            assert reader.at.token == by
            await reader.press("t", key)
        ids = [context.ids[context.focus + by] for by in (0, 1, 0, -1, -1)]
        assert [a.ids for a in reader.screen.asked] == [(token,) for token in ids]

    view = read_neuron(whole, 1, TOKENS)
    assert 1 <= view.contexts[-1].context.focus < len(view.contexts[-1].context.ids) - 1
    at_pane(whole, ask, neuron=TOKENS, size=(60, 40))


def test_a_dead_neuron_has_nothing_to_choose_but_what_it_writes(whole: Run) -> None:
    async def ask(reader: Reader) -> None:
        assert {item.part for item in reader.at.items} == {PROMOTED, SUPPRESSED}
        await reader.press("G", "w", "w", "w", "f", "t")
        assert len(reader.screen.asked) == 1

    at_pane(whole, ask, neuron=DEAD)


# Contexts.


def test_a_trigger_shows_only_its_contexts_and_all_again(whole: Run) -> None:
    async def choose(reader: Reader) -> None:
        view = view_of(reader)
        trigger = view.record.triggers[1].top[1]
        wanted = [c.context for c in view.contexts if is_on(c.context, trigger.ids)]
        assert 0 < len(wanted) < len(view.contexts)
        await reader.press("down", "f")
        shown = [item for item in reader.at.items if item.part == CONTEXT]
        assert len(shown) == len(wanted)
        for item, context in zip(shown, wanted, strict=True):
            sampled = next(i for i, place in enumerate(item.places) if place.token == 0)
            assert item.ids[sampled] == trigger.ids[0] == context.ids[context.focus]
        assert f"Contexts of {gram_text(trigger.forms, 'bytes')}" in reader.card()
        assert f"{len(wanted)} of {len(view.contexts)} samples" in reader.card()
        assert reader.at.item is not None
        assert reader.at.item.part == CONTEXT
        await reader.press("f")
        assert len([item for item in reader.at.items if item.part == CONTEXT]) == len(view.contexts)
        assert (reader.at.item.part, reader.at.item.index) == (TRIGGER, 1)

    at_pane(whole, choose, neuron=TOKENS, size=(60, 40))


@pytest.mark.parametrize("order", [2, 3])
def test_contexts_of_a_longer_trigger_end_in_all_its_tokens(whole: Run, order: int) -> None:
    async def choose(reader: Reader) -> None:
        reader.pane.set_order(order)
        await reader.until(lambda: reader.pane.up_to_date)
        await reader.press("enter")
        ids = view_of(reader).record.triggers[order].top[0].ids
        shown = [item for item in reader.at.items if item.part == CONTEXT]
        assert shown
        for item in shown:
            end = next(i for i, place in enumerate(item.places) if place.token == 0) + 1
            assert item.ids[end - order : end] == ids

    at_pane(whole, choose, neuron=PLANTED.index("bigram"), size=(60, 40))


def test_escape_shows_all_contexts_before_it_leaves(whole: Run) -> None:
    async def leave(reader: Reader) -> None:
        await reader.press("f", "escape")
        assert reader.screen.left == 0
        assert "samples, drawn by domain" in reader.card()
        await reader.press("escape")
        assert reader.screen.left == 1

    at_pane(whole, leave, neuron=TOKENS, size=(60, 40))


def test_the_next_neuron_has_all_its_contexts(whole: Run) -> None:
    async def walk(reader: Reader) -> None:
        await reader.press("f", "n")
        await reader.press("right")
        assert f"{len(view_of(reader).contexts)} samples" in reader.card()

    at_pane(whole, walk, neuron=TOKENS, size=(60, 40))


def test_widening_shows_the_stored_text_then_whole_sequences_then_lines_again(whole: Run) -> None:
    length = whole.manifest.options.context_length

    async def widen(reader: Reader) -> None:
        view = view_of(reader)
        narrow = reader.card()
        for contexts in ([c.context for c in view.contexts], whole.layer(1).contexts(TOKENS, length, length)):
            await reader.press("w")
            items = [item for item in reader.at.items if item.part == CONTEXT]
            assert len(items) == len(contexts) == 20
            for item, context in zip(items, contexts, strict=True):
                shown = {place.token + context.focus for place in item.places}
                # All but tokens that take no cell: a mark, or the beginning of a character.
                assert all(len(context.forms[i]) <= 3 for i in set(range(len(context.ids))) - shown)
                first = context.offset - context.focus
                heading = f"{context.domain}, position {context.offset} ({first}-{first + len(context.ids) - 1})"
                assert reader.card().split("\n")[item.line - 1].strip().split(maxsplit=1) == [
                    value_text(context.values[context.focus]),
                    heading,
                ]
        assert "Activity is known 40 tokens before and 23 after a sample, between ┊." in reader.card()
        assert reader.card().count("┊") > 10
        await reader.press("w")
        assert reader.card() == narrow

    at_pane(whole, widen, neuron=TOKENS, size=(90, 40))


def test_whole_sequences_can_be_had_of_one_trigger_too(whole: Run) -> None:
    length = whole.manifest.options.context_length

    async def choose(reader: Reader) -> None:
        ids = view_of(reader).record.triggers[1].top[0].ids
        await reader.press("w", "w", "g", "f")
        items = [item for item in reader.at.items if item.part == CONTEXT]
        contexts = whole.layer(1).contexts_on(TOKENS, ids, length, length)
        assert len(items) == len(contexts) > 0
        for item, context in zip(items, contexts, strict=True):
            assert all(item.ids[k] == context.ids[p.token + context.focus] for k, p in enumerate(item.places))
        assert "Contexts of" in reader.card()

    at_pane(whole, choose, neuron=TOKENS, size=(60, 40))


# The curve.


def test_the_cursor_reads_the_number_of_the_record(whole: Run) -> None:
    async def read(reader: Reader) -> None:
        position = view_of(reader).record.position
        assert position is not None
        await reader.press("c", *["left"] * 80)
        for step in range(1, 20):
            share = percent(position.frequency[step - 1])
            text = " ".join(reader.card().split())
            assert f"Position {step}: {share}; " in text
            for name, curve in position.by_domain.items():
                assert f"{name} {percent(curve[step - 1])}" in text
            await reader.press("shift+right")
        assert reader.screen.address == (1, PLANTED.index("other"))

    at_pane(whole, read, neuron=PLANTED.index("other"), size=(60, 40))


def test_left_and_right_are_the_curves_only_while_it_is_read(whole: Run) -> None:
    async def read(reader: Reader) -> None:
        await reader.press("c", "right", "h", "l")
        assert reader.screen.address == (1, OSCILLATORY)
        assert "read" in reader.lines()[-1]
        await reader.press("escape")
        assert reader.screen.left == 0
        assert "▲" not in reader.card()
        await reader.press("right")
        assert reader.screen.address == (1, OSCILLATORY + 1)

    at_pane(whole, read, neuron=OSCILLATORY)


def test_the_curve_stays_read_at_its_position_from_neuron_to_neuron(whole: Run) -> None:
    async def read(reader: Reader) -> None:
        await reader.press("c", *["left"] * 80, *["shift+right"] * 9)
        reader.screen.walk(1)
        await reader.until(lambda: reader.pane.up_to_date)
        position = view_of(reader).record.position
        assert position is not None
        assert f"Position 10: {percent(position.frequency[9])}" in " ".join(reader.card().split())

    at_pane(whole, read, neuron=OSCILLATORY, size=(60, 40))


def test_zoom_shows_half_the_positions_around_the_cursor_and_all_again(whole: Run) -> None:
    async def zoom(reader: Reader) -> None:
        await reader.press("plus")
        assert reader.screen.lengthened == 1  # the key is the screen's until the curve is read
        await reader.press("c", "plus")
        look = reader.pane.look
        assert reader.screen.lengthened == 1
        assert (look.last - look.first + 1) == 31
        assert look.cursor is not None
        assert look.first <= look.cursor <= look.last
        await reader.press(*["right"] * 70)
        assert reader.pane.look.last == reader.pane.look.cursor == 63
        await reader.press("0")
        assert (reader.pane.look.first, reader.pane.look.within(view_of(reader).record.position).last) == (1, 63)
        await reader.press("plus", "plus", "plus", "minus", "minus")
        assert reader.pane.look.last - reader.pane.look.first + 1 == 63

    at_pane(whole, zoom, neuron=OSCILLATORY)


def test_edges_of_the_ranges_are_one_key_away(whole: Run) -> None:
    async def read(reader: Reader) -> None:
        position = view_of(reader).record.position
        assert position is not None
        edges = [edge for on, off in on_ranges(position.frequency) for edge in (on, off + 1)]
        await reader.press("c", "g")
        found = []
        for _ in edges:
            await reader.press("}")
            found.append(reader.pane.look.cursor)
        assert set(edges) - {1} <= {*found}
        (on, off), *_ = on_ranges(position.frequency)
        await reader.press("g")
        assert (f"On at {on}-{off}." in " ".join(reader.card().split())) == (on == 1)

    at_pane(whole, read, neuron=OSCILLATORY)


def test_curves_come_overall_by_domain_and_all_together(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        position = view_of(reader).record.position
        assert position is not None
        seen = []
        for name in (OVERALL, *position.by_domain, ALL_TOGETHER, OVERALL):
            assert reader.pane.look.curve == name
            seen.append(reader.card())
            await reader.press("d")
        assert f"share of {position.sequences} sequences active" in seen[0]
        for name, text in zip(position.by_domain, seen[1:], strict=False):
            assert f"{name}: share of its {position.sequences_by_domain[name]} sequences active" in text
        together = seen[-2].split("\n")
        for name in ("overall", *position.by_domain):
            assert sum(line.startswith(name) and "┤" in line for line in together) == 1
        assert seen[0] == seen[-1]
        assert len({text.count("\n") for text in seen}) == 1

    at_pane(whole, look, neuron=PLANTED.index("other"), size=(60, 50))


def test_a_click_on_the_curve_reads_it_there(whole: Run) -> None:
    async def click(reader: Reader) -> None:
        lines = reader.card().split("\n")
        axis = next(i for i, line in enumerate(lines) if "└" in line)
        last = len(lines[axis].rstrip()) - 1
        await reader.pilot.click(NeuronPane, offset=(last + 1, axis - 1 + 1))
        assert reader.pane.look.cursor in (62, 63)  # a cell shows two positions

    at_pane(whole, click, neuron=OSCILLATORY, size=(60, 60))


def test_without_full_length_sequences_there_is_no_curve_to_read(runs: Path) -> None:
    async def read(reader: Reader) -> None:
        await reader.press("c", "d", "right")
        assert reader.screen.address == (0, 6)
        assert reader.pane.look.cursor is None

    at_pane(open_run(runs / "short"), read, layer=0, neuron=5)


# Its looks.


@pytest.mark.parametrize("size", [(22, 12), (32, 24), (52, 20), (78, 22), (122, 50)])
def test_nothing_acts_and_every_line_takes_its_cells_whatever_is_shown(whole: Run, size: tuple[int, int]) -> None:
    async def look(reader: Reader) -> None:
        for keys in (
            ["G"],
            ["comma"],
            ["w"],
            ["w"],
            ["{"],
            ["c", "plus"],
            ["d"],
            ["d", "d", "d"],
            ["escape", "g", "f"],
        ):
            await reader.press(*keys)
            assert reader.aligned()

    at_pane(whole, look, neuron=HOSTILE, size=size)


def test_the_border_names_the_keys_that_matter_here_and_only_with_the_focus(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        assert "t fires on it · f its contexts" in reader.lines()[-1]
        await reader.press("G")
        assert "f its contexts" not in reader.lines()[-1]
        assert ", . token" in reader.lines()[-1]
        reader.app.screen.set_focus(None)
        await reader.until(lambda: "fires" not in reader.lines()[-1])

    at_pane(whole, look, neuron=TOKENS, size=(60, 40))


def test_every_key_of_the_pane_has_a_name_to_configure_and_a_line_of_help() -> None:
    ids = [binding.id for binding in NeuronPane.BINDINGS]  # type: ignore[union-attr]
    assert all(ids)
    assert len(ids) == len(set(ids))
    told = {action.keys for action in NeuronPane.ACTIONS if action.sentence}
    assert {"t", "f", "w", "c", "d", "plus", "shift+left,comma", "left,h"} <= told


def test_the_palette_holds_what_the_pane_does(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        for action in reader.pane.ACTIONS:
            if action.palette:
                await reader.app.run_action(action.run, reader.pane)
                await reader.until(lambda: reader.pane.up_to_date)
        assert len(reader.screen.asked) == 1
        assert reader.pane.look.cursor is not None
        assert reader.pane.look.curve != OVERALL
        assert reader.pane.shape.on
        assert reader.pane.shape.reach == 1

    at_pane(whole, look, neuron=TOKENS)


def test_domains_that_are_alike_are_said_to_be_with_the_number(whole: Run) -> None:
    position = read_neuron(whole, 1, OSCILLATORY).record.position
    assert position is not None
    assert all(np.array_equal(curve, position.frequency) for curve in position.by_domain.values())

    async def look(reader: Reader) -> None:
        assert "All domains alike: at most 0 percentage points apart." in " ".join(reader.card().split())

    at_pane(whole, look, neuron=OSCILLATORY, size=(60, 40))


# Values.


def test_v_shows_the_highest_contexts_first_with_their_values_and_the_samples_again(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        sampled = reader.card()
        await reader.press("v")
        highest = whole.layer(1).contexts(TOKENS, kind="highest")
        items = [item for item in reader.at.items if item.part == CONTEXT]
        assert len(items) == len(highest) == 20
        lines = reader.card().split("\n")
        assert "Highest contexts" in reader.card()
        for item, context in zip(items, highest, strict=True):
            value = context.values[context.focus]
            assert value is not None
            assert lines[item.line].split()[0] == value_text(value)
        assert f"value {value_text(view_of(reader).record.values.max)}" in reader.lines()[-1]
        await reader.press("v")
        assert reader.card() == sampled

    at_pane(whole, look, neuron=TOKENS, size=(60, 40))


def test_the_highest_contexts_of_a_trigger_are_those_that_end_in_it_at_any_width(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        await reader.press("v", "g", "f")
        ids = view_of(reader).record.triggers[1].top[0].ids
        wanted = [c for c in whole.layer(1).contexts(TOKENS, kind="highest") if is_on(c, ids)]
        for _ in range(3):
            assert "Highest contexts of" in reader.card()
            assert len([item for item in reader.at.items if item.part == CONTEXT]) == len(wanted) > 0
            await reader.press("w")

    at_pane(whole, look, neuron=TOKENS, size=(60, 40))


def test_passages_tell_values_below_active_tokens(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        await reader.press("w")
        lines = reader.card().split("\n")
        for item in reader.at.items:
            if item.part == CONTEXT:
                place = next(p for p in item.places if p.token == 0)
                value = item.values[item.places.index(place)]
                assert value is not None
                assert value_text(value) in "".join(lines[item.line + place.line + 1])

    at_pane(whole, look, neuron=TOKENS, size=(90, 40))


def test_the_card_tells_max_mean_and_weights(whole: Run) -> None:
    async def look(reader: Reader) -> None:
        record = view_of(reader).record
        assert record.values is not None
        assert f"max {value_text(record.values.max)}, mean {value_text(record.values.mean)}" in reader.card()
        assert all(word in reader.card() for word in ("norm", "cosine", "kurtosis", "tokenfreq"))

    for size in ((80, 24), (200, 60)):
        at_pane(whole, look, neuron=TOKENS, size=size)


def test_a_run_without_values_says_so_in_a_line(whole: Run) -> None:
    view = read_neuron(whole, 1, TOKENS)
    old = replace(view, record=replace(view.record, values=None, weights=None))
    for kind in ("contexts", "highest"):
        lines = [plain(line) for line in lay_out(old, CardShape(60, 40, kind=kind)).lines]
        assert any(line.startswith("Values") and "not kept by this run" in line for line in lines)
        assert ("This run keeps no values, and so no highest contexts." in lines) == (kind == "highest")


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("system", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR])
def test_shaded_tokens_can_be_read_with_16_colours_too(theme: Theme, system: ColorSystem) -> None:
    names = ("primary", "secondary", "accent", "error", "surface", "panel", "foreground", "background")
    colours = tuple("rgb({},{},{})".format(*Color.parse(getattr(theme, name)).rgb) for name in names)
    for role, style in painting._styles(colours, False).items():
        if role[-1].isdigit():
            assert style.color is not None and style.bgcolor is not None
            assert style.color.downgrade(system) != style.bgcolor.downgrade(system), (role, system)
    for role, style in painting._styles(colours, True).items():
        assert not role[-1].isdigit() or (style.color is None and style.underline)
