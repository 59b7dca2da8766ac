"""What changed of jobs between two looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neuron_tui.store.runs.job import JobStatus

_AT_WORK = ("starting", "running", "paused")


class JobEnds:
    """Notices which of the jobs that were seen at work have come to their end."""

    def __init__(self) -> None:
        self._conditions: dict[Path, str] = {}

    def ended(self, found: Mapping[Path, JobStatus | None]) -> dict[Path, JobStatus]:
        """Jobs that were at work when they were last looked at, and are at their end now; by the folder of the run."""
        ends = {}
        for path, status in found.items():
            if status is None:
                continue
            before, self._conditions[path] = self._conditions.get(path), status.condition
            if before in _AT_WORK and not status.active:
                ends[path] = status
        return ends


def moved_on(before: JobStatus | None, after: JobStatus | None) -> bool:
    """Whether a job has finished a layer or is in another condition: its run is then worth reading again."""
    if before is None or after is None:
        return before is not after
    return (before.condition, before.job.place) != (after.condition, after.job.place)
