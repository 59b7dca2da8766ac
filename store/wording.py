"""Numbers, sizes, times and layer ranges as people write and read them: one wording for every room."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal

GRAM_NAMES = {1: "token", 2: "bigram", 3: "trigram"}
"""What an n-gram is called, by n."""


ALL = "all"
"""What stands for every layer."""

_COUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,18}|\d{1,9}\.\d{1,9})\s*([kmgb]?)", re.IGNORECASE | re.ASCII)

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}

_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE | re.ASCII)

_SIZE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

_MOST = 10**15

_LAST_LAYER = 10_000

_MINUS = "−"


def percent(share: float) -> str:
    """A share as a percentage with two significant digits below 10%; only an exact 0 or 1 is 0% or 100%."""
    value = 100 * float(share)
    if value <= 0 or value == 100:
        return f"{value:.0f}%"
    if 99.9 < value < 100:
        return ">99.9%"
    decimals = 1 if value >= 10 else 1 - math.floor(math.log10(value))
    text = f"{value:.{decimals}f}"
    return f"{text.rstrip('0').rstrip('.')}%"


def share_text(share: Decimal) -> str:
    """A share as somebody set it, with no digit lost: `95%`, `99.5%`, `100%`."""
    return f"{(100 * share).normalize():f}%"


def count_noun(count: int, noun: str) -> str:
    """A count with its noun: `1 token`, `1,234 tokens`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def show_layers(layers: Iterable[int]) -> str:
    """Layer indices as `--layers` takes them: `0-5,8`."""
    ordered = sorted(set(layers))
    first = [layer for layer in ordered if layer - 1 not in ordered]
    last = [layer for layer in ordered if layer + 1 not in ordered]
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(first, last, strict=True))


def signed(score: float) -> str:
    """A score with its sign and three decimals, or two significant digits if that would show none: `−0.081`."""
    size = abs(float(score))
    decimals = 3 if size >= 0.01 or not size else 1 - math.floor(math.log10(size))
    text = f"{size:.{decimals}f}" if decimals <= 6 else f"{size:.1e}"
    return f"{_MINUS if score < 0 else '+'}{text}"


def value_text(value: float) -> str:
    """A value in three significant digits: `5.05`, `0.031`, `1.2e3`, `−0.5`."""
    digits, _, power = f"{abs(float(value)):.3g}".partition("e")
    return f"{_MINUS if value < 0 else ''}{digits}" + (f"e{int(power)}" if power else "")


def short_count(count: int) -> str:
    """A large count in three digits: `600`, `1.2k`, `35k`, `1.2M`."""
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= 0.9995 * limit:  # what rounds up to the next unit is put in it
            value = count / limit
            return f"{value:.0f}{unit}" if value >= 99.5 else f"{value:.3g}{unit}"
    return str(count)


def size_text(size: float) -> str:
    """Bytes, in powers of ten: `512 B`, `13.6 MB`, `138 MB`, `1.2 GB`."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 99.5 or unit == "B" else f"{value:.1f} {unit}"


def clock(seconds: float) -> str:
    """Seconds: `0:07`, `12:40`, `3:02:11`."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def free_name(stem: str, is_taken: Callable[[str], bool]) -> str:
    """A name that is not taken: the stem alone, or with a number after it: `demo`, `demo-2`."""
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not is_taken(name))


def read_count(text: str) -> int | str:
    """The number in `5,000,000`, `600k` or `1.5M`; or, in words, why there is none."""
    match = _COUNT.fullmatch(text.strip().replace("_", ""))
    if match is None:
        return "not a number; write 5,000,000, 600k or 5M"
    digits, unit = match[1].replace(",", ""), _UNITS[match[2].lower()]
    whole, _, fraction = digits.partition(".")
    value = int(whole) * unit
    if fraction:
        part, rest = divmod(int(fraction) * unit, 10 ** len(fraction))
        if rest:
            return "not a whole number; write 5,000,000, 600k or 5M"
        value += part
    if value < 1:
        return "at least 1"
    return value if value <= _MOST else "more than any corpus holds"


def read_layers(text: str) -> tuple[int, ...] | str | None:
    """The layers in `0-5,8`, None for `all` or nothing; or, in words, why there are none."""
    if text.strip().lower() in ("", ALL):
        return None
    layers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part, re.ASCII)
        if match is None:
            return "numbers and ranges from 0, such as 0-5,8; or all"
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            return f"{first}-{last} is no range: the smaller number comes first"
        if last > _LAST_LAYER:
            return f"no model has a layer {last:,}"
        layers.update(range(first, last + 1))
    return tuple(sorted(layers))


def read_size(text: str) -> int | str:
    """The bytes in a size such as `8G`, `500M` or `1.5GiB`, in powers of 1,024; or, in words, why there are none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return "a size such as 8G, 500M or 1.5T"
    return int(Decimal(match[1]) * _SIZE_UNITS[match[2].upper()])


def show_size(size: int) -> str:
    """Bytes as `--memory` takes them, with no byte lost: `8G`, `512M`, `1000`."""
    unit = max((unit for unit, factor in _SIZE_UNITS.items() if size % factor == 0), key=_SIZE_UNITS.__getitem__)
    return f"{size // _SIZE_UNITS[unit]}{unit}"


def json_text(value: object) -> str:
    """A value as one line of JSON in which nothing acts on a terminal: what does not print is escaped.

    Raises ValueError for a number that JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
