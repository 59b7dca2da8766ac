"""The list of runs, what is said of one, and jobs."""
