"""From text and a checkpoint to counts of neuron activity, layer by layer."""
