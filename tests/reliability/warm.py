"""One thread and no network, before anything is loaded: what is forked must not wait for threads that it lacks."""

import os


def alone() -> None:
    """Settle it for this process and those forked from it."""
    import torch

    torch.set_num_threads(1)


os.environ |= {
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
