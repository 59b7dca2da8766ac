"""What is seen of activations while they are there: bits, sums, histograms, and the contexts to keep."""
