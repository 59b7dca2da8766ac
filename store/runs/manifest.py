"""run.json: what a run is, how it was made, and which files belong to it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from neuron_tui.store.disk.files import sha256, write_text
from neuron_tui.store.disk.own_files import LAYERS, read_own
from neuron_tui.store.disk.schema import FORMAT_VERSION
from neuron_tui.store.errors import OUTDATED, RunDamagedError, RunNotFoundError, RunOutdatedError
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.runs.options import Dtype, ExtractionOptions, ResultOptions
from neuron_tui.store.runs.rule import VALUE, Rule, parse_rule
from neuron_tui.store.tokens import Spelling

MANIFEST = "run.json"
CORPUS_FILE = "corpus.h5"
_LARGEST = 32 << 20
"""Bytes of run.json that are still read: a hundred thousand sources."""

VARIANTS = "variants"
"""Folder of a run that its variants lie in, each a run of its own."""

Count = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelIdentity(_Strict):
    """The checkpoint a run was made from.

    `digest` is a SHA-256 over config.json and, for each weight file, its name, size and both ends. `norm_before` says
    whether a norm stands before each block, not after it, and `positions` whether the model is told positions, by a
    table that is not all zeros or another way; None where a run does not say. `gated`: a neuron's value is its
    activated gate times a linear half, which can be below 0.
    """

    name: str
    model_type: str
    digest: Sha256
    layers: Annotated[int, Field(ge=1)]
    neurons: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    context_length: Annotated[int, Field(ge=2)]
    activation: str
    norm_before: bool | None = None
    positions: bool | None = None
    gated: bool = False


class RunOptions(ResultOptions):
    """The options that decided the results, nothing left open but `tokens`: None means all of the corpus."""

    context_length: Annotated[int, Field(ge=2)]
    layers: tuple[Count, ...]
    dtype: Dtype
    batch_tokens: Annotated[int, Field(ge=1)]
    active: Annotated[str, AfterValidator(lambda text: str(parse_rule(text)))] = str(VALUE)

    @property
    def rule(self) -> Rule:
        """What made a neuron's bits."""
        return parse_rule(self.active)


class FileEntry(_Strict):
    """A finished file of the run."""

    bytes: Count
    sha256: Sha256


class Skipped(_Strict):
    """What was read of a domain and holds no text to tokenise.

    `empty` counts documents without text (null, or nothing but white space), `cut` last records that were not written
    to their end, `broken` compressed files whose end cannot be decompressed.
    """

    empty: Count = 0
    cut: Count = 0
    broken: Count = 0


class Domain(_Strict):
    """One domain: counted tokens, documents, full-length sequences, and what was skipped.

    `controls` counts stray control characters, which are read as they are.
    """

    name: str
    tokens: Count
    documents: Count
    full_sequences: Count
    skipped: Skipped = Skipped()
    controls: Count = 0


class SourceState(_Strict):
    """The files of a source as they were when they were read, so that a change is noticed.

    `argument` is the corpus argument; `files` counts the files that were opened, in the order in which the source names
    them; `bytes` is their size together, `mtime_ns` the latest time of change among them, in nanoseconds; `digest` is a
    SHA-256 over the path, size and time of each.
    """

    argument: str
    files: Count
    bytes: Count
    mtime_ns: int
    digest: Sha256


class CorpusIdentity(_Strict):
    """The corpus as tokenised. `byte_level`: token texts stand for bytes, as in GPT-2's and OPT's vocabularies.

    `wordpieces`: they are those of WordPiece, where `##` goes on with a word; false in runs of earlier versions.
    `sources` holds what is known of the files behind it; it is empty in runs of earlier versions.
    """

    file: FileEntry
    domains: tuple[Domain, ...]
    sources: tuple[SourceState, ...] = ()
    positions: Count
    sequences: Count
    full_sequences: Count
    vocabulary: Count
    byte_level: bool
    wordpieces: bool = False
    bos: int | None
    eos: int | None
    pad: int | None

    @property
    def spelling(self) -> Spelling:
        """How the vocabulary writes text."""
        return "bytes" if self.byte_level else "wordpieces" if self.wordpieces else "spaces"


class Usage(_Strict):
    """What an extraction was expected to take, and took up to now: peaks in bytes, seconds by kind of work.

    Peaks are the highest of all the times that it went on, seconds their sum.
    """

    planned_host: Count
    planned_device: Count
    host: Count
    device: Count | None
    seconds: dict[str, float]


class Variant(_Strict):
    """What makes a variant of a run: its thresholds. `name` and `of`, the run's, are those it was counted under.

    `source` is the `digest` of the run whose files hold all that these thresholds do not change. It is None for
    variants of earlier versions, which hold everything themselves.
    """

    name: str
    of: str
    thresholds: Thresholds
    source: Sha256 | None = None


class Manifest(_Strict):
    """The whole of run.json; `variant` is None but for a run that was counted again with other thresholds."""

    format_version: Literal[2] = FORMAT_VERSION
    program_version: str
    created: str
    model: ModelIdentity
    options: RunOptions
    variant: Variant | None = None
    corpus: CorpusIdentity | None = None
    layers: dict[int, FileEntry] = Field(default_factory=dict)
    usage: Usage | None = None
    facts: FileEntry | None = Field(default=None, exclude=True)
    """Listed by earlier versions; it follows from the other files and is not read any more."""

    @property
    def rule(self) -> Rule:
        """What made a neuron's bits."""
        return self.options.rule

    @property
    def rows(self) -> int:
        """Rows of a layer's datasets: its neurons, or twice as many where each has two poles."""
        return self.model.neurons * self.rule.poles

    @property
    def files(self) -> dict[str, FileEntry]:
        """All files listed, by their path below the run's folder."""
        files = {CORPUS_FILE: self.corpus.file} if self.corpus and not self.is_overlay else {}
        return files | {layer_file(layer): entry for layer, entry in sorted(self.layers.items())}

    @property
    def is_overlay(self) -> bool:
        """Whether its files hold only what its thresholds change, and its run's files hold the rest."""
        return self.variant is not None and self.variant.source is not None

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 over the path and SHA-256 of every file, a line each, in the order of paths."""
        lines = (f"{name} {entry.sha256}\n" for name, entry in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def complete(self) -> bool:
        """Whether every layer asked for is there."""
        return self.corpus is not None and all(layer in self.layers for layer in self.options.layers)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind its numbers: the paper's, but for a variant."""
        return self.variant.thresholds if self.variant else PAPER

    def extraction(self, name: str) -> ExtractionOptions:
        """Options that extract the same again under a name.

        The device, and whether pickled weights were allowed, is not known of a run.
        """
        options = self.options
        settled = options.model_dump() | {
            "context_length": None if options.context_length == self.model.context_length else options.context_length,
            "layers": None if options.layers == tuple(range(self.model.layers)) else options.layers,
        }
        return ExtractionOptions(model=self.model.name, name=name, **settled)

    @property
    def tokens(self) -> int:
        """Counted positions of the run."""
        return sum(d.tokens for d in self.corpus.domains) if self.corpus else 0


class _Named(BaseModel):
    name: str


class _Version(BaseModel):
    """What run.json says of itself in every version."""

    format_version: int
    model: _Named | None = None


def file_entry(path: Path) -> FileEntry:
    """Size and digest of a finished file."""
    return FileEntry(bytes=path.stat().st_size, sha256=sha256(path))


def layer_file(layer: int) -> str:
    """Path of a layer's file below the run's folder."""
    return f"{LAYERS}/layer_{layer:03d}.h5"


def read_manifest(folder: Path) -> Manifest:
    """Read run.json of a run.

    Raises
    ------
    RunNotFoundError
        The folder is no run.
    RunDamagedError
        run.json cannot be understood; RunOutdatedError if an older version made it.
    """
    path = folder / MANIFEST
    try:
        text = read_own(path, _LARGEST)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFoundError(
            f"no run at {folder}: it has no {MANIFEST}\nSee the runs there are with: neuron-tui runs"
        ) from error
    except OSError as error:
        raise RunDamagedError(f"{path}: cannot be read ({error.strerror})\nMake it a readable file.") from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        _refuse_outdated(path, text)
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RunDamagedError(
            f"{path}: {where}: {first['msg']}\nThe run is damaged: restore the file, or extract again with --overwrite."
        ) from error


def _refuse_outdated(path: Path, text: bytes) -> None:
    try:
        version = _Version.model_validate_json(text)
    except ValidationError:
        return
    if version.format_version < FORMAT_VERSION:
        raise RunOutdatedError(f"{path}: {OUTDATED}", version.model.name if version.model else None)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace run.json as a whole; raises DiskFullError."""
    write_text(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
