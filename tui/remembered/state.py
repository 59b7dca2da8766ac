"""Where the app keeps what it remembers between two times it is used."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_state_path


def state_directory() -> Path:
    """The directory for it: $NEURON_TUI_STATE, or the platform's place for state."""
    if variable := os.environ.get("NEURON_TUI_STATE"):
        return Path(variable).expanduser()
    return user_state_path("neuron-tui", appauthor=False)
