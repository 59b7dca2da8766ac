"""The numbers that runs are made with, and the codes in them: what all files of a run and its readers share."""

from __future__ import annotations

from typing import Final

FORMAT_VERSION: Final = 2
"""2: positions by domain, and the lookup of triggers. Runs of version 1 are to be extracted again."""

STORED_TRIGGERS = 50
STORED_EFFECTS = 50
STORED_CONTEXTS = 20
CONTEXT_BEFORE = 40
CONTEXT_AFTER = 23
"""A context's mask has 64 bits: the positions from 40 before the sampled one to 23 after it."""

ORDERS = (1, 2, 3)
"""The n of the n-grams counted."""

TYPES = (None, "oscillatory", "both", "one", "other")
STRENGTHS = (None, "weak", "strong")
"""Positional types and strengths, by the code that stands for them in `position/type` and `position/strength`."""

BINS = 8
"""Bins of each histogram of `covering` [Fig. 2, 12, 13]."""

ENOUGH_SEQUENCES = 30
"""Fewer full-length sequences give a neuron no positional type (ours)."""

LOOKUP_PAGE = 1024
"""Entries of a lookup between two entries of its table of pages."""

LOOKUP_CHUNK = 4096
"""Entries of a lookup that are packed together, so that reading one reads them all."""

COLUMN_CHUNK = 1024
"""Entries of a column that share a chunk: few, so that reading one neuron reads little beside it."""

ACTIVATIONS_CHUNK = 1 << 15
"""Positions of `activations` that share a chunk."""

MAX_DIMENSION = 1 << 40
