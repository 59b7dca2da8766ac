"""Hugging Face datasets, read as a stream: `hf:NAME[:CONFIG]:SPLIT[:FIELD]`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuron_tui.engine.corpus.readers.records import no_key, text_of_value
from neuron_tui.engine.corpus.reading import Chunk, Notes, chunks_of, require_regular_file
from neuron_tui.store.errors import CorpusError

_FORM = "Write hf:NAME:SPLIT, hf:NAME:CONFIG:SPLIT or hf:NAME:CONFIG:SPLIT:FIELD; CONFIG may be empty."


@dataclass(frozen=True, slots=True)
class DatasetName:
    """A dataset on the hub or in a folder; `config` and `field` are None where they are not given."""

    name: str
    config: str | None
    split: str
    field: str | None


def dataset_name(source: str) -> DatasetName:
    """The parts of a source `hf:...`; raises CorpusError if it does not have the form."""
    name, *rest = source.removeprefix("hf:").split(":")
    if not name or not 1 <= len(rest) <= 3 or not rest[min(1, len(rest) - 1)]:
        raise CorpusError(f"corpus {source}: its parts cannot be told\n{_FORM}")
    config = rest[0] or None if len(rest) > 1 else None
    return DatasetName(name, config, rest[min(1, len(rest) - 1)], rest[2] or None if len(rest) > 2 else None)


def hub_chunks(source: str, key: str, notes: Notes) -> Iterator[Chunk]:
    """The documents of a dataset in chunks, fetched as they are read.

    Parameters
    ----------
    key
        The field that holds the text, if the source names none.

    Raises
    ------
    CorpusError
        `datasets` is not installed, the dataset cannot be reached, or it has no such configuration, split or field.
    """
    asked = dataset_name(source)
    key = asked.field or key
    for number, row in enumerate(_rows(source, asked), start=1):
        where = f"{source}, row {number:,}"
        if key not in row:
            raise no_key(where, key, row)
        document = text_of_value(row[key], where, key)
        if document is not None:
            notes.note_controls(document, f"row {number:,} of {source}")
        yield from chunks_of(document, notes)


def _refuse_special_files(source: str, asked: DatasetName) -> None:
    """Raise CorpusError for a dataset in a folder that holds what would be waited for: a pipe, a device."""
    if not asked.name.startswith("/"):
        return
    if not os.path.isdir(asked.name):  # noqa: PTH112 - Path.is_dir raises where there is no permission
        raise CorpusError(f"corpus {source}: there is no folder {asked.name}\nName a folder with a dataset in it.")
    for place, _, names in os.walk(asked.name):
        for name in names:
            require_regular_file(Path(place) / name)


def _rows(source: str, asked: DatasetName) -> Iterator[dict[str, Any]]:
    _refuse_special_files(source, asked)
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    try:
        import datasets
    except ImportError as error:
        raise CorpusError(
            f"corpus {source}: datasets of Hugging Face need the extra `hf`\n"
            "Install it: pip install 'neuron-tui[hf]', or save the text as .jsonl and name that file."
        ) from error
    for library in ("datasets", "huggingface_hub"):  # which tell of every try to reach the hub
        logging.getLogger(library).setLevel(logging.ERROR)
    try:
        rows = datasets.load_dataset(asked.name, asked.config, split=asked.split, streaming=True)
        yield from rows
    except Exception as error:
        raise _refusal(source, asked, error) from error


def _refusal(source: str, asked: DatasetName, error: Exception) -> CorpusError:
    """What went wrong with a dataset, in words."""
    import datasets

    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    if _is_offline(error):
        return CorpusError(
            f"corpus {source}: the Hugging Face hub cannot be reached\n"
            "Go online, unset HF_HUB_OFFLINE, or name a folder with the dataset: hf:./FOLDER:SPLIT."
        )
    if isinstance(error, datasets.exceptions.DatasetNotFoundError):
        return CorpusError(
            f"corpus {source}: no dataset {asked.name} on the hub, or none for you, and no folder of that name\n"
            "Correct the name, or sign in with: hf auth login."
        )
    return CorpusError(f"corpus {source}: it cannot be read ({reason})\n{_FORM}")


def _is_offline(error: BaseException) -> bool:
    """Whether an error, or what led to it, is of the network."""
    seen: BaseException | None = error
    while seen is not None:
        names = {kind.__name__ for kind in type(seen).__mro__}
        if names & {"ConnectionError", "OfflineModeIsEnabled", "ConnectError", "TimeoutException", "TimeoutError"}:
            return True
        seen = seen.__cause__ or seen.__context__
    return False
