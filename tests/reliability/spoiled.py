"""Files of models and texts with random bytes changed, cut out or put in: read, or refused in words; never a fault.

`python -m tests.reliability.spoiled --times N [--seed S]` spoils one file a trial, of every kind that is read, and asks
for an extraction in a process of its own. Trial K of seed S is the one of the seed S + K.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch
import zstandard
from safetensors.torch import load_file

from tests.reliability.bad.case import Place
from tests.reliability.bad.tables import parquet_of
from tests.reliability.forked import Ended, command, forked, refusal_in
from tests.reliability.inputs import good_model

_SECONDS, _MEMORY = 60.0, 1 << 30
_TEXTS = [f"text {number} of many words " * (number % 7) for number in range(60)]
_LINES = "".join(json.dumps({"text": text}) + "\n" for text in _TEXTS).encode()
_ROWS = b"id,text\n" + b"".join(b'%d,"%s"\n' % (number, text.encode()) for number, text in enumerate(_TEXTS))
_CORPORA = {
    "x.txt": _LINES,
    "x.jsonl": _LINES,
    "x.jsonl.gz": gzip.compress(_LINES, mtime=0),
    "x.jsonl.zst": zstandard.compress(_LINES),
    "x.csv": _ROWS,
    "x.parquet": parquet_of(_TEXTS, row_group_size=20),
}
_OF_MODEL = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "pytorch_model.bin")


def spoiled(content: bytes, draw: random.Random, within: int) -> bytes:
    """Some bytes flipped, cut out, put in or made noise among the first `within`."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        at = draw.randrange(min(within, len(found))) if found else 0
        match draw.choice(("flip", "cut", "insert", "noise")):
            case "flip" if found:
                found[at] ^= 1 << draw.randrange(8)
            case "cut":
                del found[at : at + draw.randrange(1, 50)]
            case "insert":
                found[at:at] = draw.randbytes(draw.randrange(1, 9))
            case _:
                found[at : at + 8] = draw.randbytes(8)
    return bytes(found)


def trial(seed: int, good: Path, folder: Path) -> tuple[str, Ended]:
    """Spoil one file and ask for an extraction of it: the file, and how that ended."""
    draw = random.Random(seed)
    name = draw.choice((*_CORPORA, *_OF_MODEL))
    place = Place(folder, good)
    folder.mkdir()
    if name in _CORPORA:
        content = _CORPORA[name]
        place.text(name, spoiled(content, draw, len(content)))
        place.options += ["--layers", "0"]
    else:
        path = place.copy() / name
        if name == "pytorch_model.bin":
            held, out = load_file(path.with_name("model.safetensors")), io.BytesIO()
            torch.save(held, out)
            path.with_name("model.safetensors").unlink()
            path.write_bytes(out.getvalue())
            place.options += ["--allow-pickle"]
        content = path.read_bytes()
        path.write_bytes(spoiled(content, draw, len(content) if draw.random() < 0.5 else 3000))
    ended = forked(lambda: command(place.arguments()), _SECONDS)
    shutil.rmtree(folder)
    return name, ended


def run(times: int, seed: int) -> list[str]:
    """Try so many; returns what failed, in words."""
    torch.set_num_threads(1)
    failed: list[str] = []
    tally: dict[str, Counter[str]] = {}
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        good = good_model(Path(folder) / "good")
        assert command(Place(Path(folder), good).arguments()) == 0
        for own in range(seed, seed + times):
            name, ended = trial(own, good, Path(folder) / str(own))
            bad = ended.code not in (0, 3) or ended.memory > _MEMORY or (ended.code and len(refusal_in(ended)) > 2)
            tally.setdefault(name, Counter())["failed" if bad else "refused" if ended.code else "read"] += 1
            if bad:
                failed.append(f"seed {own}, {name}: {ended.code}, {ended.memory >> 20} MB, {ended.said[-400:]}")
                print(f"FAILED {failed[-1]}", flush=True)
    for name, counts in sorted(tally.items()):
        print(f"  {name}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}")
    print(f"{times:,} spoiled files: {len(failed)} failed (seeds {seed} on, {time.monotonic() - begin:.0f} s)")
    return failed


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    return 1 if run(asked.times, asked.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
