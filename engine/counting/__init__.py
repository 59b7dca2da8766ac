"""From active bits to what is known of each neuron."""
