"""Weights of a checkpoint by name, each read from disk when it is asked for."""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from neuron_tui.engine.model.locate import CheckpointFiles
from neuron_tui.store.errors import CheckpointError

_ENDS = 1 << 20

_FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
_BY_NAME = {
    **{"F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"},
    **{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "BOOL": "bool", "C64": "complex64"},
    **{f"{kind[0].upper()}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
}
"""What safetensors calls torch's dtypes."""


class Weights:
    """The tensors of a checkpoint, found by name in whichever shard holds them.

    Nothing but headers is read on opening. Pickled shards are memory-mapped and loaded as weights only.
    """

    def __init__(self, files: CheckpointFiles) -> None:
        """Open all shards; raises CheckpointError for a file that is cut short or holds more than weights."""
        self._name = files.name
        self._tensors: dict[str, Path | torch.Tensor] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._dtypes: dict[str, str] = {}
        for path in files.weights:
            if not os.access(path, os.R_OK):
                raise CheckpointError(f"model {files.name}: no permission to read {path.name}\nChange its permissions.")
            if files.pickled:
                loaded = _unpickle(files.name, path)
                self._add(path, loaded)
                self._shapes |= {name: tuple(tensor.shape) for name, tensor in loaded.items()}
                self._dtypes |= {name: _word(tensor.dtype) for name, tensor in loaded.items()}
            else:
                header = _header(files.name, path)
                self._add(path, dict.fromkeys(header, path))
                self._shapes |= {name: shape for name, (shape, _) in header.items()}
                self._dtypes |= {name: dtype for name, (_, dtype) in header.items()}

    def _add(self, path: Path, tensors: Mapping[str, Path | torch.Tensor]) -> None:
        if twice := self._tensors.keys() & tensors.keys():
            raise CheckpointError(
                f"model {self._name}: the weight {min(twice)} is in two files, of which {path.name} is one\n"
                "Which of them counts cannot be told: fetch the checkpoint again."
            )
        self._tensors |= tensors

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def names(self) -> Iterable[str]:
        """Names of all tensors."""
        return self._tensors.keys()

    def expect(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise CheckpointError unless the tensor is there with that shape, as plain floating-point numbers."""
        if name not in self._tensors:
            raise CheckpointError(f"model {self._name}: the weight {name} is missing\nFetch the checkpoint again.")
        if self._shapes[name] != shape:
            raise CheckpointError(
                f"model {self._name}: the weight {name} has the shape {self._shapes[name]}, "
                f"its config.json says {shape}\nConfig and weights do not belong together: fetch both again."
            )
        self._require_floats(name, self._dtypes[name])

    def _require_floats(self, name: str, dtype: str) -> None:
        if dtype not in map(_word, _FLOATS):
            raise CheckpointError(
                f"model {self._name}: the weight {name} is of {dtype}, and what it stands for cannot be told\n"
                "Name the checkpoint that it was quantised from, or save it with weights of floating point."
            )

    def held(self, names: Iterable[str]) -> dict[str, torch.Tensor]:
        """Tensors as the checkpoint has them, by name, in host memory; raises CheckpointError if one cannot be read.

        Each shard is opened once, and not for longer: what of an open one was read counts as the process's memory.
        """
        found: dict[str, torch.Tensor] = {}
        with ExitStack() as closing:
            opened: dict[Path, Any] = {}
            for name in names:
                there = self._tensors[name]
                if isinstance(there, torch.Tensor):
                    found[name] = there
                    continue
                try:
                    if there not in opened:
                        opened[there] = closing.enter_context(safe_open(there, framework="pt"))
                    found[name] = opened[there].get_tensor(name)
                except _UNREADABLE as error:
                    raise _broken(self._name, there, error) from error
        return found

    def usable(self, name: str, held: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        """What `held` gave for a name, on a device in a dtype.

        Raises
        ------
        CheckpointError
            It holds NaN or infinity, in its own dtype or once converted.
        """
        self._require_floats(name, _word(held.dtype))
        tensor = held.to(device, non_blocking=True).to(dtype)  # converted where that is quick
        if not _finite(tensor):
            cause = "NaN or infinity" if not _finite(held) else f"values too large for {dtype}"
            raise CheckpointError(
                f"model {self._name}: the weight {name} holds {cause}\n"
                + ("The checkpoint is broken: fetch it again." if cause.startswith("NaN") else "Use --dtype float32.")
            )
        return tensor

    def read(self, name: str, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        """One tensor on a device in a dtype; raises CheckpointError as `held` and `usable` do."""
        return self.usable(name, self.held([name])[name], device, dtype)


def _finite(tensor: torch.Tensor) -> bool:
    """Whether all values are finite, found without a copy of them."""
    if not tensor.numel() or not tensor.is_floating_point():
        return True
    lowest, highest = torch.aminmax(tensor)  # NaN if one value is
    return bool(torch.isfinite(lowest) & torch.isfinite(highest))


def digest(files: CheckpointFiles) -> str:
    """SHA-256 over config.json and, for each weight file, its name, size and both ends.

    Tells checkpoints apart without reading hundreds of gigabytes.
    """
    state = hashlib.sha256((files.folder / "config.json").read_bytes())
    for path in files.weights:
        size = path.stat().st_size
        state.update(f"\0{path.name}\0{size}\0".encode())
        with path.open("rb") as file:
            state.update(file.read(_ENDS))
            file.seek(max(0, size - _ENDS))
            state.update(file.read(_ENDS))
    return state.hexdigest()


def _word(torchs: torch.dtype | torch.layout) -> str:
    return str(torchs).removeprefix("torch.")


def _header(model: str, path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and dtype of each tensor."""
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            dtypes = {name: one.get_dtype() for name, one in slices.items()}
            return {
                name: (tuple(one.get_shape()), _BY_NAME.get(dtypes[name], dtypes[name].lower()))
                for name, one in slices.items()
            }
    except _UNREADABLE as error:
        raise _broken(model, path, error) from error


_UNREADABLE = (SafetensorError, OSError, MemoryError, ValueError, RuntimeError)


def _unpickle(model: str, path: Path) -> dict[str, torch.Tensor]:
    try:
        mapped = zipfile.is_zipfile(path)  # the older format cannot be memory-mapped
        with warnings.catch_warnings(action="ignore"):  # of pickle protocols: what matters is an error below
            loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"model {model}: {path.name} holds more than weights, or is no checkpoint; it was not loaded\n"
            "Do not use it unless you know why; ask its authors for safetensors."
        ) from error
    except Exception as error:  # whatever torch and zipfile make of bytes that are no checkpoint
        raise _broken(model, path, error) from error
    if not isinstance(loaded, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in loaded.items()
    ):
        raise CheckpointError(f"model {model}: {path.name} is no dictionary of weights\nFetch it again.")
    for name, tensor in loaded.items():
        if tensor.is_meta or tensor.layout is not torch.strided or tensor.is_quantized:
            raise CheckpointError(
                f"model {model}: the weight {name} in {path.name} is not there as plain numbers "
                f"({'meta' if tensor.is_meta else 'quantised' if tensor.is_quantized else _word(tensor.layout)})\n"
                "Save the model again, with its weights in memory and dense."
            )
    return dict(loaded)


def _broken(model: str, path: Path, error: Exception) -> CheckpointError:
    reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return CheckpointError(f"model {model}: {path.name} is cut short or not a weight file ({reason})\nFetch it again.")
