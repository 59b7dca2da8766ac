"""Where someone was in a run when they left it: one small file a run, read when the run is opened again."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import write_text
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.query import keepable
from neuron_tui.store.process import describe_fault
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.tui.remembered.state import state_directory

Count = Annotated[int, Field(ge=0)]
Address = tuple[Count, Count]
_Listed = Literal["notable", "layer", "neuron", "what", "freq", "cover", "mi", "score", "trigger"]
_Measured = Literal["max", "mean", "norm", "cosine", "kurtosis", "tokenfreq"]
Sort = _Listed | _Measured

_LARGEST = 32 * 2**20
"""Bytes of a file that is still read: a million marks."""

_WRITING = threading.Lock()


class Identity(BaseModel):
    """Which run a session is of: a run made anew at the same place is another one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    created: str
    model: str
    corpus: str | None

    @classmethod
    def of(cls, folder: Path, manifest: Manifest) -> Identity:
        """Identity of the run in a folder."""
        corpus = manifest.corpus.file.sha256 if manifest.corpus else None
        # A path of bytes that are no text cannot be written as JSON as it is.
        path = ascii(str(folder.resolve()))
        return cls(path=path, created=manifest.created, model=manifest.model.digest, corpus=corpus)


class Session(BaseModel):
    """What the explorer shows and remembers of a run; neurons are pairs of layer and neuron."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: Identity
    layer: Count | None = None
    query: str = ""
    sort: Sort = "notable"
    descending: bool = False
    order: Literal[1, 2, 3] = 1
    neuron: Address | None = None
    marks: tuple[Address, ...] = ()
    only_marked: bool = False
    history: tuple[Address, ...] = ()
    zoom: bool = False

    @field_validator("query")
    @classmethod
    def _readable(cls, query: str) -> str:
        if not keepable(query):
            raise ValueError("is no filter that can be shown")
        return query


def session_path(folder: Path) -> Path:
    """The file that keeps the session of the run in a folder."""
    place = ascii(str(folder.resolve())).encode()
    return state_directory() / "sessions" / f"{hashlib.sha256(place).hexdigest()[:32]}.json"


def read_session(folder: Path, manifest: Manifest) -> Session | None:
    """The session kept of a run; None if there is none, if the run was made anew since, or if it cannot be read.

    What is wrong with a file is logged; the next session replaces it.
    """
    path = session_path(folder)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"{path} is far too large for a session")
        session = Session.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # pydantic's own error is a ValueError
        describe_fault(error)
        return None
    return session if session.run == Identity.of(folder, manifest) else None


def write_session(folder: Path, session: Session) -> None:
    """Keep a session, replacing the file as a whole. A place that cannot be written is logged and stops nobody."""
    path = session_path(folder)
    try:
        with _WRITING:
            changes.make_folders(path.parent)
            write_text(path, session.model_dump_json() + "\n")
    except (OSError, NeuronTuiError) as error:
        describe_fault(error)
