"""Several processes that extract one run: each takes a part of the corpus forward, and counts a part of the neurons."""
