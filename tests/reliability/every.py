"""A few trials of every campaign on disks, from one process: loading what they need takes longest.

python -m tests.reliability.every --kills N --faults N --pairs N [--seed S]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.reliability import circumstances, faults, kills, together, warm
from tests.reliability.operations import Materials

_FAULTY = ("delete a job", "unpack", "note")


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    for name in ("kills", "faults", "pairs"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        made = Materials(folder / "materials")
        outcome = kills.campaign(made, folder / "kills", asked.kills, asked.seed, weights=kills.LIGHT)
        counts, failed = faults.campaign(made, folder / "faults", asked.faults, asked.seed, _FAULTY)
        pairs, apart = together.campaign(made, folder / "together", asked.pairs, asked.seed)
        back, wrong = circumstances.campaign(made, folder / "clock", 1, asked.seed, ("clock",), ("note", "unpack"))
    print(f"{outcome.kills.total():,} kills: {len(outcome.failed)} failed")
    print(f"{counts.total():,} faults: {len(failed)} failed")
    print(f"{pairs.total():,} pairs: {len(apart)} failed")
    print(f"{back.total():,} times with a clock that goes back: {len(wrong)} failed")
    return 1 if outcome.failed or failed or apart or wrong else 0


if __name__ == "__main__":
    warm.alone()
    sys.exit(main())
