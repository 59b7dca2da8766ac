"""From the tokeniser's own form of a token to what it stands for, and to what is safe to show.

Tokens are hostile text: a byte-level vocabulary holds every byte, so escape sequences, bidirectional
controls and half characters occur. Whatever shows a token goes through `visible`.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

SPACE = "·"
_NAMED = {"\n": "↵", "\t": "⇥", "\r": "␍", " ": SPACE}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_ZERO_WIDTH = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


@cache
def _byte_of_character() -> dict[str, int]:
    # GPT-2's byte-level alphabet: printable bytes stand for themselves, the others are moved above U+0100.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + i): b for i, b in enumerate(moved)}


@lru_cache(maxsize=1 << 18)
def token_bytes(form: str, byte_level: bool) -> bytes:
    """Bytes of text that a token stands for.

    `form` is the token as the tokeniser writes it. Tokens outside the byte-level alphabet (special ones)
    and those of other vocabularies stand for their own characters, with SentencePiece's ▁ for a space.
    """
    if byte_level:
        table = _byte_of_character()
        if all(character in table for character in form):
            return bytes(table[character] for character in form)
        return form.encode("utf-8", "surrogatepass")
    return form.replace("▁", " ").encode("utf-8", "surrogatepass")


def decode(forms: list[str], byte_level: bool) -> str:
    """Text that a list of tokens stands for; bytes that are no character become surrogate escapes."""
    return b"".join(token_bytes(form, byte_level) for form in forms).decode("utf-8", "surrogateescape")


def visible(text: str) -> str:
    r"""Text with everything that could act or hide made visible, one way everywhere.

    A space becomes ·, a line feed ↵, a tab ⇥; other controls, formatting and bidirectional characters,
    odd spaces and unassigned code points become \x.., \u.... or \U........; a backslash stays as it is;
    a combining mark with nothing to combine with gets a dotted circle.
    """
    return _based(text).translate(_VISIBLE)


def printable(text: str) -> str:
    """Text as `visible` shows it, with plain spaces left as they are: for messages, names and running text."""
    return _based(text).translate(_PRINTABLE)


@lru_cache(maxsize=1 << 18)
def visible_token(form: str, byte_level: bool) -> str:
    """One token as people are shown it; see `visible`."""
    return visible(token_bytes(form, byte_level).decode("utf-8", "surrogateescape"))


def _based(text: str) -> str:
    return "◌" + text if text and unicodedata.category(text[0]) in ("Mn", "Me", "Mc") else text


def _visible_character(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no character: surrogateescape's way to keep it
        return f"\\x{code - 0xDC00:02x}"
    category = unicodedata.category(character)
    if category in _HIDDEN_CATEGORIES or character in _ZERO_WIDTH or 0xFE00 <= code <= 0xFE0F:
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


class _Table(dict[int, str]):
    # For str.translate: what each character becomes, worked out when it is first met.
    def __missing__(self, code: int) -> str:
        self[code] = shown = _visible_character(chr(code))
        return shown


_VISIBLE = _Table()
_PRINTABLE = _Table({ord(" "): " "})
