"""Files of a run: their schema, writing them safely, reading and querying them."""

from neuron_tui.store.run import Layer, Run, open_run

__all__ = ["Layer", "Run", "open_run"]
