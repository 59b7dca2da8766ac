"""The folder of `hostile_run`, in which the run is one of the built-in model: for commands that take the model too."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from neuron_tui.store.notes.notes_file import NotesFile
from tests.reliability import hostile_run


def build_with_model(template: Path) -> None:
    """Make the folder: two layers of the built-in model, a variant, what silencing did, a note."""
    hostile_run.build_template(template)
    runs = template / "runs"
    shutil.rmtree(runs / "demo")
    text = ("--corpus", "builtin:prose", "--tokens", "4000", "--layers", "0,1", "--keep-activations", "always")
    for command in (
        ("extract", "pocket-opt", *text, "--name", "demo", "--device", "cpu"),
        ("analyze", "demo", "--name", "loose", "--precision", "0.5"),
        ("ablate", "demo", "--neuron", "0:22", "--contexts", "3"),
    ):
        words = [sys.executable, "-m", "neuron_tui.engine", *command, "--runs-dir", str(runs)]
        subprocess.run(words, check=True, capture_output=True)
    NotesFile(runs / "demo").put(0, 2, "", author="me", label="the", text="a text\nof two lines")
