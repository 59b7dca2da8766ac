"""Train and extract the models behind docs/findings.md, and write its tables and charts.

    python -m benchmarks.studies commands            # what `train` and `extract` run, to run it elsewhere
    python -m benchmarks.studies train moments       # one study's trainings; without a name all of them
    python -m benchmarks.studies extract moments
    python -m benchmarks.studies tables              # writes into docs/findings.md and docs/findings/

Run it in the root of a checkout. What is finished is not done again, so that all three can be interrupted. Models and
runs lie in build/studies unless --models and --runs-dir say otherwise. All of it takes some hours of one core.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.findings_page import write_findings
from benchmarks.trainings import BUILT_IN, EXTRACTED_ALIKE, STUDIES, TRAININGS, chosen

ROOT = Path(__file__).parents[1]


def train(models: Path, names: Sequence[str]) -> None:
    """Train what is not trained yet: a directory holds its model only once the training is complete."""
    for one in chosen(names):
        if not (models / one.name / "model.safetensors").exists():
            _run([*one.command(models), "--overwrite"])


def extractions(models: Path, runs: Path, names: Sequence[str]) -> Iterator[list[str]]:
    """The words of every `neuron-tui extract` of some studies or trainings; of all without any."""
    for one in chosen(names):
        yield from (extraction.command(models, runs) for extraction in one.extractions())
    if not names or "paper" in names:
        yield ["neuron-tui", "extract", BUILT_IN, *EXTRACTED_ALIKE, "--name", BUILT_IN, "--runs-dir", str(runs)]


def extract(models: Path, runs: Path, names: Sequence[str]) -> None:
    """Extract what is not extracted yet; the program itself finds what is there."""
    for command in extractions(models, runs, names):
        _run(command)


def _run(command: list[str]) -> None:
    print("$", shlex.join(command), file=sys.stderr, flush=True)
    subprocess.run(command, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("commands", "train", "extract", "tables"))
    known = [*STUDIES, *(one.name for one in TRAININGS)]
    parser.add_argument("names", nargs="*", metavar="STUDY|TRAINING", help=", ".join(known))
    parser.add_argument("--models", type=Path, default=Path("build/studies/models"))
    parser.add_argument("--runs-dir", type=Path, default=Path("build/studies/runs"))
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "findings.md")
    return parser


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line asks."""
    parser = _parser()
    options = parser.parse_args(words)
    known = {*STUDIES, *(one.name for one in TRAININGS)}
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"there is no study or training {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    match options.action:
        case "commands":
            for one in chosen(options.names):
                print(shlex.join(one.command(options.models)))
            for command in extractions(options.models, options.runs_dir, options.names):
                print(shlex.join(command))
        case "train":
            train(options.models, options.names)
        case "extract":
            extract(options.models, options.runs_dir, options.names)
        case "tables":
            write_findings(options.models, options.runs_dir, options.page)


if __name__ == "__main__":
    main()
