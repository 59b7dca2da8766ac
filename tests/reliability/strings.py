"""Every short string of bytes as a token, shown in every way: `python -m tests.reliability.strings`.

All 256 single bytes, all 65,536 pairs, and random strings of up to 12 bytes. Each must come through every way of
showing it with nothing in it that acts on a terminal and with its cells aligned, and every export must parse and hold
it: JSON, CSV and Parquet as the tokeniser writes it, Markdown and HTML as people are shown it. `--widgets N` walks the
app through runs of N of these strings.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from rich.cells import cell_len

from neuron_tui.store import open_run
from neuron_tui.store.findings.comparison.report import make_report
from neuron_tui.store.findings.labelled_run import read_aggregates
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import gram_text, printable, token_bytes, visible, visible_token
from neuron_tui.tui.drawing.spans import fit, fit_end, fit_line, message, plain, width_of, wrap, wrap_items
from neuron_tui.tui.reports.context import shortened
from neuron_tui.tui.reports.html import report_html
from neuron_tui.tui.reports.report import write_report
from tests.hostile import acting, cells
from tests.reliability.exported_tokens import READERS, html_of
from tests.synthetic import build_run, form, vocabulary

LONGEST = 12
"""Bytes of a random string."""

_LAYERS, _NEURONS, _EFFECTS = 2, 60, 50
_AT_ONCE = _LAYERS * _NEURONS * _EFFECTS * 2
"""Strings that the neurons of one run write for and against."""

_WIDTHS = (1, 2, 7)


def strings(rng: random.Random, more: int) -> Iterator[bytes]:
    """All single bytes, all pairs, and `more` random strings: of any bytes, and of pieces of characters."""
    yield from (bytes([byte]) for byte in range(256))
    yield from (bytes([first, second]) for first in range(256) for second in range(256))
    pieces = [chr(code).encode("utf-8", "surrogatepass") for code in (0x202E, 0x301, 0x200D, 0x1F469, 0x65E5, 0xFE0F)]
    pieces += [
        b"\x1b",
        b"\x9b",
        b"\xc2\x9b",
        b"[",
        b"|",
        b"`",
        b"<",
        b"&",
        b"=",
        b'"',
        b",",
        b"\n",
        b"\xe2\x80",
        b"\xf0",
    ]
    seen: set[bytes] = set()
    while len(seen) < more:
        wild = rng.randbytes(rng.randint(3, LONGEST))
        made = b"".join(rng.choices(pieces, k=rng.randint(2, 6)))[:LONGEST]
        one = rng.choice((wild, made))
        if len(one) > 2 and one not in seen:
            seen.add(one)
            yield one


@dataclass(slots=True)
class Tally:
    """Strings tried, and what was wrong with which."""

    tried: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    failed: dict[bytes, list[str]] = field(default_factory=dict)

    def wrong(self, raw: bytes, why: str) -> None:
        """Note what is wrong with a string."""
        self.failed.setdefault(raw, []).append(why)


def _cells(line: str) -> int:
    """The cells that a line takes, -1 if something in it has none to stand in."""
    try:
        return len(cells(line))
    except AssertionError:
        return -1


def try_alone(raw: bytes, tally: Tally) -> None:
    """Show a string by itself in every way that a token is written as text."""
    spelt = form(raw)
    shown = visible_token(spelt, "bytes")
    text = raw.decode("utf-8", "surrogateescape")
    if token_bytes(spelt, "bytes") != raw:
        tally.wrong(raw, "its form stands for other bytes")
    sp = printable(text)
    for name, one in (
        ("visible", shown),
        ("printable", sp),
        ("message", message(text)),
        ("twice", gram_text([spelt] * 2, "bytes")),
    ):
        for line in one.split("\n"):
            if acting(line):
                tally.wrong(raw, f"{name} acts: {line!a}")
            elif _cells(line) != cell_len(line):
                tally.wrong(raw, f"{name} takes other cells: {line!a}")
    if not shown or visible(shown.replace("·", " ")).count("\n"):
        tally.wrong(raw, "shown as nothing")
    for width in _WIDTHS:
        lines = [fit(shown, width), fit_end(shown, width), plain(fit_line(((shown, "a"), (sp, "b")), width))]
        lines += [plain(fit_line((("x", ""), (shown, "a")), width))]
        for line in lines:
            if _cells(line) != width or width_of(((line, ""),)) != width:
                tally.wrong(raw, f"does not fit {width} cells: {line!a}")
        for line in (*wrap(f"{sp} {shown}", width), *wrap_items([shown, shown], width)):
            if width > 1 and not 0 <= _cells(line) <= max(width, cell_len(shown) if line == shown else 0):
                tally.wrong(raw, f"is wrapped to more than {width} cells: {line!a}")
    tally.shown["texts"] += 1


# Runs whose neurons write every one of some strings, and their exports.


def run_of(folder: Path, some: Sequence[bytes]) -> Run:
    """A run of whose neurons each writes for 50 of the strings and against 50 others."""
    forms = [form(raw) for raw in some]
    path = build_run(
        folder, layers=_LAYERS, neurons=_NEURONS, sequences=2, context_length=16, extra=forms, domains=("a",)
    )
    first = len(vocabulary())
    ids = np.resize(np.arange(first, first + len(some), dtype=np.int32), (_LAYERS, 2, _NEURONS, _EFFECTS))
    for layer in range(_LAYERS):
        with h5py.File(path / f"layers/layer_{layer:03d}.h5", "r+", libver="v110") as file:
            for side, kind in enumerate(("promoted", "suppressed")):
                file[f"effect/{kind}_id"][...] = ids[layer, side]
    _accept(path)
    return open_run(path)


def _accept(path: Path) -> None:
    from tests.reliability.crafted import own_digest

    for layer in range(_LAYERS):
        own_digest(path / f"layers/layer_{layer:03d}.h5")


def try_exports(some: Sequence[bytes], folder: Path, tally: Tally) -> None:
    """Export a run of some strings in every format, and read each export back."""
    run = run_of(folder / "run", some)
    forms = {form(raw): raw for raw in some}
    shown = {shortened(visible_token(one, "bytes")): raw for one, raw in forms.items()}
    for format_, read in READERS.items():
        try:
            found = read(_exported(run, format_, folder, tally))
        except (AssertionError, ValueError) as error:
            tally.wrong(some[0], f"{format_} of the strings from here on cannot be read: {error}")
            continue
        _expect(found, run, format_, forms, shown, tally)
        tally.shown[format_] += len(some)
    _try_comparison(run, tally)


def _exported(run: Run, format_: str, folder: Path, tally: Tally) -> bytes:
    neurons = [(0, neuron) for neuron in range(_NEURONS)] if format_ == "neuronpedia" else None
    if format_ == "parquet":
        write_report(run, neurons, format_, folder / "out.parquet")
        return (folder / "out.parquet").read_bytes()
    stream = io.StringIO()
    write_report(run, neurons, format_, stream)
    if wrong := acting(stream.getvalue()):
        tally.wrong(b"", f"{format_} acts: {wrong}")
    return stream.getvalue().encode()


def _expect(
    found: set[str], run: Run, format_: str, forms: dict[str, bytes], shown: dict[str, bytes], tally: Tally
) -> None:
    """Every string that the export must hold is among those found in it."""
    records = [record for layer in run.layers.values() for record in layer.records()]
    if format_ in ("json", "jsonl", "parquet"):
        expected = {score.form for record in records for score in (*record.effect.promoted, *record.effect.suppressed)}
    elif format_ == "csv":
        expected = {scores[0].form for r in records for scores in (r.effect.promoted, r.effect.suppressed)}
    elif format_ == "neuronpedia":
        scores = [
            s for r in records if r.layer == 0 for all_ in (r.effect.promoted, r.effect.suppressed) for s in all_[:10]
        ]
        expected = {token_bytes(score.form, "bytes").decode("utf-8", "replace") for score in scores}
    else:
        few = 50 if format_ == "html" else 10
        scores = [s for r in records for all_ in (r.effect.promoted, r.effect.suppressed) for s in all_[:few]]
        expected = {shortened(visible_token(score.form, "bytes")) for score in scores}
    for missing in expected - found:
        tally.wrong(
            forms.get(missing) or shown.get(missing) or missing.encode(errors="replace"), f"is not in {format_}"
        )


def _try_comparison(run: Run, tally: Tally) -> None:
    """The tokens of detectors side by side, which a comparison lists as a page."""
    labelled = [read_aggregates(run, label) for label in ("one", "two")]
    text = report_html(make_report(labelled, tokens=True))
    html_of(text.encode())
    if wrong := acting(text):
        tally.wrong(b"", f"a comparison acts: {wrong}")
    tally.shown["comparison"] += 1


# The app.


def try_widgets(some: Sequence[bytes], folder: Path, tally: Tally) -> None:
    """Walk the app through a run of some strings: each neuron, and every screen that shows tokens."""
    from tests.tui.driving import Person, drive
    from tests.tui.test_hostile import sound

    run = run_of(folder / "widgets", some)
    screens = ("S", "escape", "enter", "f", "f", "z", "d", "w", "space", "w", "escape", "2", "3", "1", "x", "escape")

    async def walk(person: Person) -> None:
        for key in (*(["n"] * (_LAYERS * _NEURONS - 1)), *screens, "i", "?", "escape"):
            await person.press(key)
            await person.until(lambda: person.app.idle)
            try:
                sound(person)
            except AssertionError as error:
                tally.wrong(key.encode(), f"on the screen: {error}")
            tally.shown["screens"] += 1

    drive(folder, walk, run=run.path, size=(160, 50))


def run_strings(seed: int, more: int, *, widgets: int, few: int | None = None, tell: bool = False) -> Tally:
    """Try all strings, or a few of them drawn evenly."""
    tally, rng = Tally(), random.Random(seed)
    every = list(strings(rng, more))
    if few is not None:
        every = sorted(rng.sample(every, few))
    for raw in every:
        try_alone(raw, tally)
    tally.tried = len(every)
    rest = iter(every)
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for place, some in enumerate(iter(lambda: list(islice(rest, _AT_ONCE)), [])):
            at = Path(folder) / str(place)
            at.mkdir()
            try_exports(some, at, tally)
            if tell:
                print(f"{min((place + 1) * _AT_ONCE, len(every)):,} strings exported", flush=True)
        chosen = rng.sample(every, min(widgets, len(every)))
        for place, start in enumerate(range(0, len(chosen), _NEURONS * 2)):
            at = Path(folder) / f"widgets{place}"
            at.mkdir()
            try_widgets(chosen[start : start + _NEURONS * 2], at, tally)
    return tally


def main() -> int:
    """Run the campaign and print its tally."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=20_000, metavar="N", help="random strings besides all short ones")
    parser.add_argument("--widgets", type=int, default=1200, metavar="N", help="strings that the app is walked through")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.monotonic()
    with TemporaryDirectory() as own:
        for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "NEURON_TUI_STATE"):
            os.environ[name] = own
        tally = run_strings(given.seed, given.times, widgets=given.widgets, tell=True)
    for raw, why in list(tally.failed.items())[:40]:
        print(f"{raw!r}: {why[0]}")
    shown = ", ".join(f"{name} {count:,}" for name, count in tally.shown.items())
    print(f"shown: {shown}; {time.monotonic() - started:.0f} s")
    named = f": {', '.join(map(repr, list(tally.failed)[:40]))}" if tally.failed else ""
    print(f"{tally.tried:,} strings: {len(tally.failed)} failed{named}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
