"""Does a neuron follow position? The engine's door to it: the numbers need no model, so they are the store's."""

from neuron_tui.store.positional import classify as classify
from neuron_tui.store.positional import mutual_information as mutual_information
