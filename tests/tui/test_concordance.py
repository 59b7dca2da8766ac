"""Contexts keep their columns whatever their tokens hold, and every token is found where it is shown."""

import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.tokens import decode, printable
from neuron_tui.tui.drawing.spans import plain, width_of
from neuron_tui.tui.reports.context import ContextView
from neuron_tui.tui.widgets.neuron.concordance import concordance, context_line
from neuron_tui.tui.widgets.neuron.context_text import CLOSE, EDGE, OPEN, marked
from neuron_tui.tui.widgets.neuron.passages import passages
from tests.synthetic import HOSTILE, form

FORMS = [
    form(raw)
    for raw in (*HOSTILE, b" the", b"title", "日本".encode(), b"\xe6", b"\x97\xa5", b"a" * 70, b"\n", b"\xcc\x81")
]


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    size = draw(st.integers(1, 64))
    ids = draw(st.lists(st.integers(0, len(FORMS) - 1), min_size=size, max_size=size))
    focus = draw(st.integers(0, size - 1))
    active = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    active[focus] = True
    return Context(
        "prose", draw(st.integers(focus, 3000)), tuple(ids), tuple(FORMS[i] for i in ids), tuple(active), focus
    )


@given(contexts(), st.integers(30, 120))
def test_a_line_fills_its_width_and_the_sampled_token_keeps_its_column(context: Context, width: int) -> None:
    line, places = context_line(ContextView(context, "bytes"), width)
    assert width_of(line) == width
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in plain(line))
    left = max(6, width * 2 // 5)
    sampled = next(place for place in places if place.token == 0)
    joins = context.focus > 0 and context.active[context.focus - 1]
    assert sampled.x == left + (0 if joins else 1)


@given(contexts(), st.integers(30, 120))
def test_marks_come_in_pairs_also_where_a_line_is_cut(context: Context, width: int) -> None:
    text = plain(context_line(ContextView(context, "bytes"), width)[0])
    marks = [c for c in text if c in (OPEN, CLOSE)]
    assert marks == [OPEN, CLOSE] * (len(marks) // 2)


@given(contexts(), st.integers(30, 120))
def test_tokens_of_a_passage_stand_where_they_are_said_to(context: Context, width: int) -> None:
    block = passages([ContextView(context, "bytes")], width)
    assert all(width_of(line) <= width for line in block.lines)
    (item,) = block.items
    texts = {p.token: p.text for p in marked(ContextView(context, "bytes"), 0, len(context.forms)) if p.token >= 0}
    assert len(item.places) == len(item.ids) == sum(cell_len(text) > 0 for text in texts.values())
    for place, token in zip(item.places, item.ids, strict=True):
        assert token == context.ids[context.focus + place.token]
        here = _cells(plain(block.lines[item.line + place.line]), place.x, place.width)
        assert here
        assert _bare(texts[context.focus + place.token]).startswith(here)


@given(contexts())
def test_text_between_active_tokens_reads_as_one_text(context: Context) -> None:
    calm = Context(
        context.domain, context.offset, context.ids, context.forms, (False,) * len(context.ids), context.focus
    )
    text = "".join(piece.text for piece in marked(ContextView(calm, "bytes"), 0, len(calm.forms)))
    assert text == printable(decode(list(calm.forms), "bytes"))


def test_text_of_unknown_activity_is_told_from_the_rest() -> None:
    forms = tuple("abcdefgh")
    active = (False, False, True, True, False, False, False, False)
    context = Context("prose", 3, tuple(range(8)), forms, active, 3, unknown_before=2, unknown_after=3)
    found = marked(ContextView(context, "bytes"), 0, 8)
    assert "".join(piece.text for piece in found) == f"ab{EDGE}{OPEN}cd{CLOSE}e{EDGE}fgh"
    assert "".join(piece.text for piece in found if piece.role == "dim") == "abfgh"
    known = marked(ContextView(replace(context, unknown_before=0, unknown_after=0), "bytes"), 0, 8)
    assert not any(piece.text == EDGE or piece.role == "dim" for piece in known)


def test_contexts_stand_below_the_name_of_their_domain() -> None:
    def one(domain: str) -> ContextView:
        return ContextView(Context(domain, 3, (1,), ("a",), (True,), 0), "bytes")

    block = concordance([one("prose"), one("prose"), one("\x1b[31m")], 40)
    assert [plain(block.lines[i]).strip() for i in (0, 3)] == ["prose", "\\x1b[31m"]
    assert [(item.index, item.line) for item in block.items] == [(0, 1), (1, 2), (2, 4)]


def _bare(text: str) -> str:
    """A text without marks that take no cell."""
    return "".join(c for c in text if cell_len(c))


def _cells(text: str, x: int, width: int) -> str:
    """Characters of a text in some of its cells."""
    at, found = 0, ""
    for character in _bare(text):
        if x <= at < x + width:
            found += character
        at += cell_len(character)
    return found
