"""A job on one line: how far it is, how fast, how long still; or how it ended."""

from __future__ import annotations

from rich.cells import cell_len as cells

from neuron_tui.store.runs.job import Job, JobStatus
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import clock, count_noun, short_count, size_text
from neuron_tui.tui.drawing.spans import Line, fit, fit_line

_GAP = "  "
_NAME = 14
"""Cells of the name that are kept while there is something else to say."""

_BAR = 8
_LONGEST_BAR = 40

_IN_LAYERS = {"forward": (0.0, 0.9), "count": (0.9, 0.1), "recount": (0.0, 1.0)}
"""Stages of a layer: what of it is done before, and what it takes itself, as shares of the layer's time."""


def share_done(job: Job) -> float | None:
    """Share of the layers that is done, between 0 and 1; None while the text is prepared and after the end."""
    if not job.layers:
        return None
    within = 0.0
    if job.total and job.stage in _IN_LAYERS and job.place < job.layers:
        before, takes = _IN_LAYERS[job.stage]
        within = before + takes * min(1.0, job.done / job.total)
    return min(1.0, (job.place + within) / job.layers)


def job_line(status: JobStatus, name: str, width: int) -> Line:
    """A job in at most `width` cells.

    `opt-1.3b  layer 7 of 24  ▇▇▇▇▇▁▁▁▁▁▁▁▁  1.21M tok/s  1:12 gone, 2:50 left  peak 21 GB, 9.1 GB on the GPU`; where
    there is less room the memory goes first, then the speed, the time gone, the bar and the time left.
    """
    job, condition = status.job, status.condition
    name, what = printable(name), job_words(status)
    long, short = _times(job, condition)
    share = _share(job, condition)
    room = _Room(width - min(cells(name), _NAME) - cells(_GAP + what))
    kept = max(0, min(cells(name), _NAME) + min(0, room.left))
    lacking = cells(name) - kept
    times = short if room.take(short) else ""
    bar = _BAR if share is not None and room.take("▁" * _BAR) else 0
    if times and cells(long) > cells(short) and room.take(long, instead_of=short):
        times = long
    rate = _rate(job, condition)
    rate = rate if room.take(rate) else ""
    memory = memory_text(job)
    memory = memory if room.take(memory, leaving=min(lacking, _NAME)) else ""
    more = min(max(0, room.left), lacking)
    bar += min(max(0, room.left - more), _LONGEST_BAR - _BAR) if bar else 0
    parts = (
        (fit(name, kept + more), "strong"),
        (what, "bad" if condition in ("failed", "died") else ""),
        (_bar(share or 0.0, bar), "bar"),
        (rate, ""),
        (times, ""),
        (memory, "dim"),
    )
    line = tuple(span for part in parts if part[0] for span in ((_GAP, ""), part))[1:]
    return fit_line(line, width)


class _Room:
    """Cells that are left, given to one text after the other."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, text: str, *, instead_of: str = "", leaving: int = 0) -> bool:
        """Take the cells of a text, with a gap before it unless it takes the place of another; False if too few."""
        needed = cells(text) - cells(instead_of) if instead_of else cells(_GAP + text)
        if not text or needed + leaving > self.left:
            return False
        self.left -= needed
        return True


def memory_text(job: Job) -> str:
    """The most memory a job has held: `peak 21 GB, 9.1 GB on the GPU`."""
    if not job.memory:
        return ""
    device = f", {size_text(job.device_memory)} on the GPU" if job.device_memory else ""
    return f"peak {size_text(job.memory)}{device}"


def where_it_is(job: Job) -> str:
    """The step under way in a few words: `layer 7 of 24`, `tokenising 1.2M tokens`."""
    if job.stage in _IN_LAYERS and job.layers:
        return f"layer {min(job.place + 1, job.layers)} of {job.layers}"
    if job.stage == "tokenise" and job.done:
        of = f" of {short_count(job.total)}" if job.total else ""
        return f"{job.doing} {short_count(job.done)}{of} tokens"
    return printable(job.doing)


def job_words(status: JobStatus) -> str:
    """What a job does, or how it ended, in a few words."""
    job, condition = status.job, status.condition
    kept = f"{job.place} of {count_noun(job.layers, 'layer')} kept" if job.layers else "no layer finished"
    match condition:
        case "starting":
            return "starting"
        case "running":
            return where_it_is(job)
        case "done":
            return f"done, {count_noun(job.layers or job.place, 'layer')}"
        case "cancelled":
            return f"cancelled, {kept}"
    return f"{condition}, {where_it_is(job)}"


def _share(job: Job, condition: str) -> float | None:
    if condition in ("done", "starting"):
        return None
    if condition in ("cancelled", "failed", "died"):  # what was not finished is lost
        return job.place / job.layers if job.layers else None
    if job.stage in ("tokenise", "sort", "embed") and condition in ("running", "paused"):
        return min(1.0, job.done / job.total) if job.total else None
    return share_done(job)


def _bar(share: float, width: int) -> str:
    full = min(width, max(int(share * width), 1 if share > 0 else 0))
    return "▇" * full + "▁" * (width - full)


def _rate(job: Job, condition: str) -> str:
    if condition != "running" or not job.rate:
        return ""
    # As wide as any, so that what stands after it does not jump.
    return f"{short_count(round(job.rate)):>5} {printable(job.unit)}/s"


def _times(job: Job, condition: str) -> tuple[str, str]:
    """The times in full, and the one that matters most."""
    gone = clock(job.elapsed)
    if condition == "done":
        return (f"in {gone}",) * 2
    if condition in ("cancelled", "failed", "died"):
        return (f"after {gone}",) * 2
    if condition == "running" and job.left is not None:
        return f"{gone} gone, {clock(job.left)} left", f"{clock(job.left)} left"
    return (f"{gone} gone",) * 2
