"""States of runs, what a filter finds, and the order of the list."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neuron_tui.store.runs.catalog import RunSummary, list_runs
from neuron_tui.tui.browsing.run_order import (
    SORTS,
    STATES,
    RunListQuery,
    arrange_runs,
    created_text,
    layers_done,
    model_name,
    resumable,
    state_of,
)
from neuron_tui.tui.screens.runs.keys import keys_for
from neuron_tui.tui.widgets.columns import column_at, fit_columns
from neuron_tui.tui.widgets.runs.run_list import COLUMNS
from tests.tui.jobs_at_hand import a_status


@pytest.fixture
def by_name(runs: Path) -> dict[str, RunSummary]:
    return {run.name: run for run in list_runs(runs)}


def found(runs: dict[str, RunSummary], words: str) -> list[str]:
    return [run.name for run in arrange_runs(list(runs.values()), RunListQuery(words))]


@pytest.mark.parametrize(
    ("of_run", "of_job", "shown", "goes_on"),
    [
        ("complete", None, "complete", False),
        ("complete", "done", "complete", False),
        ("complete", "died", "complete", False),
        ("partial", None, "partial", True),
        ("partial", "done", "partial", True),
        ("partial", "cancelled", "cancelled", True),
        ("partial", "failed", "failed", True),
        ("partial", "died", "died", True),
        ("running", "starting", "starting", False),
        ("running", "running", "running", False),
        ("running", "paused", "paused", False),
        ("running", None, "running", False),
        ("running", "died", "running", False),  # another process writes it by now
        ("damaged", "failed", "damaged", False),
    ],
)
def test_the_state_shown_is_the_jobs_where_that_says_more(
    by_name: dict[str, RunSummary], of_run: Any, of_job: Any, shown: str, goes_on: bool
) -> None:
    run = replace(by_name["whole"], state=of_run, job=None if of_job is None else a_status(of_job))
    assert state_of(run) == shown
    assert shown in STATES
    assert resumable(run) is goes_on
    assert len(keys_for(run)) <= 7
    assert ("runs.resume" in [key.name for key in keys_for(run)]) is goes_on


def test_all_words_must_occur_in_name_model_domains_or_state(by_name: dict[str, RunSummary]) -> None:
    assert found(by_name, "") == ["few", "partial", "short", "whole"]
    assert found(by_name, "SYNTHETIC w") == ["few", "whole"]
    assert found(by_name, "prose complete") == ["few", "short", "whole"]
    assert found(by_name, "math partial") == ["partial"]
    assert found(by_name, "fewsynthetic") == []
    died = {"a": replace(by_name["partial"], job=a_status("died"))}
    assert found(died, "died") == found(died, "partial") == ["partial"]


def test_equal_runs_come_by_name_and_the_other_way_round_turns_the_rest(by_name: dict[str, RunSummary]) -> None:
    by_model = [run.name for run in arrange_runs(list(by_name.values()), RunListQuery(column="model"))]
    assert by_model == ["few", "partial", "short", "whole"]
    sizes = [run.size for run in arrange_runs(list(by_name.values()), RunListQuery(column="size", descending=True))]
    assert sizes == sorted(sizes, reverse=True)


def test_every_column_sorts_every_kind_of_run(by_name: dict[str, RunSummary]) -> None:
    only_job = RunSummary("begun", Path("begun"), "partial", 500, None, "no key `text`", a_status("failed"))
    unreadable = RunSummary("odd", Path("odd"), "damaged", 9, None, "run.json: no JSON")
    every = [*by_name.values(), only_job, unreadable]
    assert {key for key, _ in SORTS} == {column.key for column in COLUMNS}
    for key, _ in SORTS:
        for descending in (False, True):
            assert len(arrange_runs(every, RunListQuery(column=key, descending=descending))) == len(every)
    assert created_text(only_job) == "2026-11-20 08:00"
    assert model_name(only_job) == "pocket-opt"
    assert layers_done(only_job) == (6, 24)
    assert (created_text(unreadable), model_name(unreadable), layers_done(unreadable)) == ("", "", (0, 0))


def test_a_column_sorts_as_suits_it_and_then_the_other_way() -> None:
    wish = RunListQuery("opt")
    assert wish.sorted_by("name") == RunListQuery("opt", "name", True)
    assert wish.sorted_by("size") == RunListQuery("opt", "size", True)
    assert wish.sorted_by("model") == RunListQuery("opt", "model", False)


@pytest.mark.parametrize("room", [10, 40, 77, 117, 197])
@pytest.mark.parametrize("sorting", ["name", "created", "corpus"])
def test_columns_keep_to_the_room_and_the_one_that_sorts_stays(room: int, sorting: str) -> None:
    fitted = fit_columns(COLUMNS, room, {"name": 60, "model": 30, "corpus": 30, "created": 16}, sorting)
    assert fitted[0][0].key == "name"
    if room >= 40:
        assert sum(width + 1 for _, width in fitted) <= room
        assert sorting in [column.key for column, _ in fitted]
    left = 0
    for column, width in fitted:
        assert column_at(fitted, left) == column_at(fitted, left + width) == column.key
        left += width + 1
    assert column_at(fitted, left) is None
