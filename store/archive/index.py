"""The first member of an archive: which files follow, and what each is to be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from neuron_tui.store.errors import InputError
from neuron_tui.store.runs.folder import CAUSAL_FILE, NOTES_FILE
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, VARIANTS, FileEntry, Manifest, Sha256

INDEX = "index.json"

INDEX_BYTES = 4 << 20
"""Bytes that an index may have."""

TEXT_BYTES = 64 << 20
"""Bytes that a run.json, and each of the files beside it, may have: they are read as a whole."""

BESIDE = (NOTES_FILE, CAUSAL_FILE)
"""What stands beside a run's own files and goes with it: notes, and what silencing its neurons did."""

_OWN = "|".join([*map(re.escape, (MANIFEST, CORPUS_FILE, *BESIDE)), r"layers/layer_[0-9]{3,6}\.h5"])
_PATH = re.compile(rf"(?:{VARIANTS}/[A-Za-z0-9][A-Za-z0-9._+-]{{0,99}}/)?(?:{_OWN})")
"""Paths that a file of a run can have, none of which is absolute or leads out of its folder."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _path_of_a_run(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"no file of a run is called {path!r}")
    return path


class IndexedFile(_Strict):
    """A file of the run, by its path below the run's folder."""

    path: Annotated[str, Field(max_length=300), AfterValidator(_path_of_a_run)]
    bytes: Annotated[int, Field(ge=0, lt=1 << 62)]
    sha256: Sha256

    @property
    def entry(self) -> FileEntry:
        """As a manifest lists it."""
        return FileEntry(bytes=self.bytes, sha256=self.sha256)


class Index(_Strict):
    """The whole of index.json: the `name` that the run was packed under, and its files in the order of the archive."""

    format: Literal["neuron-tui run"] = "neuron-tui run"
    version: Literal[1] = 1
    name: Annotated[str, Field(max_length=300)]
    files: tuple[IndexedFile, ...]

    @model_validator(mode="after")
    def _is_of_a_run(self) -> Index:
        # Some disks take `A` and `a` for the same file.
        times = Counter(file.path.casefold() for file in self.files)
        if twice := next((path for path, count in times.items() if count > 1), None):
            raise ValueError(f"it lists {twice} twice")
        for folder, files in {"": {}, **self.by_folder()}.items():
            if MANIFEST not in files:
                raise ValueError(f"it lists no {folder}{MANIFEST}")
            if large := next((n for n in (MANIFEST, *BESIDE) if n in files and files[n].bytes > TEXT_BYTES), None):
                raise ValueError(f"{folder}{large} has {files[large].bytes:,} bytes")
        return self

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants."""
        return tuple(folder.split("/")[1] for folder in self.by_folder() if folder)

    def by_folder(self) -> dict[str, dict[str, FileEntry]]:
        """Files of the run itself under "", of each variant under its folder with a slash, by their path below it."""
        found: dict[str, dict[str, FileEntry]] = {}
        for file in self.files:
            parts = file.path.split("/", 2)
            folder = f"{parts[0]}/{parts[1]}/" if parts[0] == VARIANTS else ""
            found.setdefault(folder, {})[file.path.removeprefix(folder)] = file.entry
        return found


def read_index(data: bytes, source: str) -> Index:
    """An index from its text; `source` is how messages call the archive.

    Raises
    ------
    InputError
        It is no index, one of a later version, or names files that no run has.
    """
    try:
        return Index.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"] == ("version",) and isinstance(first["input"], int) and first["input"] > 1:
            raise InputError(
                f"{source}: packed by a later version of neuron-tui\nUnpack it with that version, or a later one."
            ) from error
        where = ".".join(map(str, first["loc"]))[:100]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise unusable(source, f"{INDEX}: {where}{': ' if where else ''}{said}") from error


def disagreement(folder: str, listed: Mapping[str, FileEntry], manifest: Manifest) -> str | None:
    """What is wrong with the files listed for a run or a variant, by its manifest: in words, naming the first file."""
    if more := min(listed.keys() - manifest.files.keys() - {MANIFEST, *BESIDE}, default=None):
        return f"{folder}{more} is no file of that run"
    wrong = next((path for path, entry in manifest.files.items() if listed.get(path) != entry), None)
    return None if wrong is None else f"{folder}{wrong} is not what {folder}{MANIFEST} lists"


def unusable(source: str, what: str) -> InputError:
    """The error for an archive that cannot be used, and why."""
    return InputError(f"{source}: {what}\nIt is no archive of a run, or was damaged or made up: pack the run again.")
