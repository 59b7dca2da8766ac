"""Numbers and layers as people type them. What cannot be read is answered in words, as a field shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence

ALL = "all"
"""What stands for every layer."""

_COUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,18}|\d{1,9}\.\d{1,9})\s*([kmgb]?)", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}
_MOST = 10**15
_LAST_LAYER = 10_000


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


def layers_text(layers: Sequence[int]) -> str:
    """Layers, in rising order, as they are typed: `0-5,8`."""
    runs: list[list[int]] = []
    for layer in layers:
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
