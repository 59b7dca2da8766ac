"""No code of a checkpoint, a dataset or a file runs, and nobody is told that somebody works: read from the sources."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEVER = {"pickle.load", "pickle.loads", "marshal.loads", "eval", "exec", "joblib.load", "dill.load", "os.system"}
WORDS = ("trust_remote_code", "from_pretrained", ".load", "eval(", "exec(", ".system")


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    return tuple(_calls())


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return f"{_name(function.value)}.{function.attr}"
    return getattr(function, "id", "")


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for room in ("store", "engine", "tui"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if not any(word in text for word in WORDS):
                continue  # reading all of them as code takes seconds
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call):
                    yield _name(node.func), node


def said(call: ast.Call, name: str) -> object:
    return next((ast.literal_eval(word.value) for word in call.keywords if word.arg == name), None)


def test_remote_code_is_never_trusted() -> None:
    given = [said(call, "trust_remote_code") for _, call in calls()]
    assert set(given) == {None, False}
    loading = [call for name, call in calls() if name.endswith("from_pretrained")]
    assert loading and all(said(call, "trust_remote_code") is False for call in loading)
    assert all(said(call, "local_files_only") is True for call in loading)


def test_pickles_are_loaded_as_weights_only_or_not_at_all() -> None:
    loading = [call for name, call in calls() if name == "torch.load"]
    assert loading and all(said(call, "weights_only") is True for call in loading)
    arrays = [call for name, call in calls() if name == "np.load"]
    assert all(said(call, "allow_pickle") is False for call in arrays)
    assert not NEVER & {name for name, _ in calls()}


def test_the_engine_tells_libraries_not_to_tell_anybody() -> None:
    code = (
        "import os, sys; sys.argv = ['neuron-tui', 'extract', '--help']\n"
        "from neuron_tui.engine.command import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(os.environ['HF_HUB_DISABLE_TELEMETRY'], os.environ['DO_NOT_TRACK'])"
    )
    left = {
        name: value for name, value in os.environ.items() if name not in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=left)
    assert done.stdout.splitlines()[-1] == "1 1"
