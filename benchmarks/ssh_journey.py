"""The whole way over real SSH: start an extraction in the app inside tmux, lose the connection, come back, go on.

    python benchmarks/ssh_journey.py [--size 120x36] [--keys 200]

Needs sshd, ssh and tmux on this machine, and root or a user who may log in to it. An sshd of its own with keys of its
own listens on a free port; nothing of the machine's own SSH is touched. The outcome is printed as Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import select
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte

PATIENCE = 180.0
"""Seconds after which what is waited for is taken never to come."""

QUIET = 0.25
"""Seconds without a byte after which the answer to a key is taken to be complete."""


class Connection:
    """An SSH connection with a terminal of its own, read back by an emulator; counts the bytes that come."""

    def __init__(self, ssh: list[str], command: str, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        variables = os.environ | {"TERM": "xterm-256color"}
        self.child = pexpect.spawn(ssh[0], [*ssh[1:], command], dimensions=(rows, columns), env=variables)
        self.received = 0

    def text(self) -> str:
        """What is on the screen."""
        # Not pyte's `display`: it fails where a wide character is half overwritten, as between two reads it may be.
        screen = self._screen
        rows = ("".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines))
        return "\n".join(rows)

    def read(self, seconds: float) -> bool:
        """Take in what comes within some time; says whether anything did."""
        if not select.select([self.child.child_fd], [], [], seconds)[0]:
            return False
        data = os.read(self.child.child_fd, 1 << 16)
        self.received += len(data)
        self._stream.feed(data)
        return bool(data)

    def wait_for(self, condition: str | Callable[[str], bool]) -> None:
        """Read until the screen shows a text or meets a condition."""
        met = condition if callable(condition) else lambda screen: condition in screen
        deadline = time.monotonic() + PATIENCE
        while not met(self.text()):
            if time.monotonic() > deadline:
                raise SystemExit(f"never came: {condition}\n{self.text()}")
            self.read(0.5)

    def press(self, keys: str) -> int:
        """Press keys and read until nothing more comes; gives the bytes that came."""
        while self.read(QUIET):
            pass
        before = self.received
        self.child.send(keys)
        while self.read(QUIET):
            pass
        return self.received - before

    def cut(self) -> None:
        """Lose the connection: the client goes without a word."""
        self.child.kill(signal.SIGKILL)
        self.child.close(force=True)


@contextlib.contextmanager
def ssh_server(folder: Path, variables: dict[str, str]) -> Iterator[list[str]]:
    """An sshd for this journey alone; gives the client's command line up to the remote command."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'authorized'}",
        f"PidFile {folder / 'pid'}",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "SetEnv " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items()),
    ]
    (folder / "sshd_config").write_text("\n".join(lines) + "\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    daemon = shutil.which("sshd") or "/usr/sbin/sshd"
    server = subprocess.Popen([daemon, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise SystemExit("sshd does not answer")
        options = ["UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR"]
        yield [
            *("ssh", "-tt", "-i", str(folder / "user"), "-p", str(port)),
            *(part for option in options for part in ("-o", option)),
            f"{getpass.getuser()}@127.0.0.1",
        ]
    finally:
        server.terminate()
        server.wait()


def progress(runs: Path) -> tuple[int, str | None, int]:
    """How far the job is: layers finished, stage, units of it."""
    with contextlib.suppress(OSError, ValueError):
        job = json.loads((runs / "demo" / "job.json").read_text())
        return job["place"], job["stage"], job["done"]
    return -1, None, 0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something outside the terminal."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"never came: {what}")
        time.sleep(0.2)


def journey(columns: int, rows: int, keys: int) -> list[str]:
    """Go the whole way; gives the outcome as lines of Markdown."""
    said = []
    with tempfile.TemporaryDirectory(prefix="ssh-journey-") as name:
        folder, program = Path(name), str(Path(sys.executable).with_name("neuron-tui"))
        runs = folder / "runs"
        variables = {
            "NEURON_TUI_RUNS": str(runs),
            "NEURON_TUI_STATE": str(folder / "state"),
            "NEURON_TUI_CONFIG": str(folder / "config.toml"),
            "TMUX_TMPDIR": str(folder),
            "LANG": "C.UTF-8",
        }
        tmux = f"tmux -u -L journey new-session -A -s work {shlex.quote(program)}"
        with ssh_server(folder, variables) as ssh:
            try:
                here = Connection(ssh, tmux, columns, rows)
                here.wait_for("There are no runs yet")
                here.press("\r")
                wait_until(lambda: progress(runs)[1] in ("forward", "count"), "the first layer")
                here.wait_for("tok/s")
                at_cut = progress(runs)
                here.cut()
                said.append(f"- connection cut at: {at_cut[0]} layers finished, {at_cut[1]} {at_cut[2]:,}")
                wait_until(lambda: progress(runs)[0] > at_cut[0], "a layer finished while nobody looked")
                here = Connection(ssh, tmux, columns, rows)
                here.wait_for("demo")
                back = progress(runs)
                said.append(f"- connected again: the app is as it was, the job at {back[0]} layers finished")
                subprocess.run(["tmux", "-L", "journey", "kill-server"], env=os.environ | variables, check=True)
                here.cut()
                still = progress(runs)
                wait_until(lambda: progress(runs) != still or progress(runs)[1] is None, "progress without an app")
                said.append("- tmux and the app in it killed: the job goes on")
                here = Connection(ssh, tmux, columns, rows)
                here.wait_for("demo")
                here.wait_for(lambda screen: "4/4" in screen and "complete" in screen)
                said.append("- a new app finds the job and sees it complete")
                here.press("\r")
                here.wait_for("Neurons")
                here.press("i")  # the panes alone, in the order of the model: all versions walk the same neurons
                here.press("o")
                costs = sorted(here.press("j") for _ in range(keys))
                said.append(
                    f"- bytes over SSH for a key that walks to the next neuron ({keys} keys, {columns}x{rows}): "
                    f"median {statistics.median(costs):,.0f}, 95th percentile {costs[int(0.95 * len(costs))]:,}"
                )
                here.cut()
            finally:
                subprocess.run(
                    ["tmux", "-L", "journey", "kill-server"], env=os.environ | variables, stderr=subprocess.DEVNULL
                )
    return said


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--keys", type=int, default=200)
    arguments = parser.parse_args()
    columns, rows = map(int, arguments.size.split("x"))
    print("\n".join(journey(columns, rows, arguments.keys)))


if __name__ == "__main__":
    main()
