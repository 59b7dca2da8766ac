"""Similar neurons in words: what was asked, how alike, and what chance would give."""

from __future__ import annotations

from neuron_tui.store.findings.similarity.measure import By
from neuron_tui.store.findings.similarity.search import Baseline, Found
from neuron_tui.store.neurons.places import place_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.wording import GRAM_NAMES, count_noun

MEASURE_WORDS: dict[By, str] = {
    "triggers": "on the same n-grams",
    "update": "writing in the same direction",
    "position": "at the same positions",
    "activity": "at the same places of the text",
}
"""What two neurons have in common that a measure finds alike."""


def measure_text(by: By, n: int) -> str:
    """A measure as titles name it: `triggers (tokens)`, `position`."""
    return f"triggers ({GRAM_NAMES[n]}s)" if by == "triggers" else by


def heading(found: Found, source: Run, target: Run, n: int) -> str:
    """What was asked, in a line."""
    place = place_text(source.manifest.rule, found.of)
    of = f"{place} of {found.source}" + ("" if source is target else f", in {found.target}")
    return f"most similar by {measure_text(found.by, n)} to {of}: {count_noun(found.compared, 'neuron')} compared"


def similarity_text(similarity: float) -> str:
    """A similarity, to three decimals."""
    return f"{similarity:.3f}".replace("-", "−")


def p_text(baseline: Baseline | None, similarity: float) -> str:
    """The chance of a best match as similar, to three decimals; `≤` where no permutation reached it."""
    if baseline is None:
        return ""
    p = baseline.p(similarity)
    least = 1 / (1 + len(baseline.best))
    return f"{'≤' if p == least else ''}{p:.3f}"


def chance_words(baseline: Baseline) -> str:
    """What the best match would be by chance, in a sentence."""
    rows = "" if baseline.rows == baseline.of else f", from {baseline.rows:,} of {baseline.of:,} rows"
    return (
        f"By chance the best would be {similarity_text(baseline.mean)}, "
        f"and at least {similarity_text(baseline.quantile)} in 5% of cases "
        f"({count_noun(len(baseline.best), 'permutation')}{rows})."
    )
