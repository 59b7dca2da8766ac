"""What is to say of the run under the cursor: what it is, what its job does, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.job import Job
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, short_count
from neuron_tui.tui.browsing.run_order import created_text, domains, layers_done, own_thresholds, state_of
from neuron_tui.tui.drawing.spans import BLANK, Line, Span, message, wrap
from neuron_tui.tui.widgets.painting import LineView
from neuron_tui.tui.widgets.runs.job_line import job_line

_LOG_AT_LEAST = 3
"""Lines of a log that are shown however little room there is."""

_SILENT = 20
"""Seconds after which it is worth saying that a job is silent."""

NOTHING: tuple[Span, ...] = (
    ("There are no runs yet.", "strong"),
    ("", ""),
    ("enter  makes the demo: a small trained model on text of this machine", ""),
    ("n      extracts the neurons of a model of yours", ""),
    ("", ""),
    ("From a shell: neuron-tui demo", "dim"),
    ("or: neuron-tui extract MODEL --corpus TEXT --name NAME", "dim"),
)
"""What to say where there are no runs: paragraphs, each with its role."""


class Details(LineView):
    """Paragraphs and a job's line, wrapped to the width there is."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._run: RunSummary | None = None
        self._says: tuple[Span, ...] = ()
        self._log: tuple[str, ...] = ()
        self._now = 0.0
        self._lines: list[Line] = []

    def show(self, run: RunSummary, log: Sequence[str], now: float) -> None:
        """Show a run with the last lines of its job's log; `now` is in seconds of the epoch."""
        if self._run is None or self._run.path != run.path:
            self.scroll_to(y=0, animate=False)
        self._run, self._log, self._now = run, tuple(log), now
        self._wrap()

    def show_text(self, *paragraphs: Span) -> None:
        """Show paragraphs in the place of a run."""
        self._run, self._says = None, paragraphs
        self._wrap()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._wrap()

    def _wrap(self) -> None:
        width = max(10, self.inner_width)
        if self._run is None:
            self._lines = _wrapped(self._says, width)
        else:
            self._lines = describe_run(self._run, self._log, self._now, width, self.size.height)
        self.set_line_count(len(self._lines))

    def line_at(self, index: int, width: int) -> Line:
        """A line."""
        return self._lines[index] if index < len(self._lines) else BLANK


def describe_run(run: RunSummary, log: Sequence[str], now: float, width: int, height: int) -> list[Line]:
    """What to say of a run in lines of `width` cells; `now` is in seconds of the epoch.

    Of the log only the end is shown, as much as there is room for in `height` lines.
    """
    state = state_of(run)
    bad = state in ("damaged", "failed", "died")
    lines = _wrapped([(f"{printable(run.name)}: {_state_sentence(run, state)}", "bad" if bad else "strong")], width)
    if state == "damaged":
        again = "extract" if run.variant_of is None else "count"
        usual = f"E mends it, v verifies all of it; else restore the file, or {again} again."
        advice = (run.problem or "").split("\n")[1:] or [usual]
        lines += _wrapped([(printable(line), "") for line in advice], width)
    if run.job is not None and state not in ("damaged", "partial"):
        lines.append(job_line(run.job, run.name, width))
    if run.job is not None and state in ("failed", "died"):
        lines += _wrapped([(message(run.job.job.problem), "")], width) if run.job.job.problem else []
        lines += _end_of(log, width, height - len(lines) - 1)
    if run.job is not None and state == "running" and (silent := _silence(run.job.job, now)) > _SILENT:
        lines += _wrapped([(f"It has told nothing for {count_noun(silent, 'second')}.", "bad")], width)
    return [*lines, *_wrapped(_what_it_is(run), width)]


def _silence(job: Job, now: float) -> int:
    """Seconds since a job last told of itself; 0 before it ever did."""
    return int(now - job.heartbeat) if job.heartbeat else 0


def _state_sentence(run: RunSummary, state: str) -> str:
    done, wanted = layers_done(run)
    there = f"{done} of {count_noun(wanted, 'layer')} done" if wanted else "no layer done yet"
    opens = " enter opens what is there." if run.manifest is not None and run.manifest.layers else ""
    match state:
        case "complete":
            return "complete."
        case "damaged":
            return f"damaged. {printable((run.problem or 'a file cannot be read').splitlines()[0].rstrip('.'))}."
        case "starting":
            return "starting."
        case "running":
            return f"running, {there}.{opens}"
        case "paused":
            return f"paused, {there}. p lets it go on.{opens}"
        case "failed":
            return f"failed, {there}. e resumes it, L shows its log."
        case "died":
            return f"died, {there}: its process is gone and never said why. e resumes it, L shows its log."
        case "cancelled":
            return f"cancelled, {there}. e goes on with the rest."
    return f"partial, {there}. e goes on with the rest."


def _end_of(log: Sequence[str], width: int, height: int) -> list[Line]:
    lines = _wrapped([(printable(line), "dim") for line in log], width)[-max(_LOG_AT_LEAST, height) :]
    return [(("The end of its log:", ""),), *lines] if lines else []


def _what_it_is(run: RunSummary) -> list[Span]:
    says: list[Span] = []
    if run.manifest is not None:
        model = run.manifest.model
        size = f"{count_noun(model.layers, 'layer')} × {count_noun(model.neurons, 'neuron')}"
        length = f"context length {run.manifest.options.context_length:,}"
        says.append((f"{printable(model.name)}: {size}, {length}. Begun {printable(created_text(run))} UTC.", ""))
        parts = ", ".join(f"{printable(name)} {short_count(tokens)}" for name, tokens in domains(run))
        says.append((f"Corpus: {parts or 'not tokenised yet'}.", ""))
    if thresholds := own_thresholds(run):
        says.insert(0, (f"Counted with {', '.join(thresholds)}.", ""))
    return [*says, (printable(str(run.path)), "dim")]


def _wrapped(paragraphs: Sequence[Span], width: int) -> list[Line]:
    return [
        ((line, role),)
        for text, role in paragraphs
        for whole in text.split("\n")
        for line in wrap(whole, width) or [""]
    ]
