"""The neuron pane: a card with lists, a curve and contexts."""
