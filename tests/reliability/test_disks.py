"""A few trials of the campaigns on disks; at full size they are programs."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_killed_or_fails_at_any_step_is_done_again_as_if_nothing_had_happened() -> None:
    command = (sys.executable, "-m", "tests.reliability.every", "--kills", "50", "--faults", "24", "--pairs", "3")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        *("50 kills: 0 failed", "24 faults: 0 failed", "3 pairs: 0 failed"),
        "2 times with a clock that goes back: 0 failed",
    ]
