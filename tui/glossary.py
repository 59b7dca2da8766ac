"""What the words mean: one glossary for the app and the reports, by the thresholds that a run was counted with."""

from __future__ import annotations

from dataclasses import dataclass

from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES
from neuron_tui.store.measures.intervals import CONFIDENCE
from neuron_tui.store.measures.threshold_wording import coverage_text, detector_text, number_text
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.rule import RULES, VALUE, Rule
from neuron_tui.tui.reports.neuron_text import OWN_TRIGGER, SUPPRESSES, TYPE_MEANINGS

Entry = tuple[str, str]
"""A word and what it means, in one or two sentences."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """Words of the app, in the order of reading; `signs` are characters and column titles."""

    words: tuple[Entry, ...]
    signs: tuple[Entry, ...]

    def about(self, *topics: str) -> tuple[Entry, ...]:
        """The entries for some words or labels, such as `token ▼`, in the order of the glossary."""
        parts = {part for topic in topics for part in (topic, *topic.split())}
        names = {_LABELS.get(part, part) for part in parts}
        return tuple(entry for entry in (*self.words, *self.signs) if entry[0] in names)


_ACTIVE = "the value after the activation function is above 0"

_LEAKS = dict.fromkeys(RULES, "") | dict.fromkeys(("pre", "poles", "gate"), " It may still write small values.")
"""What "dead" leaves open where a smooth activation function lets something through."""

_LABELS = {
    **{"token": "token detector", "bigram": "bigram, trigram detector", "trigram": "bigram, trigram detector"},
    **{SUPPRESSES: "suppresses its triggers", "freq": "frequency", "cover": "covering", "what": "detector"},
    "mean": "max",
    **{"strong": "strong, weak", "weak": "strong, weak", "tok": "token detector", "pos": "positional"},
}
"""Words of the glossary for short labels and column titles."""


def glossary(thresholds: Thresholds, rule: Rule = VALUE) -> Glossary:
    """The glossary with the numbers of these thresholds, and what `rule` makes of active and dead."""
    coverage, above = coverage_text(thresholds), number_text(thresholds.positional)
    words = (
        (
            "neuron",
            "a unit between the two linear maps of a layer's feed-forward network; 3:117 is neuron 117 of layer 3.",
        ),
        (
            "active",
            f"at a token, {_ACTIVE if rule == VALUE else rule.words}. Position 0, EOS and padding do not count.",
        ),
        ("frequency", "the share of counted tokens on which the neuron is active."),
        (
            "dead",
            f"never active on any counted token of this run. More text may still wake the neuron.{_LEAKS[rule.kind]}",
        ),
        ("n-gram", "one, two or three tokens in a row: a token, a bigram, a trigram."),
        ("trigger", "an n-gram at whose last token the neuron is active. Triggers are ranked by how often it is."),
        ("covering", f"how many n-grams, from the top of that ranking, hold {coverage} of the neuron's activations."),
        ("detector", f"a neuron that listens to few n-grams: {detector_text(thresholds)}."),
        ("token detector", "a detector of single tokens."),
        ("bigram, trigram detector", "a detector of two or three tokens in a row."),
        ("precision", "of the times that an n-gram occurs, the share on which the neuron is active."),
        (
            "promoted, suppressed",
            "the tokens that the neuron raises and lowers most: its update direction times their unembedding.",
        ),
        ("score", "a token detector's mean effect on its own triggers, in logits. Below 0 it suppresses them."),
        (
            "suppresses its triggers",
            "the neuron writes against the very tokens that it fires on: its mean score on them is negative.",
        ),
        ("positional", f"the neuron's activity depends on the position in the sequence: mi is above {above} nats."),
        (
            "mi",
            "mutual information of activity and position, in nats: 0 if position tells nothing, at most 0.69. "
            f"A positional type takes {ENOUGH_SEQUENCES} full-length sequences.",
        ),
        *((name, f"a positional type: {meaning}.") for name, meaning in TYPE_MEANINGS.items()),
        (
            "strong, weak",
            "a strong positional neuron is always on or off where its type says so; a weak one mostly.",
        ),
        (
            "value",
            "of a neuron at a token: what it multiplies its update direction by, of its activation function and gate.",
        ),
        ("max", "the neuron's highest value on the tokens where it is active; mean is that of all these values."),
        ("norm", "the length of the neuron's update direction: how much it writes at a value of 1."),
        (
            "cosine",
            "of what the neuron reads and what it writes: near −1 it erases what it finds, near 1 it strengthens it.",
        ),
        (
            "kurtosis",
            "excess kurtosis of the neuron's scores over the vocabulary: 0 if they spread like a bell curve, high if "
            "it writes for or against few tokens.",
        ),
        (
            "tokenfreq",
            "correlation of the neuron's scores with the logarithm of how often each token occurs: above 0 it writes "
            "for frequent tokens, below 0 for rare ones.",
        ),
        ("context", "a stretch of the corpus around a token on which the neuron is active."),
        (
            "interval",
            f"3.3–5% behind a share of neurons: at {CONFIDENCE:.0%}, if neurons were independent draws; they are not.",
        ),
    )
    signs = (
        ("·", "a space, mostly the one before a word; ↵ is a line feed, ⇥ a tab, \\x1b a byte that is no character."),
        ("\\u200d", "a character, by its number, that acts, hides, or has not the same width on every terminal."),
        (SUPPRESSES, "a token detector that suppresses its triggers."),
        (OWN_TRIGGER, "one of the neuron's own triggers among the tokens it promotes or suppresses."),
        ("▐ ▌", "stand around the tokens of a context on which the neuron is active."),
        ("● ○", "covering n-grams: on ● the neuron is active often enough for a detector's trigger, on ○ less often."),
        ("┊", "beyond it, in whole sequences, the run does not know where the neuron is active."),
        ("◆", "what you marked."),
        ("2g 3g", "bigram and trigram detectors; tok are token detectors, pos positional neurons."),
    )
    return Glossary(words, signs)
