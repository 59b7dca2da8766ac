"""What an extraction does on a GPU, in one command: the same integers as on the CPU, and how fast, part by part.

    python benchmarks/gpu.py --minutes 8 --output gpu-results
    python benchmarks/gpu.py --device cpu --small --output gpu-results      # tries the script where there is no GPU

It runs from a copy of the repository, installed or not, on any machine with torch, transformers, h5py, numba and the
other packages that the engine imports. Parts come in the order of their worth; one that there is no time for is left
out and said, one that fails is recorded with its traceback. `gpu.json` and `gpu.md` are written anew after each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def make_importable() -> None:
    """Let `neuron_tui` be found in this copy of the repository, here and in processes that are started from here."""
    try:
        import neuron_tui.engine  # noqa: F401 - installed
    except ImportError:
        place = Path(tempfile.mkdtemp(prefix="neuron-tui-"))
        (place / "neuron_tui").mkdir()
        for room in ("engine", "store", "tui"):
            (place / "neuron_tui" / room).symlink_to(ROOT / room)
        told = place / "neuron_tui-0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: neuron-tui\nVersion: 0\n")
        sys.path.insert(0, str(place))
        os.environ["PYTHONPATH"] = os.pathsep.join([str(place), os.environ.get("PYTHONPATH", "")])
    sys.path.insert(0, str(ROOT))


@dataclass
class Findings:
    """What was found, part by part: facts, and tables of rows by column."""

    output: Path
    facts: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self) -> None:
        """Write both files anew."""
        self.output.mkdir(parents=True, exist_ok=True)
        everything = {"machine": self.facts, "parts": self.parts}
        (self.output / "gpu.json").write_text(json.dumps(everything, indent=2))
        lines = ["# On a GPU", "", *(f"- {name}: {value}" for name, value in self.facts.items()), ""]
        for name, part in self.parts.items():
            lines += [f"## {name}", ""]
            for note in part.get("notes", ()):
                lines += [note, ""]
            if rows := part.get("rows"):
                columns = list(dict.fromkeys(column for row in rows for column in row))
                lines += ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
                lines += ["| " + " | ".join(_text(row.get(column)) for column in columns) + " |" for row in rows]
                lines.append("")
        (self.output / "gpu.md").write_text("\n".join(lines))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


Part = Callable[[argparse.Namespace, Findings], dict[str, Any]]


def run_parts(parts: dict[str, tuple[Part, float]], options: argparse.Namespace, findings: Findings) -> None:
    """Run parts, each with the minutes that it is expected to take, as far as there is time."""
    begin = time.monotonic()
    for name, (part, minutes) in parts.items():
        spent = (time.monotonic() - begin) / 60
        if spent + minutes > options.minutes:
            findings.parts[name] = {"notes": [f"Left out: {spent:.1f} of {options.minutes} minutes were spent."]}
        else:
            print(f"{name} ...", flush=True)
            options.until = begin + 60 * options.minutes
            started = time.monotonic()
            try:
                findings.parts[name] = part(options, findings)
            except Exception:
                findings.parts[name] = {"notes": ["Failed:", f"```\n{traceback.format_exc()}```"]}
                print(traceback.format_exc(), flush=True)
            findings.parts[name]["seconds"] = round(time.monotonic() - started, 1)
        findings.write()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--tokens", type=int, default=1 << 20)
    parser.add_argument("--output", type=Path, default=Path("gpu-results"))
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--small", action="store_true", help="Tiny models and texts, to try the script.")
    parser.add_argument("--only", nargs="*", help="Names of parts.")
    options = parser.parse_args()
    make_importable()
    import torch
    import transformers

    from benchmarks.gpu_parts import PARTS
    from neuron_tui.engine.buffers import keep_freed_memory

    keep_freed_memory()
    findings = Findings(options.output)
    on_gpu = options.device.startswith("cuda")
    findings.facts = {
        "card": torch.cuda.get_device_name(options.device) if on_gpu else "none: the CPU stands in for it",
        "processors": os.cpu_count(),
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "CUDA": torch.version.cuda,
        "transformers": transformers.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }
    chosen = {name: part for name, part in PARTS.items() if not options.only or name in options.only}
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        options.folder = Path(folder)
        run_parts(chosen, options, findings)
    print((options.output / "gpu.md").read_text())


if __name__ == "__main__":
    main()
