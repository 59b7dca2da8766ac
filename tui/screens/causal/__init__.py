"""What silencing neurons did: the causal table of a run, and measuring it."""
