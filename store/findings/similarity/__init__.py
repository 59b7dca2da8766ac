"""Neurons that are alike: by triggers, by position, by activity; within a run and across runs."""
