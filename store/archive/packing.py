"""Packing a run: all that it is made of, its variants and notes too, as one stream."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.archive.index import BESIDE, INDEX, TEXT_BYTES, Index, IndexedFile
from neuron_tui.store.archive.members import Sink, Watch, write_end, write_header, write_padding
from neuron_tui.store.disk.lock import is_being_written, keeping
from neuron_tui.store.disk.own_files import open_own, read_own
from neuron_tui.store.errors import InputError, NeuronTuiError, RunBusyError, RunDamagedError, UsageError
from neuron_tui.store.runs.catalog import missing_or_cut
from neuron_tui.store.runs.manifest import MANIFEST, VARIANTS, FileEntry, read_manifest
from neuron_tui.store.runs.variants import name_of, run_of, variant_folder, variants_of
from neuron_tui.store.wording import size_text

_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Packing:
    """A run that is ready to be packed, and held so that nobody changes it.

    `left_out` says of each variant and each file that stays behind why, in words.
    """

    folder: Path
    index: Index
    left_out: tuple[str, ...]
    _small: dict[str, bytes]

    def write(self, stream: Sink, watch: Watch = lambda _: None) -> None:
        """Write the archive; `watch` is told of every few bytes.

        Raises
        ------
        RunDamagedError
            A file is not the one that run.json lists any more; what was written is to be thrown away.
        InputError
            A file cannot be read.
        """
        text = self.index.model_dump_json(indent=1).encode() + b"\n"
        write_header(stream, INDEX, len(text))
        stream.write(text)
        write_padding(stream, len(text))
        for file in self.index.files:
            write_header(stream, file.path, file.bytes)
            if file.path in self._small:
                stream.write(self._small[file.path])
            else:
                self._copy(file, stream, watch)
            write_padding(stream, file.bytes)
        write_end(stream)

    def _copy(self, file: IndexedFile, stream: Sink, watch: Watch) -> None:
        digest, left = hashlib.sha256(), file.bytes
        with _opened(self.folder / file.path) as source:
            while left and (data := source.read(min(left, _AT_ONCE))):
                digest.update(data)
                stream.write(data)
                left -= len(data)
                watch(len(data))
        if left or digest.hexdigest() != file.sha256:
            raise RunDamagedError(
                f"the run {self.index.name} is damaged: {file.path} is not the one that run.json lists\n"
                f"See what else with: neuron-tui check {self.index.name}"
            )


@contextmanager
def packing(folder: Path) -> Iterator[Packing]:
    """Make a run ready to be packed. A partial one is packed as far as it goes.

    Raises
    ------
    UsageError
        It is a variant, which is packed with its run.
    RunBusyError
        A process is writing it.
    RunDamagedError
        run.json cannot be read, or a file it lists is missing or cut short.
    """
    name = name_of(folder.resolve())
    if run := run_of(folder.resolve()):
        raise UsageError(
            f"{name} is a variant\nPack its run, which takes its variants along: neuron-tui pack {run.name}"
        )
    with ExitStack() as held:
        held.enter_context(_held(folder))
        made = read_manifest(folder)
        if problem := missing_or_cut(folder, made):
            raise RunDamagedError(f"the run {name} is damaged: {problem}\nSee what else with: neuron-tui check {name}")
        left_out: list[str] = []
        entries, small = dict(made.files), _texts(folder, "", left_out)
        for variant in variants_of(folder):
            below, path = variant_folder(folder, variant), f"{VARIANTS}/{variant}/"
            try:
                held.enter_context(_held(below))
                counted = read_manifest(below)
                if problem := missing_or_cut(below, counted):
                    raise RunDamagedError(problem)
            except (NeuronTuiError, OSError) as error:
                left_out.append(f"the variant {variant} stays behind: {str(error).splitlines()[0]}")
                continue
            entries |= {path + file: entry for file, entry in counted.files.items()}
            small |= _texts(below, path, left_out)
        listed = {path: _entry_of(text) for path, text in small.items()}
        files = tuple(
            IndexedFile(path=path, bytes=entry.bytes, sha256=entry.sha256)
            for path, entry in sorted((listed | entries).items(), key=_in_order)
        )
        yield Packing(folder, Index(name=_as_text(name), files=files), tuple(left_out), small)


def _as_text(name: str) -> str:
    """The name of a folder, with U+FFFD for bytes that are no text: whoever unpacks the run gives it another."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _entry_of(text: bytes) -> FileEntry:
    return FileEntry(bytes=len(text), sha256=hashlib.sha256(text).hexdigest())


def _in_order(item: tuple[str, FileEntry]) -> tuple[str, bool, str]:
    """A run before its variants, and the manifest of each first."""
    path = item[0]
    variant, _, name = path.removeprefix(f"{VARIANTS}/").partition("/") if path.startswith(VARIANTS) else ("", "", path)
    return variant, name != MANIFEST, name


def _texts(folder: Path, path: str, left_out: list[str]) -> dict[str, bytes]:
    """The small files that may change while the others are copied: taken as they are now."""
    found = {f"{path}{MANIFEST}": read_own(folder / MANIFEST, TEXT_BYTES)}
    for name in BESIDE:
        own = folder / name
        if own.is_symlink() or (own.exists() and not own.is_file()):
            left_out.append(f"{path}{name} stays behind: it is no regular file")  # a link could lead anywhere
        elif own.exists() and own.stat().st_size > TEXT_BYTES:
            left_out.append(f"{path}{name} stays behind: it has more than {size_text(TEXT_BYTES)}")
        elif own.exists():
            try:
                found[f"{path}{name}"] = read_own(own, TEXT_BYTES)
            except OSError as error:
                left_out.append(f"{path}{name} stays behind: it cannot be read ({error.strerror})")
    return found


def _opened(path: Path) -> io.BufferedReader:
    try:
        return open_own(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}\nMake it a file that you can read.") from error


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a run so that nobody writes it; what cannot be held because it cannot be written to is only looked at."""
    with ExitStack() as held:
        try:
            held.enter_context(keeping(folder))
        except InputError:
            if is_being_written(folder):
                raise RunBusyError(
                    f"another process is writing the run {folder.name}\nWait for it, then run this again."
                ) from None
        yield
