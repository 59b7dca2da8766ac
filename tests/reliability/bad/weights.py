"""Weight files, their index, and folders of models that are not what they should be."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.reliability.bad.case import Case, Place, header_of, instead, put_header

_NAME = "model.decoder.layers.1.fc1.weight"
_FILE, _INDEX = "model.safetensors", "model.safetensors.index.json"


def _entry(change: Callable[[dict[str, Any], int], object]) -> Callable[[Place], None]:
    """Change the entry of one weight in the header, by the bytes of data that follow."""

    def make(place: Place) -> None:
        path = place.copy() / _FILE
        header, data = header_of(path)
        change(header[_NAME], len(data))
        put_header(path, header, data)

    return make


def _raw(header: bytes, length: int | None = None) -> Callable[[Place], None]:
    return lambda place: put_header(place.copy() / _FILE, header, b"\0" * 64, length)


def _weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        path = place.copy() / _FILE
        held = load_file(path)
        change(held)
        save_file(held, path)

    return make


def _as(dtype: torch.dtype) -> Callable[[Place], None]:
    return _weights(lambda held: held.update({_NAME: held[_NAME].to(dtype)}))


def _many_names(place: Place) -> None:
    """A header of nearly 100 MB: weights of no size, by the hundred thousand."""
    path = place.copy() / _FILE
    header, data = header_of(path)
    header |= {f"extra.{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(1_400_000)}
    put_header(path, header, data)


def _index(weight_map: Callable[[dict[str, str]], object]) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        folder = place.copy()
        named = dict.fromkeys(load_file(folder / _FILE), _FILE)
        (folder / _INDEX).write_text(json.dumps({"weight_map": weight_map(named) or named}))

    return make


def _doubled(place: Place) -> None:
    folder = place.copy()
    held = load_file(folder / _FILE)
    save_file({_NAME: held[_NAME] + 1}, folder / "other.safetensors")
    names = dict.fromkeys(held, _FILE) | {"extra": "other.safetensors"}
    (folder / _INDEX).write_text(json.dumps({"weight_map": names}))


def _linked_shard(target: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        folder = place.copy()
        named = dict.fromkeys(load_file(folder / _FILE), "shard.safetensors")
        (folder / "shard.safetensors").symlink_to(target)
        (folder / _INDEX).write_text(json.dumps({"weight_map": named}))

    return make


def _no_file(name: str, what: str) -> Callable[[Place], None]:
    return lambda place: instead(place.copy() / name, what)


def _sparse(name: str, size: int) -> Callable[[Place], None]:
    return lambda place: os.truncate(place.copy() / name, size)


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (77,)


def _pickle(spoil: Callable[[Path, dict[str, torch.Tensor]], object], *options: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        folder = place.copy()
        held = load_file(folder / _FILE)
        (folder / _FILE).unlink()
        place.options += options
        spoil(folder / "pytorch_model.bin", held)

    return make


def _allowed(spoil: Callable[[Path, dict[str, torch.Tensor]], object]) -> Callable[[Place], None]:
    return _pickle(spoil, "--allow-pickle")


def _large_claim(path: Path, held: dict[str, torch.Tensor]) -> None:
    """The older format of torch, whose pickle says that a storage has 100 GB."""
    torch.save(held, path, _use_new_zipfile_serialization=False)
    content, size = path.read_bytes(), held[_NAME].numel()
    claimed = content.replace(b"K" + struct.pack("<B", size), b"\x8a\x05" + (25 * 10**9).to_bytes(5, "little"))
    assert claimed != content
    path.write_bytes(claimed)


def _model(name: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        place.model = name

    return make


def _special(what: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        instead(place.folder / "special", what)
        place.model = str(place.folder / "special")

    return make


_SAFETENSORS = (
    Case("header beyond the file", _raw(b"{}", 1 << 40), "model.safetensors is cut short or not"),
    Case("header of 2^64 - 1 bytes", _raw(b"{}", (1 << 64) - 1), "model.safetensors is cut short or not"),
    Case("header of 100 MB of names", _many_names, "header", slow=True),
    Case("header that is no JSON", _raw(b"{'a'"), "not a weight file"),
    Case("header that is a list", _raw(b"[]"), "not a weight file"),
    Case("header nested deeply", _raw(b"[" * 100_000), "not a weight file"),
    Case("header with control characters", _raw(b'{"\\u001b[2J\\u0000": 3}'), "not a weight file"),
    Case("header that is not UTF-8", _raw(b'{"\xff\xfe": {}}'), "not a weight file"),
    Case("header of nothing", _raw(b""), "not a weight file"),
    Case(
        "offsets beyond the file", _entry(lambda of, size: of.update(data_offsets=[0, size * 9])), "not a weight file"
    ),
    Case("offsets backwards", _entry(lambda of, _: of["data_offsets"].reverse()), "not a weight file"),
    Case("offsets below 0", _entry(lambda of, _: of.update(data_offsets=[-8, 0])), "not a weight file"),
    Case("offsets over another weight", _entry(lambda of, _: of.update(data_offsets=[0, 384])), "not a weight file"),
    Case("shape that its bytes do not fill", _entry(lambda of, _: of.update(shape=[6, 17])), "not a weight file"),
    Case("shape that overflows", _entry(lambda of, _: of.update(shape=[1 << 62, 8])), "not a weight file"),
    Case("shape below 0", _entry(lambda of, _: of.update(shape=[-6, -16])), "not a weight file"),
    Case("dtype that there is not", _entry(lambda of, _: of.update(dtype="F33")), "not a weight file"),
    Case("dtype of another size", _entry(lambda of, _: of.update(dtype="F64")), "not a weight file"),
    Case("integers as weights", _as(torch.int8), f"{_NAME} is of int8"),
    Case("float bits said to be integers", _entry(lambda of, _: of.update(dtype="I32")), f"{_NAME} is of int32"),
    Case("true and false as weights", _as(torch.bool), f"{_NAME} is of bool"),
    Case("complex weights", _as(torch.complex64), f"{_NAME} is of complex64"),
    Case("weights of 8 bits", _as(torch.float8_e4m3fn), f"{_NAME} is of float8"),
    Case("weights of another family", _weights(lambda held: _renamed(held)), "is missing"),
    Case("NaN as a weight", _weights(lambda held: held[_NAME].view(-1)[3].fill_(torch.nan)), "NaN or infinity"),
    Case("infinity as a weight", _weights(lambda held: held[_NAME].view(-1)[3].fill_(torch.inf)), "NaN or infinity"),
    Case("file of a terabyte of nothing", _sparse(_FILE, 1 << 40), "not a weight file"),
)


def _renamed(held: dict[str, torch.Tensor]) -> None:
    for name in list(held):
        held[name.replace("decoder.layers", "layers").replace("fc1", "mlp.up_proj")] = held.pop(name)


_NAMED = tuple(
    Case(f"index that names {name!r}", _index(lambda named, name=name: dict.fromkeys(named, name)), saying)
    for name, saying in (
        ("../model.safetensors", "is missing"),
        ("/etc/passwd", "is missing"),
        ("/dev/zero", "is missing"),
        ("..", "is missing"),
        (".", "is missing"),
        ("", "is missing"),
        ("a\0b", "is missing"),
        ("\ud800", "is missing"),
        ("x" * 5000, "is missing"),
        ("config.json", "config.json is cut short or not a weight file"),
        ("absent-00001-of-00002.safetensors", "is missing"),
    )
)
_INDEXES = (
    *_NAMED,
    Case(
        "index of 100 MB", _index(lambda named: named | {f"{n:90}": "model.safetensors" for n in range(900_000)}), "", 0
    ),
    Case("index of a gigabyte of nothing", _sparse("config.json", 1 << 34), "config.json is too large"),
    Case("a weight in two shards", _doubled, f"the weight {_NAME} is in two"),
    Case("shard that is a device", _linked_shard("/dev/zero"), "shard.safetensors"),
    Case("shard that links to itself", _linked_shard("shard.safetensors"), "shard.safetensors"),
    Case("shard that links to nothing", _linked_shard("absent"), "shard.safetensors"),
    Case("shard that links to another file", _linked_shard("/etc/passwd"), "not a weight file"),
)

_PICKLES = (
    Case("pickle, not allowed", _pickle(lambda path, held: torch.save(held, path)), "--allow-pickle"),
    Case(
        "pickle that ends the process", _allowed(lambda path, _: path.write_bytes(pickle.dumps(_Trap()))), "more than"
    ),
    Case("the same among weights", _allowed(lambda path, held: torch.save(held | {"a": _Trap()}, path)), "more than"),
    Case("the same in the older format", _allowed(lambda path, held: _older(path, held | {"a": _Trap()})), "more than"),
    Case("pickle of a list", _allowed(lambda path, held: torch.save(list(held.values()), path)), "no dictionary"),
    Case("pickle with numbers", _allowed(lambda path, held: torch.save(held | {"a": 3}, path)), "no dictionary"),
    Case(
        "pickle with other keys",
        _allowed(lambda path, held: torch.save(held | {3: held[_NAME]}, path)),
        "no dictionary",
    ),
    Case(
        "pickle of weights on no device", _allowed(lambda path, held: torch.save(_changed(held, "meta"), path)), "meta"
    ),
    Case("pickle of sparse weights", _allowed(lambda path, held: torch.save(_changed(held, "sparse"), path)), _NAME),
    Case("pickle that claims 100 GB", _allowed(_large_claim), "pytorch_model.bin"),
    Case("pickle of half an archive", _allowed(lambda path, _: path.write_bytes(b"PK\3\4" + b"\0" * 99)), "model.bin"),
    Case("pickle of noise", _allowed(lambda path, _: path.write_bytes(os.urandom(999))), "pytorch_model.bin"),
)


def _older(path: Path, held: dict[str, Any]) -> None:
    torch.save(held, path, _use_new_zipfile_serialization=False)


def _changed(held: dict[str, torch.Tensor], how: str) -> dict[str, torch.Tensor]:
    return held | {_NAME: held[_NAME].to("meta") if how == "meta" else held[_NAME].to_sparse()}


_NO_FILES = tuple(
    Case(f"{name} is a {what}", _no_file(name, what), name)
    for name in ("config.json", _FILE, _INDEX, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
    for what in ("fifo", "device", "folder", "loop", "nothing")
)

_FOLDERS = (
    *(Case(f"model that is a {what}", _special(what), "model ") for what in ("fifo", "device", "loop", "nothing")),
    Case("model that is a file", _model("/etc/passwd"), "/etc/passwd"),
    Case("model that is /", _model("/"), "no config.json"),
    Case("model without a name", _model(""), "model"),
    Case("model with a name of 5,000 characters", _model("x" * 5000), "model"),
    Case("model with a path of 9,000 characters", _model("/x" * 4500), "model"),
    Case("model with line ends in its name", _model("a\nb\x1b[2J"), "model"),
    Case("model with a name that no hub has", _model("a..b/c--d"), "model a..b/c--d: no such directory"),
    Case("model on no hub", _model("no/such@../../etc"), "model"),
    Case(
        "config that is not UTF-8",
        lambda place: (place.copy() / "config.json").write_bytes(b"\xff\xfe{"),
        "config.json",
    ),
    Case("config nested deeply", lambda place: (place.copy() / "config.json").write_text("[" * 10**6), "config.json"),
    Case("config with a number of 10,000 digits", lambda place: _long_number(place), "config.json"),
    Case("config with a key twice", lambda place: _twice(place), "Done", 0),
)


def _long_number(place: Place) -> None:
    path = place.copy() / "config.json"
    path.write_text(path.read_text().replace("{", '{"a": ' + "9" * 10_000 + ",", 1))


def _twice(place: Place) -> None:
    path = place.copy() / "config.json"
    path.write_text(path.read_text().replace("{", '{"ffn_dim": 5,', 1))


def _unreadable(name: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        (place.copy() / name).chmod(0)
        place.options += ["--unprivileged"]

    return make


_UNREADABLE = tuple(
    Case(f"{name} that may not be read", _unreadable(name), name) for name in ("config.json", _FILE, "tokenizer.json")
)

CASES = (*_SAFETENSORS, *_INDEXES, *_PICKLES, *_NO_FILES, *_FOLDERS, *_UNREADABLE)
