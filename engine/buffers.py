"""Large buffers: kept for the next step, given back where the next layer cannot use them, locked for a GPU."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

M_TRIM_THRESHOLD: Final = -1
M_MMAP_MAX: Final = -4
LARGEST_INT: Final = 2**31 - 1


def keep_freed_memory() -> None:
    """Tell glibc's allocator to keep what is freed; elsewhere, do nothing.

    By default glibc maps every buffer over 32 MiB anew and unmaps it when freed, so that each step pays for the
    kernel to clear the same pages again: a third of a small model's training time on a CPU. Peak memory stays.
    """
    mallopt = _of_libc("mallopt")
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, LARGEST_INT)


def give_back_freed_memory() -> None:
    """Give free pages back to the system, as far as glibc's allocator has any; elsewhere, do nothing.

    What lives on between two large buffers keeps the next one from their place, so that free memory would grow by about
    a weight matrix a layer; and what batches took would stay beside what effects take. Called twice a layer, the pages
    that are cleared again do not matter.
    """
    trim = _of_libc("malloc_trim")
    if trim is not None:
        trim(0)


def lock_pages(buffer: torch.Tensor) -> bool:
    """Have the pages of a tensor in host memory stay where they are, so that a GPU copies from there at full speed.

    torch's own locked memory comes in powers of two, which is too much for what takes half of the memory. Returns
    whether it worked; where it did not, copies are slower.
    """
    import torch

    if not buffer.nbytes:
        return False
    if int(_cudart().cudaHostRegister(buffer.data_ptr(), buffer.nbytes, 0)) == 0:
        return True
    with contextlib.suppress(RuntimeError):  # CUDA says what failed once more, to whoever comes next
        torch.ones(1, device="cuda").add_(1)
    return False


def unlock_pages(buffer: torch.Tensor) -> None:
    """Let the pages of a tensor go again, before its memory is given back."""
    _cudart().cudaHostUnregister(buffer.data_ptr())


def _cudart() -> Any:  # noqa: ANN401 - CUDA's own functions
    import torch

    return torch.cuda.cudart()  # type: ignore[no-untyped-call]


def _of_libc(name: str) -> Any:  # noqa: ANN401 - a function of C
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)  # musl has none
