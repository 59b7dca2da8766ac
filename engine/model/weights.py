"""Weights of a checkpoint by name, each read from disk when it is asked for."""

from __future__ import annotations

import hashlib
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


class Weights:
    """The tensors of a checkpoint, found by name in whichever shard holds them.

    Nothing but headers is read on opening. Pickled shards are memory-mapped and loaded as weights only.
    """

    def __init__(self, files: CheckpointFiles) -> None:
        """Open all shards; raises CheckpointError for a file that is cut short or holds more than weights."""
        self._name = files.name
        self._tensors: dict[str, Path | torch.Tensor] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        for path in files.weights:
            if files.pickled:
                for name, tensor in _unpickle(files.name, path).items():
                    self._tensors[name], self._shapes[name] = tensor, tuple(tensor.shape)
            else:
                for name, shape in _header(files.name, path).items():
                    self._tensors[name], self._shapes[name] = path, shape

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def names(self) -> Iterable[str]:
        """Names of all tensors."""
        return self._tensors.keys()

    def expect(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise CheckpointError unless the tensor is there with that shape."""
        if name not in self._tensors:
            raise CheckpointError(f"model {self._name}: the weight {name} is missing\nFetch the checkpoint again.")
        if self._shapes[name] != shape:
            raise CheckpointError(
                f"model {self._name}: the weight {name} has the shape {self._shapes[name]}, "
                f"its config.json says {shape}\nConfig and weights do not belong together: fetch both again."
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
                except (SafetensorError, OSError) as error:
                    raise _broken(self._name, there, error) from error
        return found

    def usable(self, name: str, held: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        """What `held` gave for a name, on a device in a dtype.

        Raises
        ------
        CheckpointError
            It holds NaN or infinity, in its own dtype or once converted.
        """
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


def _header(model: str, path: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise _broken(model, path, error) from error


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
    except (OSError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise _broken(model, path, error) from error
    if not isinstance(loaded, Mapping) or not all(isinstance(t, torch.Tensor) for t in loaded.values()):
        raise CheckpointError(f"model {model}: {path.name} is no dictionary of weights\nFetch it again.")
    return dict(loaded)


def _broken(model: str, path: Path, error: Exception) -> CheckpointError:
    reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return CheckpointError(f"model {model}: {path.name} is cut short or not a weight file ({reason})\nFetch it again.")
