"""The paper's claims, checked against runs: each holds, does not hold, or cannot be said."""

from neuron_tui.store.findings.paper.claim import Finding
from neuron_tui.store.findings.paper.needs import PAPERS, Enough
from neuron_tui.store.findings.paper.registry import CLAIMS, GROUP_CLAIMS, check_paper, preface
from neuron_tui.store.findings.paper.scale import SCALE_CLAIMS

__all__ = ["CLAIMS", "GROUP_CLAIMS", "PAPERS", "SCALE_CLAIMS", "Enough", "Finding", "check_paper", "preface"]
