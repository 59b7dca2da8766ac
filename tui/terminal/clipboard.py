"""Copying by OSC 52: the terminal that the person sits at takes the text, over SSH and through tmux too.

tmux hands the plain sequence on only with `set -g set-clipboard on`, and from 3.3 a wrapped one only with
`set -g allow-passthrough on` (before that, always). As it comes it does neither, but from 3.2 takes a text through
its own command and tells the terminal. Inside tmux all three are done: they say the same, and one arrives. No terminal
answers, so nobody can know whether it took the text.
"""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
from collections.abc import Mapping
from functools import partial

from textual.app import App

from neuron_tui.store.tokens import printable
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.terminal.textual_internals import OpenApp

LONGEST = 74_994
"""Characters of base64 that terminals are known to take."""


def copy(app: App[object], text: str) -> bool:
    """Copy a text; False if it is too long for terminals to take, and nothing was copied.

    Whatever could act where it is pasted, as an escape sequence in a shell would, is made visible; line feeds stay.
    """
    safe = "\n".join(map(printable, text.split("\n")))
    sequences = osc_52(safe, os.environ)
    if sequences is None:
        return False
    app.copy_to_clipboard(safe)  # the plain sequence, and the app's own clipboard for ctrl+v in its fields
    if isinstance(app, OpenApp):
        for sequence in sequences[1:]:
            app.write_sequence(sequence)
    if os.environ.get("TMUX"):
        in_thread(app, partial(_hand_to_tmux, safe), group="clipboard")
    return True


def osc_52(text: str, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The sequences that copy a text in a terminal's environment, the plain one first; None if it is too long."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(encoded) > LONGEST:
        return None
    plain = f"\x1b]52;c;{encoded}\a"
    if not environment.get("TMUX"):
        return (plain,)
    escaped = plain.replace("\x1b", "\x1b\x1b")
    return plain, f"\x1bPtmux;{escaped}\x1b\\"


def _hand_to_tmux(text: str) -> None:
    """In a thread: have tmux keep a text in a buffer and tell the terminal; an older one refuses, and that is that."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=5,
            check=False,
        )
