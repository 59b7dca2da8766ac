"""The claims there are, in the order of the paper, and checking runs against them."""

from __future__ import annotations

from collections.abc import Sequence

from neuron_tui.store.findings.labelled_run import LabelledRun, notes_on
from neuron_tui.store.findings.paper.claim import Claim, Finding
from neuron_tui.store.findings.paper.covering import COVERING
from neuron_tui.store.findings.paper.detectors import DETECTORS
from neuron_tui.store.findings.paper.early_layers import EARLY_LAYERS
from neuron_tui.store.findings.paper.model import recognised
from neuron_tui.store.findings.paper.named import NAMED
from neuron_tui.store.findings.paper.needs import PAPERS, Enough, amount
from neuron_tui.store.findings.paper.positions import POSITIONS
from neuron_tui.store.findings.paper.positions_by_size import BOTH_TO_ONE, POSITIONS_BY_SIZE
from neuron_tui.store.findings.paper.scale import SCALE_CLAIMS, families
from neuron_tui.store.findings.paper.several import GroupClaim
from neuron_tui.store.findings.paper.stages import STAGES
from neuron_tui.store.findings.paper.training import OSCILLATORY_LATE
from neuron_tui.store.findings.paper.trigrams_by_size import TRIGRAM_GAP, TRIGRAM_JUMP

CLAIMS: tuple[Claim, ...] = (
    *EARLY_LAYERS,
    *COVERING,
    *STAGES,
    *DETECTORS,
    *POSITIONS,
    *POSITIONS_BY_SIZE,
    *NAMED,
)
"""Claims on a model. Those on models of several sizes are `SCALE_CLAIMS`."""

GROUP_CLAIMS: tuple[GroupClaim, ...] = (TRIGRAM_GAP, TRIGRAM_JUMP, BOTH_TO_ONE, OSCILLATORY_LATE)
"""Claims on a smaller and a larger model, named or not, and on checkpoints of one training."""


def check_paper(runs: Sequence[LabelledRun], enough: Enough = PAPERS) -> tuple[Finding, ...]:
    """What can be said of each of the paper's claims that applies to the runs' models.

    Parameters
    ----------
    runs
        The runs, each with a label of its own.
    enough
        How many tokens to take for enough; by itself what the paper took.

    Returns
    -------
    The findings run by run, in the order of `CLAIMS`; then, for each family of models of at least two sizes, those on
    how they compare; then those of `GROUP_CLAIMS`.

    Raises
    ------
    RunDamagedError
        A file of a run cannot be read.
    """
    own = [claim.check(one, enough) for one in runs for claim in CLAIMS if claim.applies(one)]
    compared = [claim.check(family, enough) for family in families(runs) for claim in SCALE_CLAIMS]
    return (*own, *compared, *(finding for claim in GROUP_CLAIMS for finding in claim.check(runs, enough)))


def preface(runs: Sequence[LabelledRun], enough: Enough = PAPERS) -> tuple[str, ...]:
    """What must be said before any finding: which models these are, how much text, whose thresholds, what differs."""
    return (*(said for one in runs for said in (recognised(one), amount(one, enough))), *notes_on(runs))
