"""Files of a run that are no files: pipes, devices, links out of the run, a terabyte of nothing."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from tests.reliability.crafted import own_digest

TERABYTE = 1 << 40

Way = Callable[[random.Random, Path, Path], None]
"""Makes something else of a file; told of the file that has its place in a run outside."""


def _gone(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fifo(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    os.mkfifo(path)


def _socket(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def _folder(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.mkdir()


def _device(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.symlink_to(rng.choice(("/dev/zero", "/dev/null", "/dev/urandom", "/dev/full", "/dev/tty", "/proc/self/mem")))


def _link_outside(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.symlink_to(outside if rng.random() < 0.5 else os.path.relpath(outside, path.parent))
    if path.suffix == ".h5" and outside.is_file():
        own_digest(path)


def _cycle(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.symlink_to(rng.choice((path.name, "../" + path.parent.name + "/" + path.name)))


def _link_to_folder_above(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.symlink_to(rng.choice(("..", ".", "/", "/proc/self")))


def _dangling(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.symlink_to(outside.parent / "never there")


def _sparse(rng: random.Random, path: Path, outside: Path) -> None:
    if path.is_dir():
        return
    keep = rng.random() < 0.5
    with path.open("r+b" if keep and path.exists() else "wb") as file:
        file.truncate(TERABYTE)
    if rng.random() < 0.5 and path.suffix == ".h5":
        _claim_size(path)


def _claim_size(path: Path) -> None:
    folder = path.parent if path.name == "corpus.h5" else path.parent.parent
    text = (folder / "run.json").read_text("utf-8")
    sizes = {str(one.stat().st_size) for one in (path,)}
    before = "corpus" if path.name == "corpus.h5" else "layers"
    head, key, rest = text.partition(f'"{before}": {{')
    mark, _, tail = rest.partition('"bytes": ')
    number = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    (folder / "run.json").write_text(head + key + mark + '"bytes": ' + sizes.pop() + tail.removeprefix(number), "utf-8")


def _unreadable(rng: random.Random, path: Path, outside: Path) -> None:
    path.chmod(0)


def _missing(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)


def _empty(rng: random.Random, path: Path, outside: Path) -> None:
    _gone(path)
    path.write_bytes(b"")


WAYS: tuple[Way, ...] = (
    *(_fifo, _socket, _folder, _device, _link_outside, _link_outside, _cycle, _link_to_folder_above, _dangling),
    *(_sparse, _unreadable, _missing, _empty),
)

UNREADABLE = _unreadable.__name__.strip("_")
"""What takes a process that is not root to notice."""


def make_strange(rng: random.Random, path: Path, outside: Path) -> str:
    """Make something else of a file or folder of a run; gives what."""
    way = rng.choice(WAYS)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() and way in (_unreadable,):
        path.write_bytes(b"")
    way(rng, path, outside)
    return way.__name__.strip("_")


def add_strays(rng: random.Random, folder: Path) -> str:
    """Put files with odd names, many files, or deep folders into a folder."""
    how = rng.randrange(4)
    if how == 0:
        for name in (
            "\x1b[31m",
            "\u202e",
            "a\nb",
            "\udcff\udc9b",
            "-rf",
            "~",
            "日" * 60,
            "layer_000.h5",
            "run.json.partial",
        ):
            (folder / name).write_bytes(b"CANARY")
    elif how == 1:
        for number in range(3000):
            (folder / f"stray{number}").touch()
    elif how == 2:
        at = folder
        for _ in range(200):
            at = at / "deeper"
            at.mkdir()
    else:
        for place, name in enumerate(("strange", "x\u202e", "..variant", "loose2", "a" * 200)):
            below = folder / "variants" / name
            below.mkdir(parents=True, exist_ok=True)
            if place % 2:
                (below / "run.json").symlink_to(folder / "run.json")
            else:
                shutil.copyfile(folder / "run.json", below / "run.json")
    return f"strays {how}"
