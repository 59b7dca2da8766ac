"""A disk whose every change is counted, and that fails, or is cut off from its power, at one of them.

All changes of the program go through `store.disk.changes`; here its functions are replaced, in a process that was
forked for it. What a power cut leaves is worked out from what was synced:

- `names lost`: a folder holds the names that it held when it was last synced, a file the bytes that were last synced.
- `names kept`: every change of a name has reached the disk, but no byte that was not synced: those read as zeros.
- `names gone`: what was removed is gone, while what was made or renamed since the folder was synced never happened.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from neuron_tui.store.disk import changes

Fault = Literal["EIO", "ENOSPC", "killed before", "killed after", "torn", "names lost", "names kept", "names gone"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_FOLDER_STEPS = ("make_folder", "remove_folder")
STEPS = (
    *("make_file", "open_file", "set_mode", "write", "write_at", "cut", "reserve", "sync", "sync_pages"),
    *("sync_folder", "rename", "remove", *_FOLDER_STEPS),
)
"""The functions that change something by themselves."""

_WRITES = ("write", "write_at")


def applies(fault: Fault, step: str) -> bool:
    """Whether a fault makes sense at a step: half a write is one of something that writes, and a sync takes no room."""
    if fault == "torn":
        return step in _WRITES
    if fault == "ENOSPC":
        return step not in ("remove", "remove_folder", "set_mode", "sync_folder")
    return True


def watch() -> list[tuple[str, str]]:
    """Count the changes of this process from now on: the list grows by the function and the name of each."""
    told: list[tuple[str, str]] = []
    guard = threading.RLock()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with guard:
                told.append((name, _subject(arguments[0])))
                return function(*arguments, **options)

        return call

    for name in STEPS:
        setattr(changes, name, counting(name, getattr(changes, name)))
    return told


def break_at(target: int, fault: Fault, world: Path, after: Path) -> None:
    """Have the change with a number, from 0, fail from now on; a power cut leaves the `world` as it is then `after`."""
    _FailingDisk(target, fault, world, after).install()


def _subject(subject: object) -> str:
    if isinstance(subject, int):
        return str(Path(f"/proc/self/fd/{subject}").readlink())
    return str(getattr(subject, "filename", subject))


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


class _FailingDisk:
    def __init__(self, target: int, fault: Fault, world: Path, after: Path) -> None:
        self._target, self._fault, self._world, self._after = target, fault, world, after
        self._count = 0
        self._guard = threading.RLock()
        self._durable = _Durable(world) if fault.startswith("names") else None

    def install(self) -> None:
        for name in STEPS:
            setattr(changes, name, self._replaced(name, getattr(changes, name)))

    def _replaced(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._guard:
                now, self._count = self._count, self._count + 1
                if now != self._target:
                    return self._do(name, function, arguments, options)
                match self._fault:
                    case "EIO" | "ENOSPC":
                        number = getattr(errno, self._fault)
                        raise OSError(number, os.strerror(number))
                    case "killed before":
                        _die()
                    case "torn" if name in _WRITES:  # threads may come in another order than the first time
                        descriptor, data, *rest = arguments
                        function(descriptor, memoryview(data).cast("B")[: len(data) // 2], *rest)
                        _die()
                self._do(name, function, arguments, options)
                if self._durable is not None:
                    self._durable.leave(self._fault, self._after)
                _die()

        return call

    def _do(self, name: str, function: Callable[..., Any], arguments: Any, options: Any) -> Any:
        if self._durable is None:
            return function(*arguments, **options)
        self._durable.before(name, arguments)
        result = function(*arguments, **options)
        self._durable.done(name, arguments)
        return result


class _Durable:
    """What the disk has for sure: of each folder the names, and of each file the bytes, as they were last synced."""

    def __init__(self, world: Path) -> None:
        self._world = world
        self._names: dict[int, dict[str, int]] = {}
        self._bytes: dict[int, bytes] = {}
        self._held: list[int] = []  # descriptors of what was removed: its number goes to no other file
        self._removed: set[int] = set()
        self._modes: dict[int, int] = {}
        for folder, _, files in os.walk(world):
            self._names[Path(folder).stat().st_ino] = _listed(Path(folder))
            for name in files:
                path = Path(folder, name)
                self._bytes[path.lstat().st_ino] = path.read_bytes()
        for path in [world, *world.rglob("*")]:
            self._modes[path.lstat().st_ino] = path.lstat().st_mode

    def before(self, name: str, arguments: Any) -> None:
        """Hold on to what a change takes away, so that its number goes to no other file."""
        going = {"remove": 0, "remove_folder": 0, "rename": 1}.get(name)
        if going is None or not os.path.lexists(arguments[going]):
            return
        status = arguments[going].lstat()
        self._modes[status.st_ino] = status.st_mode
        if not stat.S_ISLNK(status.st_mode):
            self._held.append(os.open(arguments[going], os.O_RDONLY))
        if name != "rename":
            self._removed.add(status.st_ino)

    def done(self, name: str, arguments: Any) -> None:
        """Take note of what a sync has brought to the disk."""
        if name == "sync":
            self._keep(arguments[0])
        elif name == "sync_pages":
            with Path(arguments[0].filename).open("rb") as file:
                self._keep(file.fileno())
        elif name == "sync_folder":
            self._names[arguments[0].stat().st_ino] = _listed(arguments[0])

    def _keep(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self._bytes[status.st_ino] = os.pread(descriptor, status.st_size, 0)
        self._modes[status.st_ino] = status.st_mode

    def leave(self, fault: Fault, after: Path) -> None:
        """Write the world as it is after a power cut."""
        self._write(self._world.stat().st_ino, self._world, fault, after)

    def _write(self, number: int, now: Path | None, fault: Fault, after: Path) -> None:
        """Write a folder: `number` is its own, `now` where it lies, if it is there."""
        after.mkdir()
        there = _listed(now) if now is not None and now.is_dir() else {}
        names = dict(there if fault == "names kept" else self._names.get(number, {}))
        if fault == "names gone":
            names = {name: own for name, own in names.items() if own not in self._removed}
        where = self._places()
        for name, own in names.items():
            place = where.get(own)
            mode = place.lstat().st_mode if place is not None else self._modes.get(own, stat.S_IFREG)
            if stat.S_ISDIR(mode):
                self._write(own, place, fault, after / name)
                continue
            data = self._bytes.get(own, b"")
            if fault == "names kept" and place is not None and place.read_bytes() != data:
                data = bytes(place.stat().st_size)
            (after / name).write_bytes(data)

    def _places(self) -> dict[int, Path]:
        return {path.lstat().st_ino: path for path in self._world.rglob("*")}


def _listed(folder: Path) -> dict[str, int]:
    return {entry.name: entry.inode() for entry in os.scandir(folder)}
