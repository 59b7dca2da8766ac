"""The list of runs, their jobs, and what is done to runs."""
