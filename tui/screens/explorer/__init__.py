"""One run: its layers, its neurons, and the neuron under the cursor."""
