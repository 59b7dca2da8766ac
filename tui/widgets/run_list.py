"""The list of runs, and what is to say of one of them."""

from __future__ import annotations

from neuron_tui.store.catalog import RunSummary
from neuron_tui.store.tokens import printable
from neuron_tui.store.words import number, short_count
from neuron_tui.tui.spans import BLANK, Line, fit, fit_end, wrap
from neuron_tui.tui.widgets.painting import LineView
from neuron_tui.tui.widgets.rows import RowList


def size_text(size: int) -> str:
    """Bytes as people read them: `34 MB`."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def corpus_text(summary: RunSummary) -> str:
    """Domains of a run with their tokens."""
    if summary.manifest is None or summary.manifest.corpus is None:
        return "–"
    return ", ".join(f"{printable(d.name)} {short_count(d.tokens)}" for d in summary.manifest.corpus.domains)


class RunList(RowList):
    """One run a row."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.runs: list[RunSummary] = []

    @property
    def selected(self) -> RunSummary | None:
        """The run under the cursor."""
        return self.runs[self.cursor] if self.runs else None

    def show(self, runs: list[RunSummary]) -> None:
        """Show runs; the cursor stays on the run it is on."""
        before = self.selected
        self.runs = runs
        names = [run.path for run in runs]
        cursor = names.index(before.path) if before and before.path in names else self.cursor
        self.set_rows(len(runs), cursor)

    def header_line(self, width: int) -> Line:
        """Titles."""
        return ((self._cells(("name", "state", "layers", "tokens", "size", "model", "corpus"), width - 1), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A run."""
        run = self.runs[row]
        manifest = run.manifest
        if manifest is None:
            cells = (printable(run.name), run.state, "–", "–", size_text(run.size), "–", "–")
        else:
            layers = f"{len(manifest.layers)}/{len(manifest.options.layers)}"
            tokens = short_count(manifest.tokens) if manifest.corpus else "–"
            model = printable(manifest.model.name)
            cells = (printable(run.name), run.state, layers, tokens, size_text(run.size), model, corpus_text(run))
        text = self._cells(cells, width)[1:]
        return ((text, "bad" if run.state == "damaged" else ""),)

    def _cells(self, cells: tuple[str, ...], width: int) -> str:
        name, state, layers, tokens, size, model, corpus = cells
        spare = max(0, width - 42)
        name_width = max(12, spare * 3 // 10)
        model_width = max(8, spare * 3 // 10)
        corpus_width = max(0, spare - name_width - model_width)
        model = fit_end(model, model_width).strip().ljust(model_width) if len(model) > model_width else model
        return "  ".join(
            (
                "  " + fit(name, name_width),
                fit(state, 9),
                fit(layers, 6, "right"),
                fit(tokens, 6, "right"),
                fit(size, 7, "right"),
                fit(model, model_width),
                fit(corpus, corpus_width),
            )
        )


class Details(LineView):
    """What is to say of the run under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._said: tuple[tuple[str, str], ...] = ()
        self._lines: list[Line] = []

    def say(self, *paragraphs: tuple[str, str]) -> None:
        """Show paragraphs: a text and its role each."""
        self._said = paragraphs
        self._wrap()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._wrap()

    def _wrap(self) -> None:
        width = self.inner_width
        self._lines = []
        for text, role in self._said:
            self._lines += [((line, role),) for line in wrap(text, max(10, width))] or [BLANK]
        self.set_line_count(len(self._lines))

    def line_at(self, index: int, width: int) -> Line:
        """A line."""
        return self._lines[index] if index < len(self._lines) else BLANK


NOTHING = (
    ("There are no runs yet.", "strong"),
    ("", ""),
    ("See the tool at work on its own small model:", ""),
    ("    neuron-tui demo", "strong"),
    ("or extract the neurons of a model of yours:", ""),
    ("    neuron-tui extract MODEL --corpus TEXT --name NAME", "strong"),
    ("Then press r here to read the list again.", "dim"),
)
"""What to say where there are no runs: paragraphs, each with its role."""


def describe_run(run: RunSummary) -> list[tuple[str, str]]:
    """What to say of a run: paragraphs, each with its role."""
    says = [(f"{printable(run.name)}: {_state_sentence(run)}", "bad" if run.state == "damaged" else "strong")]
    if run.manifest is not None:
        model = run.manifest.model
        size = f"{number(model.layers, 'layer')} × {number(model.neurons, 'neuron')}"
        length = f"context length {run.manifest.options.context_length:,}"
        says.append((f"{printable(model.name)}: {size}, {length}. Made {printable(run.manifest.created)}.", ""))
        says.append((f"Corpus: {corpus_text(run)}.", ""))
    return [*says, (printable(str(run.path)), "dim")]


def _state_sentence(run: RunSummary) -> str:
    match run.state:
        case "complete":
            return "complete."
        case "damaged":
            return f"damaged. {printable((run.problem or '').rstrip('.'))}."
        case "running":
            return "an extraction is writing it now; its finished layers can be opened."
    done = len(run.manifest.layers) if run.manifest else 0
    wanted = len(run.manifest.options.layers) if run.manifest else 0
    rest = "The same extract command goes on with the rest."
    return f"partial, {done} of {number(wanted, 'layer')} done. {rest}"
