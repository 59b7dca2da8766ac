"""What an extraction will take, in words."""

from __future__ import annotations

from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import number, short_count, size_text
from neuron_tui.tui.jobs.jobs import Estimated

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def about(seconds: float) -> str:
    """A duration that is only roughly known: `under 10 s`, `about 40 s`, `about 4 min`, `about 2 h 10 min`."""
    if seconds < 10:
        return "under 10 s"
    if seconds < 95:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 99.5 * _MINUTE:
        return f"about {max(2, round(seconds / _MINUTE))} min"
    if seconds < 2 * _DAY:
        hours, minutes = divmod(10 * round(seconds / (10 * _MINUTE)), 60)
        return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"
    return f"about {seconds / _DAY:.1f} days"


def estimate_paragraphs(estimated: Estimated) -> list[tuple[str, str]]:
    """Time, memory and disk; then what is counted. Paragraphs, each with its role."""
    e = estimated
    memory = f"{size_text(e.host_bytes)} here"
    if e.device_bytes:
        memory = f"{size_text(e.device_bytes)} on the GPU, {memory}"
    scratch = f", {size_text(e.scratch_bytes)} more meanwhile" if e.scratch_bytes else ""
    disk = f"{size_text(e.disk_bytes)} on disk{scratch} ({size_text(e.disk_free)} free)"
    first = f"{about(e.seconds)} on {e.device} · peak memory {memory} · {disk}"
    domains = ", ".join(
        f"{printable(name)} {short_count(tokens)} in {short_count(documents)} document{'' if documents == 1 else 's'}"
        for name, tokens, documents in e.domains
    )
    shape = f"{number(e.layers, 'layer')} × {number(e.neurons, 'neuron')}, context {e.context_length:,}, {e.dtype}"
    at_most = "at most " if e.at_most else ""
    said = [(first, "strong"), (f"{at_most}{number(e.tokens, 'token')}: {domains} · {shape}", "")]
    if e.disk_bytes + e.scratch_bytes > e.disk_free:
        said.insert(0, ("Not enough disk: free some, or take fewer tokens or layers.", "bad"))
    return said
