"""Texts that act, hide or shift columns wherever they are shown as they are, and how to tell that none came through."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from wcwidth import wcwidth

from tests.synthetic import form

_CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))

TEXTS = (
    *("</script><img src=x onerror=alert(1)>", "]]>", "&#x0;&lt;", "--><svg onload=alert(1)>", '" onclick="x', "'; x"),
    *("[/INST]", "[bold]", "[/]", "[@click=app.quit]x[/]", "[link=file:///etc/passwd]y[/link]", "\\[red]"),
    *('=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(1)", "\t=1", "a,b;c", 'a"b', "a`b|c", "```"),
    *(_CONTROLS, "\x1b[2J\x1b[H", "\x1b]52;c;AAAA\x07", "\x1bP+q\x1b\\", "\x9b2J", "\r\n", "\x00"),
    *("\u202eevil\u202c", "\u2066x\u2069", "\u200f", "\u061c", "\u2028", "\u2029", "\u0085", "\ufeff", "\u00ad"),
    *("👩‍👩‍👧‍👦", "🇫🇷", "🏴\U000e0067\U000e0062\U000e007f", "👍🏽", "1\ufe0f\u20e3", "❤\ufe0f", "☎\ufe0e", "🫠", "🫩"),
    *("e\u0301", "\u0301", "\u0301x", "Z" + "\u0300\u0323" * 40, "\u20dd", "a\u20dd", "日\u3099"),
    *("日本語の文", "한국어", "한", "ﾊﾟ", "ｗｉｄｅ", "　", "ﷺ", "⸻", "䷀", "☰", "㉈", "𝍠"),
    *("किताब", "क्षत्रिय", "கொ", "น้ำ", "བོད", "မြန်မာ", "שלום", "مرحبا", "\u0600\u0661"),
    *("\u200bzero", "a\u200cb", "a\u200db", "\u2060", "\u3164", "\u2800", "\u034f", "\u180e", "\u00a0x\u2003y"),
    *("\ue000\uf8ff", "\U0010ffff", "\ufffe", "\ufffd", "A" * 500, "日" * 250, " " * 300, "\t" * 9),
)
"""Texts that are characters: names, paths and messages may hold any of them."""

BYTES = (
    b"\xf0\x9f\x91",
    b"\xa9\xe2\x80\x8d",
    b"\xe6\x97",
    b"\xa5",
    b"\xcc",
    b"\x81",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xff",
)
"""Bytes that are no character, as tokens of a byte-level vocabulary are; two halves of a combining mark among them."""

SURROGATES = ("\ud800", "a\udfffb", "\udc69\ud83d", "\udc9b31m")
"""Forms that a vocabulary file may hold, though no text does."""

FORMS = (*(form(text.encode()) for text in TEXTS), *map(form, BYTES), *SURROGATES)
"""All of these as tokens of a byte-level vocabulary."""

NAME = "[/INST]\x1b[31m</script>]]>\u202e日\u0301👩\u200d👩🇫🇷कि\x9b\x00\n=1"
"""A name that has something of everything, for where there is one name only."""

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def acting(text: str) -> set[str]:
    """The characters of a text that act on a terminal, hide, or are none; line feeds are meant to be there."""
    return {c for c in text if c != "\n" and (unicodedata.category(c) in _HIDDEN or not c.isprintable())}


def cells(line: str) -> list[str]:
    """A line as a terminal holds it that knows of code points only: a text a cell, an empty one after a wide one."""
    found: list[str] = []
    for character in line:
        width = wcwidth(character)
        if width == 0 and found:
            found[-1 if found[-1] else -2] += character
        elif width > 0:
            found += [character, *[""] * (width - 1)]
        else:
            raise AssertionError(f"{character!a} has no cell to stand in: {line!a}")
    return found


def aligned(line: str, width: int) -> bool:
    """Whether a line takes its cells by what textual counts and by what terminals do."""
    return cell_len(line) == len(cells(line)) == width
