"""The script for GPUs runs from a copy of the repository, where nothing of it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_its_parts_run_on_a_cpu_and_a_failed_one_is_told(tmp_path: Path) -> None:
    parts = ["Same integers", "Matrix rate", "OPT-66b, 2 layers"]
    command = [sys.executable, "benchmarks/gpu.py", "--device", "cpu", "--small", "--tokens", "600"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path), "--only", *parts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())["parts"]
    assert list(found) == parts
    assert not [part for part in found.values() if "Failed:" in part.get("notes", ())], done.stdout
    same = found["Same integers"]["rows"][0]
    assert (same["bits that differ"], same["stored integers that differ"]) == (0, 0)
    assert same["of bits"] > 10**6
    timed = {row["what"]: row["value"] for row in found["OPT-66b, 2 layers"]["rows"]}
    assert timed["extraction, s"] > 0 and timed["projected: 64 layers, 5M tokens, hours"] > 0
    assert "| what | value |" in (tmp_path / "gpu.md").read_text()
