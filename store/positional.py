"""The old place of `neuron_tui.store.classify` and `mutual_information`; it goes with the next release."""

from neuron_tui.store.measures.positional import classify, mutual_information

__all__ = ["classify", "mutual_information"]
