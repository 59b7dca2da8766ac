"""What follows from whole runs, as data: aggregates, the figures of the paper, comparisons, and its claims."""
