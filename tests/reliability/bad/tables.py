"""Tables that are cut, spoiled, of something else than text, or far larger than they look."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import pyarrow as pa
from pyarrow import parquet

from tests.reliability.bad.case import BUDGET, Case, text


def parquet_of(texts: Iterable[object], name: str = "text", **options: object) -> bytes:
    """A Parquet file of one column."""
    out = io.BytesIO()
    parquet.write_table(pa.table({name: list(texts)}), out, **options)
    return out.getvalue()


def _bad_utf8() -> bytes:
    out = io.BytesIO()
    array = pa.array([b"good", b"bad \xff"], pa.binary())
    parquet.write_table(pa.table({"text": array.view(pa.string())}), out)
    return out.getvalue()


def _spoiled(content: bytes, at: float, by: bytes) -> bytes:
    place = int(at * len(content))
    return content[:place] + by + content[place + len(by) :]


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


CASES = (
    Case("Parquet cut off", text("x.parquet", parquet_of(["a b"] * 99)[:-20]), "not a whole Parquet file"),
    Case("Parquet of two letters", text("x.parquet", b"PAR1PAR1"), "not a whole Parquet file"),
    Case("Parquet with a footer of 2 GB", text("x.parquet", b"PAR1" + b"\xff\xff\xff\x7fPAR1"), "not a whole Parquet"),
    Case("Parquet without its column", text("x.parquet", parquet_of(["a"], "other")), "no key `text`"),
    Case("Parquet of numbers", text("x.parquet", parquet_of([1, 2])), "holds int64, not text"),
    Case("Parquet of nulls", text("x.parquet", parquet_of([None] * 9)), "9 documents without text"),
    Case("Parquet of no rows", text("x.parquet", parquet_of(pa.array([], pa.string()))), "holds no text"),
    Case("Parquet of bytes that are no text", text("x.parquet", _bad_utf8), "not UTF-8"),
    Case(
        "Parquet of one text of 200 MB",
        text("x.parquet", lambda: parquet_of(["a b " * (50 << 20)], compression="zstd"), *BUDGET),
        "Done",
        0,
        slow=True,
        memory=2 << 30,
    ),
    *(
        Case(
            f"Parquet with 8 bytes of noise at {percent}%",
            text(
                "x.parquet",
                _spoiled(
                    parquet_of([f"text {n} of many" for n in range(999)]),
                    percent / 100,
                    b"\xf7\x13\xff\xff\xff\xff\x7f\x91",
                ),
            ),
            "x.parquet",
        )
        for percent in (5, 50, 80, 97)
    ),
    Case("CSV with NULs", text("x.csv", b"text\na\0b c d\n" * 9), "", 0),
    Case("CSV with an open quote", text("x.csv", b'text\n"a b' + b" c" * 999), "1 cut last line"),
    Case("CSV with a quote inside", text("x.csv", b'text\n"a"b c\n'), "line 2: not CSV"),
    Case("CSV without a header", text("x.csv", _csv([["a b", "c"], ["d", "e"]])), "no key `text`"),
    Case(
        "CSV of a million columns",
        text("x.csv", lambda: _csv([[f"c{n}" for n in range(10**6)], ["x"]])),
        "no key `text`",
        slow=True,
    ),
    Case("CSV of rows of all lengths", text("x.csv", b"a,text\n" + b"\n,\n1\n1,two three,3,4\n" * 9), "Done", 0),
    Case("CSV whose header is twice", text("x.csv", b"text,text\none two,three\n" * 9), "Done", 0),
)
