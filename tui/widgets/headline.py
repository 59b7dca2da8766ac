"""The line at the top: which run, model and text, how many neurons; or the extraction that is writing it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from neuron_tui.store.measures.threshold_wording import differences
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.runs.job import JobStatus
from neuron_tui.store.runs.rule import VALUE
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, short_count
from neuron_tui.tui.drawing.spans import Line, fit, fit_line
from neuron_tui.tui.widgets.painting import OneLine
from neuron_tui.tui.widgets.runs.job_line import job_line

_KEY = {True: "P goes on", False: "P pauses"}
"""What the key for the job does, by whether the job is paused."""


class Headline(OneLine):
    """` demo · pocket-opt · 1.2M tokens: prose 600k, code 500k        6 layers × 512 neurons`.

    Of a variant it says after the name which thresholds are not the paper's: ` demo@loose · coverage 90% · …`.
    """

    def __init__(self, text: str) -> None:
        super().__init__(classes="headline")
        self._left = printable(text)
        self._right = ""
        self._run_name = ""
        self._job: JobStatus | None = None
        self._damaged: tuple[str, ...] = ()

    def mark_damaged(self, files: Iterable[str]) -> None:
        """Have it say which files of the run are not as they were written, as long as there are any."""
        self._damaged = tuple(files)
        self.refresh()

    def show(self, opened: OpenedRun) -> None:
        """Show a run."""
        manifest = opened.run.manifest
        domains = manifest.corpus.domains if manifest.corpus else ()
        corpus = ", ".join(f"{printable(d.name)} {short_count(d.tokens)}" for d in domains)
        self._run_name = opened.run.name
        thresholds = ", ".join(differences(manifest.thresholds))
        rule = f"active: {manifest.rule}" if manifest.rule != VALUE else ""
        parts = (printable(opened.run.name), rule, thresholds, printable(manifest.model.name))
        self._left = " · ".join([*filter(None, parts), f"{short_count(manifest.tokens)} tokens: {corpus}"])
        done, model = len(opened.run.layers), manifest.model
        layers = count_noun(done, "layer") if done == model.layers else f"{done} of {count_noun(model.layers, 'layer')}"
        state = "" if opened.state == "complete" else f"{opened.state} · "
        poles = ", 2 poles" if manifest.rule.poles > 1 else ""
        self._right = f"{state}{layers} × {count_noun(model.neurons, 'neuron')}{poles}"
        self.refresh()

    def follow(self, job: JobStatus | None) -> None:
        """Show the job that is writing the run; None shows the run again."""
        if job != self._job:
            self._job = job
            self.refresh()

    def line(self, width: int) -> Line:
        """The job, or the run at the left and its size at the right."""
        if self._job is not None:
            key = _KEY[self._job.condition == "paused"]
            room = width - len(key) - 4
            return ((" ", ""), *fit_line(job_line(self._job, self._run_name, room), room), ("  ", ""), (key, "mark"))
        if self._damaged:
            return self._damage(width)
        room = width - cell_len(self._right) - 4
        if room < 20:
            return ((f" {self._left}", "strong"),)
        return ((f" {fit(self._left, room)}  ", "strong"), (self._right, ""))

    def _damage(self, width: int) -> Line:
        more = f" and {len(self._damaged) - 1} more" if len(self._damaged) > 1 else ""
        said = f"damaged: {printable(self._damaged[0])}{more}"
        key = "E mends"
        room = width - cell_len(said) - len(key) - 7
        name = fit(printable(self._run_name), max(4, room))
        return fit_line(((f" {name}  ", "strong"), (said, "bad"), ("  ", ""), (key, "mark")), width)
