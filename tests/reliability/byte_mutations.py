"""Bytes of a file changed at random, and texts of JSON and TOML made hostile."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

_DEEP = 100_000
_LONG = 100 << 20


def _place(rng: random.Random, data: bytearray, size: int) -> int:
    return rng.randrange(max(1, len(data) - size))


def _flip_bit(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _flip_bytes(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice((2, 8, 64, 512))):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _splice(rng: random.Random, data: bytearray) -> None:
    size = rng.choice((4, 16, 256))
    at = _place(rng, data, size)
    data[at : at + size] = rng.randbytes(size)


def _fill(rng: random.Random, data: bytearray) -> None:
    size = rng.choice((1, 8, 64, 512, 4096))
    at = _place(rng, data, size)
    data[at : at + size] = rng.choice((b"\0", b"\xff", b"\x7f")) * len(data[at : at + size])


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 8, 512)))


def _leave_out(rng: random.Random, data: bytearray) -> None:
    size = rng.choice((1, 8, 512))
    at = _place(rng, data, size)
    del data[at : at + size]


def _swap(rng: random.Random, data: bytearray) -> None:
    size = rng.choice((8, 64, 512))
    a, b = _place(rng, data, size), _place(rng, data, size)
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.choice((0, len(data) // 2, max(0, len(data) - 1), rng.randrange(len(data)))) :]


def _grow(rng: random.Random, data: bytearray) -> None:
    data += rng.choice((rng.randbytes(64), bytes(1 << 16), bytes(data)))


_WAYS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    *(_flip_bit, _flip_bytes, _splice, _fill, _insert, _leave_out, _swap, _cut, _grow),
)


def change_bytes(rng: random.Random, path: Path) -> str:
    """Change a file's bytes in one way, for a third of them in several; gives which."""
    data, done = bytearray(path.read_bytes()), []
    for _ in range(rng.choice((1, 1, 2))):
        if data:
            way = rng.choice(_WAYS)
            way(rng, data)
            done.append(way.__name__.strip("_"))
    path.write_bytes(data)
    return "+".join(done)


class _Raw(str):
    """A text that stands in JSON as it is, between no quotation marks."""

    __slots__ = ()


_VALUES: tuple[Callable[[random.Random], Any], ...] = (
    *(lambda _, value=value: value for value in (None, True, [], {}, "", [[]], {"": None}, 0, -1, 1, -0.0)),
    *(lambda _, value=value: value for value in (2**31, 2**53 + 1, 2**63, 2**64, 10**18, 10**30, -(2**63), 0.5)),
    *(lambda _, raw=raw: _Raw(raw) for raw in ("1" * 5000, "1e999", "-1e999", "NaN", "Infinity", "1" * 400, "1e-400")),
    *(lambda _, raw=raw: _Raw(raw) for raw in ('"\\ud800"', '"\\udc9b31m"', '"\\u0000"', '"\\u001b[31m"', "nul", '"')),
    *(lambda _, text=text: text for text in ("..", "/", "../../outside", "/etc/passwd", "a/../b", "~", ".", "\\", "-")),
    *(
        lambda _, text=text: text
        for text in ("\u202e", "dеmo", "ｄｅｍｏ", "\u0301", "日" * 99, "[red]", "=1+1", "x" * 9999)
    ),
    *(
        lambda _, text=text: text
        for text in ("value<=0", "value>nan", "poles", "abs(value)>0", "layer:0-5", "inf", "1")
    ),
    *(lambda _, raw=raw: _Raw(raw) for raw in ("[" * _DEEP, "[" * _DEEP + "]" * _DEEP, '{"a":' * _DEEP, "[[]]" * 99)),
    lambda rng: _Raw("[" + "0," * rng.choice((99, 10**6)) + "0]"),
    lambda rng: "x" * _LONG if rng.random() < 0.05 else "x" * (_LONG >> 6),
    lambda rng: rng.randbytes(40).decode("latin-1"),
    lambda rng: rng.randrange(-(2**70), 2**70),
    lambda rng: rng.choice((-1, 1)) * 10.0 ** rng.randrange(-300, 300),
)


def _every_place(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, one in below for place in _every_place(one, (*way, key)))]


def _dumped(value: Any) -> str:
    """JSON that may be none: raw parts, and keys that come twice."""
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, dict):
        twice = value.get("__twice__")
        parts = [f"{json.dumps(key)}: {_dumped(one)}" for key, one in value.items() if key != "__twice__"]
        return "{" + ", ".join(parts + ([f"{json.dumps(twice[0])}: {_dumped(twice[1])}"] if twice else [])) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dumped, value)) + "]"
    return json.dumps(value)


def change_json(rng: random.Random, path: Path, *, lines: bool) -> str:
    """Put something hostile into a JSON file, or into a line of one of JSON lines; gives where."""
    texts = path.read_text("utf-8").splitlines() if lines else [path.read_text("utf-8")]
    at = rng.randrange(len(texts))
    value, done = json.loads(texts[at]), []
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        place = rng.choice(_every_place(value))
        new, how = rng.choice(_VALUES)(rng), rng.randrange(10)
        if not place:
            value = new
            done.append("whole")
            break
        holder = value
        for key in place[:-1]:
            holder = holder[key]
        if how == 0:
            del holder[place[-1]]
        elif how == 1 and isinstance(holder, dict):
            holder[rng.choice(("added", "..", "", "\x1b", place[-1] + " "))] = new
        elif how == 2 and isinstance(holder, dict):
            holder["__twice__"] = (place[-1], new)
        elif how == 3 and isinstance(holder, list):
            holder += [holder[place[-1]]] * rng.choice((1, 1000))
        else:
            holder[place[-1]] = new
        done.append(".".join(map(str, place)))
    texts[at] = _dumped(value)
    if lines and rng.random() < 0.2:
        texts = rng.choice((texts * 50, ["", *texts], [*texts, "x" * (1 << 20)], [texts[at]], texts[::-1]))
    path.write_text("\n".join(texts) + ("\n" if lines else ""), "utf-8", "surrogatepass")
    return ",".join(done)[:200]


_SETTINGS = (
    *('theme = "nord"', 'theme = "../x"', "mouse = 1", "mouse = nan", 'author = ""', 'author = "\\u001b[31m"'),
    *("[keys]\n", '[keys]\n"explorer.filter" = "\\u202e"', "[defaults]\ntokens = -1", "[defaults]\ntokens = 1e999"),
    *(
        '[defaults]\nmodel = "' + "x" * 99999 + '"',
        "a = " + "[" * _DEEP,
        "a = " + "[" * 900 + "]" * 900,
        "\x00",
        "\ufeff",
    ),
    *("a.b.c." * 3000 + "d = 1", "x = " + "1" * 5000, "d = 1979-13-45", "[[keys]]", '"' * 9, "theme = '''", "=", "\\"),
)


def change_settings(rng: random.Random, path: Path) -> str:
    """Put hostile settings into a file."""
    chosen = [rng.choice(_SETTINGS) for _ in range(rng.choice((1, 1, 3)))]
    kept = path.read_text("utf-8") if rng.random() < 0.5 else ""
    path.write_text("\n".join([*chosen, kept] if rng.random() < 0.5 else [kept, *chosen]), "utf-8")
    return repr(chosen)[:100]
