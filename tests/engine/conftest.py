"""One thread and no network for every test of the engine: tiny matrices gain nothing from more threads."""

from __future__ import annotations

import os

# Before torch and huggingface_hub are imported, and for the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
