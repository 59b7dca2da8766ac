"""Filters worth keeping: those people save, and the last ones they used. One small file for all runs."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import write_text
from neuron_tui.tui.remembered.state import state_directory

_RECENT = 20


class SavedFilters(BaseModel):
    """Queries: `saved` in the order they were saved, `recent` with the latest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    saved: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()

    def used(self, query: str) -> SavedFilters:
        """With a query as the latest used."""
        recent = tuple(dict.fromkeys((query, *self.recent)))[:_RECENT] if query else self.recent
        return self.model_copy(update={"recent": recent})

    def toggled(self, query: str) -> SavedFilters:
        """With a query saved, or no longer so if it was."""
        kept = tuple(q for q in self.saved if q != query)
        return self.model_copy(update={"saved": kept if query in self.saved else (*kept, query)})


def filters_path() -> Path:
    """The file they are kept in."""
    return state_directory() / "filters.json"


def read_filters() -> SavedFilters:
    """Read them; a file that is missing or cannot be read holds none."""
    try:
        return SavedFilters.model_validate_json(filters_path().read_bytes())
    except (OSError, ValidationError):
        return SavedFilters()


def write_filters(filters: SavedFilters) -> None:
    """Keep them; raises OSError or InputError where that cannot be written."""
    path = filters_path()
    changes.make_folders(path.parent)
    write_text(path, filters.model_dump_json(indent=1) + "\n")
