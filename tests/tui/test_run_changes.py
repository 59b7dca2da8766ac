"""Renaming and deleting runs, and which jobs have ended: plain code that no widget is needed for."""

from dataclasses import replace
from pathlib import Path

import pytest

from neuron_tui.store.errors import RunError
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.catalog import RunSummary, list_runs
from neuron_tui.tui.browsing.job_ends import JobEnds, moved_on
from neuron_tui.tui.browsing.run_changes import Deletion, Renaming
from tests.tui.jobs_at_hand import a_status


@pytest.fixture
def by_name(own_runs: Path) -> dict[str, RunSummary]:
    return {run.name: run for run in list_runs(own_runs)}


def variant(run: RunSummary, name: str) -> RunSummary:
    """A variant of a run, as the catalogue lists it."""
    path = run.path / "variants" / name
    return replace(run, name=f"{run.name}@{name}", path=path, variant_of=run.name, size=1000)


def test_a_name_that_is_taken_or_no_name_is_objected_to(by_name: dict[str, RunSummary], own_runs: Path) -> None:
    renaming = Renaming(by_name["whole"], tuple(by_name.values()), own_runs)
    assert renaming.objection("few") == "There is a run called few."
    assert renaming.objection("a/b")
    assert renaming.objection("whole") == renaming.objection(" mine ") == ""
    assert renaming.done(" mine ") == "whole is now mine."
    assert renaming.carry_out(" mine ") == own_runs / "mine"
    assert {run.name for run in list_runs(own_runs)} == {"mine", "few", "partial", "short"}


def test_a_variant_is_named_with_its_run_or_without(by_name: dict[str, RunSummary], own_runs: Path) -> None:
    tight, loose = (variant(by_name["whole"], name) for name in ("tight", "loose"))
    renaming = Renaming(tight, (*by_name.values(), tight, loose), own_runs)
    assert (renaming.kind, renaming.old_name) == ("variant", "tight")
    assert renaming.new_name("whole@narrow") == renaming.new_name("narrow") == "narrow"
    assert renaming.objection("whole@loose") == "There is a variant called loose."
    assert renaming.done("narrow") == "whole@tight is now whole@narrow."


def test_a_deletion_names_what_goes_and_the_variants_that_go_with_it(by_name: dict[str, RunSummary]) -> None:
    whole, few = replace(by_name["whole"], size=2000), replace(by_name["few"], size=1000)
    below = [variant(whole, f"v{n}") for n in range(8)]
    one = Deletion.of([few], [few, whole, *below])
    assert one.question == "Delete the run few?"
    assert one.detail == f"1.0 kB in {few.path}. It cannot be brought back."
    for neuron in (0, 1):
        NotesFile(few.path).put(0, neuron, "", author="Ann", label="weather")
    assert one.detail == f"1.0 kB in {few.path}. 2 notes on neurons go too. They cannot be brought back."
    both = Deletion.of([few, whole], [few, whole, *below])
    assert both.question == "Delete 2 marked runs?"
    assert both.detail.startswith("With 8 variants: @v0, @v1, @v2, @v3, @v4, @v5 and 2 more. few (")
    assert both.detail.endswith("together. 2 notes on neurons go too. They cannot be brought back.")
    assert "notes" not in Deletion.of(below[:1], [whole, *below]).detail
    assert Deletion.of(below[:1], [whole, *below]).question == "Delete the variant whole@v0?"


def test_what_is_being_written_keeps_its_run_from_being_deleted(by_name: dict[str, RunSummary]) -> None:
    busy = replace(variant(by_name["whole"], "new"), state="running")
    assert Deletion.of([by_name["whole"]], [by_name["whole"], busy]).busy == (busy,)
    assert Deletion.of([by_name["few"]], [by_name["whole"], busy]).busy == ()


def test_what_cannot_be_deleted_does_not_keep_the_others(by_name: dict[str, RunSummary], own_runs: Path) -> None:
    gone = replace(by_name["few"], path=own_runs / "gone")
    with pytest.raises(RunError, match="gone"):
        Deletion.of([gone, by_name["whole"]], []).carry_out()
    assert not (own_runs / "whole").exists()


def test_an_end_is_noticed_once_and_only_of_jobs_seen_at_work() -> None:
    ends, run = JobEnds(), Path("run")
    assert ends.ended({run: a_status("done"), Path("none"): None}) == {}
    assert ends.ended({run: a_status("paused")}) == {}
    assert ends.ended({run: None}) == {}
    assert list(ends.ended({run: a_status("cancelled")})) == [run]
    assert ends.ended({run: a_status("cancelled")}) == {}


def test_a_job_has_moved_on_with_a_layer_or_another_condition() -> None:
    running = a_status("running")
    later = replace(running, job=running.job.model_copy(update={"done": running.job.done + 1}))
    next_layer = replace(running, job=running.job.model_copy(update={"place": running.job.place + 1}))
    assert not moved_on(running, later)
    assert moved_on(running, next_layer)
    assert moved_on(running, a_status("paused"))
    assert moved_on(None, running)
    assert not moved_on(None, None)
