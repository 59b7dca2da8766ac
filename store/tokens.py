"""From the tokeniser's own form of a token to what it stands for, and to what is safe to show.

Tokens are hostile text: a byte-level vocabulary holds every byte, so escape sequences, bidirectional
controls and half characters occur. Whatever shows a token goes through `visible`.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Literal

Spelling = Literal["bytes", "spaces", "wordpieces"]
"""How a vocabulary writes text: in GPT-2's alphabet of bytes, with ▁ for a space, or with ## within a word."""

SPACE = "·"
_NAMED = {"\n": "↵", "\t": "⇥", "\r": "␍", " ": SPACE}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u034f\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS = frozenset({"Mn", "Me"})
_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")
"""How SentencePiece writes a byte that is no character by itself."""

_VIRAMA = 9  # a combining class
_MARKS_ON_ONE = 4
_DISPUTED = (
    (0x0D4E, 0x0D4E),  # written before its letter, and measured with it by some
    (0x0E33, 0x0E33),  # Thai and Lao am
    (0x0EB3, 0x0EB3),
    (0x1100, 0x11FF),  # Hangul in parts, which some put together and some do not
    (0x1171E, 0x1171E),
    (0x111C2, 0x111C3),
    (0x2630, 0x2637),  # signs that became wide with Unicode 16
    (0x268A, 0x268F),
    (0x3248, 0x324F),  # numbers in circles that the C library takes for wide
    (0x4DC0, 0x4DFF),
    (0xA960, 0xA97F),
    (0xD7B0, 0xD7FF),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFF9E, 0xFF9F),  # voiced sound marks of half width
    (0x1193F, 0x11941),
    (0x11A3A, 0x11A3A),
    (0x11A84, 0x11A89),
    (0x11D46, 0x11D46),
    (0x1D300, 0x1D376),
    (0x1F1E6, 0x1F1FF),  # halves of flags
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0100, 0xE01EF),  # more variation selectors
)


@cache
def _byte_of_character() -> dict[str, int]:
    # GPT-2's byte-level alphabet: printable bytes stand for themselves, the others are moved above U+0100.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + i): b for i, b in enumerate(moved)}


@cache
def _translation() -> dict[int, int]:
    """From the byte-level alphabet to the characters of Latin-1, which are its bytes; from others to none of those."""
    alphabet = {ord(character): byte for character, byte in _byte_of_character().items()}
    return dict.fromkeys(range(256), sys.maxunicode) | alphabet


@lru_cache(maxsize=1 << 18)
def token_bytes(form: str, spelling: Spelling) -> bytes:
    """Bytes of text that a token stands for.

    `form` is the token as the tokeniser writes it. Tokens outside the byte-level alphabet (special ones)
    and those of other vocabularies stand for their own characters, with SentencePiece's ▁ for a space and its
    `<0x0A>` for a byte. WordPiece has no spaces: a token that does not go on with a word begins with one.
    """
    if spelling == "wordpieces":
        return (form[2:] if form.startswith("##") and len(form) > 2 else f" {form}").encode("utf-8", "surrogatepass")
    if spelling == "bytes":
        try:
            return form.translate(_translation()).encode("latin-1")
        except UnicodeEncodeError:
            return form.encode("utf-8", "surrogatepass")
    if byte := _BYTE_TOKEN.fullmatch(form):
        return bytes.fromhex(byte[1])
    return form.replace("▁", " ").encode("utf-8", "surrogatepass")


def decode(forms: list[str], spelling: Spelling) -> str:
    """Text that a list of tokens stands for; bytes that are no character become surrogate escapes."""
    return b"".join(token_bytes(form, spelling) for form in forms).decode("utf-8", "surrogateescape")


def visible(text: str) -> str:
    r"""Text with everything that could act, hide or shift a column made visible, one way everywhere.

    A space becomes ·, a line feed ↵, a tab ⇥; other controls, formatting and bidirectional characters, odd spaces and
    unassigned code points become \x.., \u.... or \U........; a backslash stays as it is. A combining mark with nothing
    to combine with gets a dotted circle, and so does every fifth one on the same character.

    What is left has one width on every terminal, whether it measures code points or clusters of them: characters of
    one or two cells, and marks of none. So whatever terminals measure differently is escaped too: what joins emoji
    (each is shown by itself), halves of flags, skin tones, variation selectors, spacing vowel signs and viramas of
    Indic scripts, Hangul in parts, signs that became wide of late. Letters written from right to left stay.
    """
    return _shown(text, _VISIBLE)


def printable(text: str) -> str:
    """Text as `visible` shows it, with plain spaces left as they are: for messages, names and running text."""
    return _shown(text, _PRINTABLE)


@lru_cache(maxsize=1 << 18)
def visible_token(form: str, spelling: Spelling) -> str:
    """One token as people are shown it; see `visible`."""
    return visible(token_bytes(form, spelling).decode("utf-8", "surrogateescape"))


def _shown(text: str, table: dict[int, str]) -> str:
    if text.isascii():
        return text.translate(table)
    parts: list[str] = []
    carries, marks = False, 0  # whether the character before can carry a mark, and how many it carries already
    for character in text:
        shown = table[ord(character)]
        if shown == character and unicodedata.category(character) in _MARKS:
            if not carries or marks == _MARKS_ON_ONE:
                parts.append("◌")
                marks = 0
            carries, marks = True, marks + 1
        else:
            carries, marks = shown == character != " ", 0
        parts.append(shown)
    return "".join(parts)


def _visible_character(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no character: surrogateescape's way to keep it
        return f"\\x{code - 0xDC00:02x}"
    if unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _BLANK or _is_disputed(character):
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def _is_disputed(character: str) -> bool:
    """Whether terminals differ in how many cells it takes, by itself or after another."""
    if unicodedata.category(character) == "Mc" or unicodedata.combining(character) == _VIRAMA:
        return True
    return any(first <= ord(character) <= last for first, last in _DISPUTED)


class _Table(dict[int, str]):
    # For str.translate: what each character becomes, worked out when it is first met.
    def __missing__(self, code: int) -> str:
        self[code] = shown = _visible_character(chr(code))
        return shown


_VISIBLE = _Table()
_PRINTABLE = _Table({ord(" "): " "})


def gram_text(forms: Iterable[str], spelling: Spelling) -> str:
    """An n-gram as people are shown it: its tokens made visible, a plain space between two of them."""
    return " ".join(visible_token(form, spelling) for form in forms)
