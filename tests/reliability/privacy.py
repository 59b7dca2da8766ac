"""A day's commands in a home of their own: none reaches for the network, and each file they leave is where it belongs.

`python -m tests.reliability.privacy` goes through them with sockets forbidden (an audit hook in every process that is
started), with a canary in the corpus, the prompt, the labels and the notes, and prints a tally.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CANARY = "zyzzyva quagga"
"""Stands in all texts; no log may hold a word of it."""

_HOOK = """
import os, sys
def _watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        with open(os.environ["WATCHED"], "a") as report:
            report.write(f"{event} {arguments[1:]} in {' '.join(sys.orig_argv[:6])}\\n")
        raise OSError(101, "the network is forbidden here")
    if event == "open" and os.environ.get("PLANTED") and str(arguments[0]).endswith("run.json"):
        raise ValueError(f"a fault with {os.environ['PLANTED']} in its message")
sys.addaudithook(_watch)
"""

_APP = """
import asyncio, sys
from pathlib import Path
from neuron_tui.tui.app import NeuronTuiApp
async def look():
    app = NeuronTuiApp(Path(sys.argv[1]), Path(sys.argv[1]) / "own")
    async with app.run_test(size=(120, 36)) as pilot:
        for key in ("down", "m", "f", "escape", "t", "escape", "N", "escape", "q"):
            await pilot.press(key)
asyncio.run(look())
"""

_JOB = """
import sys
from pathlib import Path
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.jobs.jobs import start_job
options = ["--tokens", "4000", "--name", "job", "--device", "cpu"]
try:
    start_job(Path(sys.argv[1]), ["pocket-opt", "--corpus", sys.argv[2], *options])
except NeuronTuiError as error:
    print(error, file=sys.stderr)
"""

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("extract", "pocket-opt", "--corpus", "TEXTS", "--tokens", "4000", "--name", "own", "--device", "cpu"),
    ("runs", "--json"),
    ("info", "own", "--json"),
    ("check", "own"),
    ("prompt", "own", "--text", CANARY, "--top", "2"),
    ("ablate", "own", "--neuron", "0:1", "--contexts", "2"),
    ("find", "own", "--text", CANARY),
    ("similar", "own", "0:1"),
    ("note", "own", "0:1", "--label", CANARY, "--text", f"a note of {CANARY}"),
    ("figures", "own", "--figure", "1a", "--format", "svg", "--output", "figure.svg"),
    ("export", "own", "--where", "layer:0", "--format", "md", "--output", "report.md"),
    ("analyze", "own", "--name", "loose", "--precision", "0.9"),
    ("compare", "own", "own@loose", "--format", "html", "--output", "compared.html"),
    ("paper", "own"),
    ("extract", "some-org/some-model", "--corpus", "TEXTS", "--name", "none", "--device", "cpu"),
)
"""The last asks for a model by its id, offline: refused in words, and still without a try to connect."""

OWN = ("data/runs/", "state/", "cache/neuron-tui/", "log/", "work/figure.svg", "work/report.md", "work/compared.html")
"""Below the home: what may be written, and what the commands were asked to write."""


_OF_LIBRARIES = ("cache/neuron-tui/matplotlib/", "cache/neuron-tui/torch/")
"""What libraries make in folders that are for their owner alone."""


def environment(home: Path) -> dict[str, str]:
    """Variables under which everything lies below one folder and the network is forbidden."""
    hook = home / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_HOOK)
    own = {
        "HOME": ".",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "TMPDIR": "tmp",
    }
    variables = {name: str(home / folder) for name, folder in own.items()}
    (home / "tmp").mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_HOME", "HF_HUB_CACHE")}
    return (
        kept
        | variables
        | {
            "NEURON_TUI_RUNS": str(home / "data" / "runs"),
            "NEURON_TUI_STATE": str(home / "state"),
            "XDG_STATE_HOME": str(home / "state"),
            "PYTHONPATH": str(hook),
            "PYTHONDONTWRITEBYTECODE": "1",
            "WATCHED": str(home / "watched"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
    )


def _end_of(log: Path) -> str:
    """What the log of a job says once it has said that it failed."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if log.exists() and "fault" in (said := log.read_text()):
            return said
        time.sleep(0.1)
    return ""


def files(home: Path) -> dict[str, int]:
    """Every file and folder below, with its permissions."""
    return {str(path.relative_to(home)): path.lstat().st_mode & 0o777 for path in home.rglob("*")}


def main() -> int:
    """Go through the commands, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="there is no chance in it")
    parser.add_argument("--keep", action="store_true", help="leave the home where it is, and say where")
    arguments = parser.parse_args()
    begun, wrong, done = time.monotonic(), [], 0
    for _ in range(arguments.times):
        home = Path(tempfile.mkdtemp(prefix="home-"))
        variables = environment(home)
        (home / "texts").mkdir()
        for number in range(3):
            text = " ".join(f"the theory of {CANARY} and the {number} others of respect" for _ in range(300))
            (home / "texts" / f"{number}.txt").write_text(text)
        (home / "work").mkdir()
        before = files(home)
        program = [sys.executable, "-c", "import sys; from neuron_tui.tui.cli.main import main; sys.exit(main())"]
        for command in COMMANDS:
            words = [str(home / "texts") if word == "TEXTS" else word for word in command]
            ended = subprocess.run([*program, *words], cwd=home / "work", env=variables, capture_output=True, text=True)
            expected = 3 if command[1:2] == ("some-org/some-model",) else 0
            done += 1
            if ended.returncode != expected:
                wrong.append(f"{' '.join(command[:3])}: exit code {ended.returncode}: {ended.stderr.strip()[-300:]}")
            elif expected and "offline" not in ended.stderr.lower():
                wrong.append(f"{' '.join(command[:3])}: does not say that it is offline: {ended.stderr.strip()}")
        begin = [sys.executable, "-c", _JOB, variables["NEURON_TUI_RUNS"], str(home / "texts")]
        for planted in ([*program, "runs"], [*program, "prompt", "own", "--text", CANARY], begin):
            failing = variables | {"PLANTED": CANARY}
            said = subprocess.run(planted, cwd=home / "work", env=failing, capture_output=True, text=True).stderr
            done += 1
            if planted is begin:
                said = _end_of(home / "data" / "runs" / "job" / "job.log")
            if "a fault in neuron-tui (ValueError)" not in said:
                wrong.append(f"no fault was planted in {planted[-1]}: {said[-300:]}")
        looked = subprocess.run(
            [sys.executable, "-c", _APP, variables["NEURON_TUI_RUNS"]], env=variables, capture_output=True, text=True
        )
        done += 1
        if looked.returncode:
            wrong.append(f"the app: {looked.stderr.strip()[-300:]}")
        if (home / "watched").exists():
            wrong += (home / "watched").read_text().splitlines()
        left = {path: mode for path, mode in files(home).items() if path not in before}
        for path, mode in left.items():
            folder = (home / path).is_dir() and not (home / path).is_symlink()
            if not any(path.startswith(own) or own.startswith(f"{path}/") for own in OWN):
                wrong.append(f"written: {path}")
            elif mode & 0o077 and not path.startswith(("work/", *_OF_LIBRARIES)) and not (home / path).is_symlink():
                wrong.append(f"{path} has permissions {mode:o}")
            elif not folder and path.endswith((".log", ".log.1")):
                words = [word for word in CANARY.split() if word in (home / path).read_text(errors="replace")]
                wrong += [f"{path} holds {word!r}" for word in words]
        if arguments.keep:
            print(home)
        else:
            subprocess.run(["rm", "-rf", str(home)], check=True)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{done:,} commands without network: {len(wrong):,} failed ({time.monotonic() - begun:.0f} s)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
