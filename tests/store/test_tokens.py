import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcswidth, wcwidth

from neuron_tui.store.tokens import decode, printable, token_bytes, visible, visible_token
from tests.synthetic import form

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_nothing_that_acts_or_hides_survives_being_made_visible(text: str) -> None:
    shown = visible(text)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs") for c in shown)
    shown.encode("utf-8")


@given(ANY_TEXT)
def test_running_text_keeps_its_plain_spaces_and_nothing_else_of_the_kind(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text).count(" ") == text.count(" ")


@given(ANY_TEXT)
def test_what_is_shown_has_one_width_however_a_terminal_measures(text: str) -> None:
    shown = printable(text)
    by_code_point = [wcwidth(c) for c in shown]
    assert min(by_code_point, default=0) >= 0
    # Of two or more that are measured together, all but the first are marks without a width.
    pairs = zip(shown, by_code_point, strict=True)
    assert all(width > 0 or unicodedata.category(character) in ("Mn", "Me") for character, width in pairs)
    assert cell_len(shown) == wcswidth(shown) == sum(by_code_point)


@given(ANY_TEXT)
def test_what_is_shown_stays_as_it_is_when_it_is_shown_again(text: str) -> None:
    assert printable(printable(text)) == printable(text)
    assert visible(visible(text)) == visible(text)


@given(st.text("abczåßñЖψ0９½日本한ｶアกअ★€→─🫠👩שم", max_size=20))
def test_ordinary_characters_are_shown_as_they_are(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("👩\u200d👧", "👩\\u200d👧"),
        ("🇫🇷", "\\U0001f1eb\\U0001f1f7"),
        ("👍🏽", "👍\\U0001f3fd"),
        ("❤\ufe0f", "❤\\ufe0f"),
        ("1\ufe0f\u20e3", "1\\ufe0f◌\u20e3"),
        ("कि", "क\\u093f"),
        ("क्ष", "क\\u094dष"),
        ("น้ำ", "น้\\u0e33"),
        ("\u1112\u1161\u11ab", "\\u1112\\u1161\\u11ab"),
        ("☰䷀", "\\u2630\\u4dc0"),
        ("\u2800", "\\u2800"),
    ],
)
def test_what_terminals_measure_differently_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_controls_and_odd_spaces_have_one_form_each() -> None:
    assert visible(" a\n\t\r") == "·a↵⇥␍"
    assert visible("\x1b[31m\x00\x9b") == "\\x1b[31m\\x00\\x9b"
    assert visible("\u202e\u200b\u00a0\ufe0f\U000e0001") == "\\u202e\\u200b\\xa0\\ufe0f\\U000e0001"
    assert visible("\udcff") == "\\xff"


def test_a_combining_mark_alone_gets_something_to_stand_on() -> None:
    assert visible("\u0301a") == "◌\u0301a"
    assert visible("e\u0301") == "e\u0301"
    assert visible("\x1b\u0301") == "\\x1b◌\u0301"
    assert (visible("a \u0301"), printable("a \u0301")) == ("a·◌\u0301", "a ◌\u0301")


def test_marks_do_not_pile_up() -> None:
    assert visible("a" + "\u0301" * 9) == "a" + "\u0301" * 4 + "◌" + "\u0301" * 4 + "◌\u0301"


@given(st.binary())
def test_every_byte_string_goes_through_the_byte_level_alphabet_and_back(raw: bytes) -> None:
    assert token_bytes(form(raw), spelling="bytes") == raw


@pytest.mark.parametrize("written", [" a", "Ġa b", "\xad", "\x80", "日", "Ġ日", "▁x", "\ud800", "<s>\n"])
def test_what_is_not_in_the_byte_level_alphabet_stands_for_its_own_characters(written: str) -> None:
    assert token_bytes(written, spelling="bytes") == written.encode("utf-8", "surrogatepass")


@given(st.lists(st.binary(max_size=4), max_size=6))
def test_tokens_together_read_what_their_bytes_read(parts: list[bytes]) -> None:
    text = decode([form(part) for part in parts], spelling="bytes")
    assert text.encode("utf-8", "surrogateescape") == b"".join(parts)


def test_a_character_split_between_two_tokens_is_whole_when_they_are_read_together() -> None:
    halves = [form("é".encode()[:1]), form("é".encode()[1:])]
    assert decode(halves, spelling="bytes") == "é"
    assert visible_token(halves[0], spelling="bytes") == "\\xc3"


def test_special_tokens_and_other_vocabularies_stand_for_their_characters() -> None:
    assert visible_token("<pad>", spelling="bytes") == "<pad>"
    assert visible_token("▁title", spelling="spaces") == "·title"


def test_sentencepiece_writes_spaces_and_bytes_in_its_own_way() -> None:
    assert token_bytes("▁the", "spaces") == b" the"
    assert token_bytes("<0x0A>", "spaces") == b"\n"
    assert visible_token("<0xE2>", "spaces") == "\\xe2"
    assert decode(["▁", "<0xE2>", "<0x82>", "<0xAC>"], "spaces") == " €"
    assert decode(["play", "##ing", "now", "##"], "wordpieces") == " playing now ##"
    assert [visible_token(form, "wordpieces") for form in ("play", "##ing")] == ["·play", "ing"]
    assert token_bytes("<0x0A>", "bytes") == b"<0x0A>"  # a byte-level vocabulary has other ways
