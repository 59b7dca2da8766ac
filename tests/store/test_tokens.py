import unicodedata

from hypothesis import given
from hypothesis import strategies as st

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


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_ordinary_characters_are_shown_as_they_are(text: str) -> None:
    assert visible(text) == text.replace("\u3164", "\\u3164").replace("\u115f", "\\u115f").replace(
        "\u1160", "\\u1160"
    ).replace("\uffa0", "\\uffa0")


def test_controls_and_odd_spaces_have_one_form_each() -> None:
    assert visible(" a\n\t\r") == "·a↵⇥␍"
    assert visible("\x1b[31m\x00\x9b") == "\\x1b[31m\\x00\\x9b"
    assert visible("\u202e\u200b\u00a0\ufe0f\U000e0001") == "\\u202e\\u200b\\xa0\\ufe0f\\U000e0001"
    assert visible("\udcff") == "\\xff"


def test_a_combining_mark_alone_gets_something_to_stand_on() -> None:
    assert visible("\u0301a") == "◌\u0301a"
    assert visible("e\u0301") == "e\u0301"


@given(st.binary())
def test_every_byte_string_goes_through_the_byte_level_alphabet_and_back(raw: bytes) -> None:
    assert token_bytes(form(raw), byte_level=True) == raw


@given(st.lists(st.binary(max_size=4), max_size=6))
def test_tokens_together_read_what_their_bytes_read(parts: list[bytes]) -> None:
    text = decode([form(part) for part in parts], byte_level=True)
    assert text.encode("utf-8", "surrogateescape") == b"".join(parts)


def test_a_character_split_between_two_tokens_is_whole_when_they_are_read_together() -> None:
    halves = [form("é".encode()[:1]), form("é".encode()[1:])]
    assert decode(halves, byte_level=True) == "é"
    assert visible_token(halves[0], byte_level=True) == "\\xc3"


def test_special_tokens_and_other_vocabularies_stand_for_their_characters() -> None:
    assert visible_token("<pad>", byte_level=True) == "<pad>"
    assert visible_token("▁title", byte_level=False) == "·title"
