"""Damage to a run in the app: found in the background, said, refused from then on, and mended."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from textual.screen import Screen

from neuron_tui.store import open_run
from neuron_tui.store.errors import RunBusyError, RunDamagedError
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, layer_file, read_manifest, write_manifest
from neuron_tui.tui.browsing.verifying import BackgroundVerification
from neuron_tui.tui.config import Config
from neuron_tui.tui.jobs.mending import MendPlan, plan_mending
from neuron_tui.tui.screens.explorer import verifying
from neuron_tui.tui.screens.explorer.browser import RunBrowser
from neuron_tui.tui.screens.explorer.verifying import Verifying
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import at_work, put_job
from tests.tui.runs_driving import choose


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_BEGIN_AFTER", 0.01)
    monkeypatch.setattr(verifying, "_AT_REST", 0.0)


def read_through(verification: BackgroundVerification) -> None:
    verification.start()
    verification._thread.join()


def put_another(run: Path) -> None:
    """Have a layer's file be none that was written, though each of its numbers can be read."""
    manifest = read_manifest(run)
    another = manifest.layers[1].model_copy(update={"sha256": "0" * 64})
    write_manifest(run, manifest.model_copy(update={"layers": manifest.layers | {1: another}}))


def test_a_sound_run_is_read_through_once(copy: Path) -> None:
    found: list[dict[str, str]] = []
    waited: list[bool] = []

    def busy() -> bool:
        waited.append(True)
        return len(waited) == 1

    read_through(BackgroundVerification(copy, in_view=lambda: 2, busy=busy, found=found.append))
    assert found == []
    read = len(waited)
    assert read >= len(open_run(copy).manifest.files)
    read_through(BackgroundVerification(copy, in_view=lambda: 2, busy=busy, found=found.append))
    assert len(waited) == read


def test_the_layer_in_view_is_read_after_the_corpus(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(
        "neuron_tui.tui.browsing.verifying.verify_once", lambda path, entry, read: order.append(path.name)
    )
    read_through(BackgroundVerification(copy, in_view=lambda: 2, busy=lambda: False, found=lambda _: None))
    assert order == ["corpus.h5", "layer_002.h5", "layer_000.h5", "layer_001.h5"]


def test_damage_is_said_marked_and_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_BEGIN_AFTER", 3600.0)  # once all is shown, however long that takes
    monkeypatch.setattr(verifying, "_AT_REST", 0.0)
    put_another(copy)

    async def look(person: Person) -> None:
        person.explorer.verifying.verification.start()
        await person.sees("layers/layer_001.h5 has been altered", "damaged: layers/layer_001.h5", "E mends")
        await person.press("colon")
        await person.type("1:3")
        await person.press("enter")
        await person.sees("restore")  # of the words in the pane one that no width breaks
        with pytest.raises(RunDamagedError, match="layer_001"):
            open_run(copy)
        assert person.explorer.verifying.damaged.keys() == {layer_file(1)}
        await person.press("q")
        await person.sees("Runs", "damaged")

    drive(copy.parent, look, run=copy)


@pytest.mark.parametrize("verify", [True, False])
def test_the_settings_can_leave_it_out(copy: Path, verify: bool) -> None:
    begun: list[object] = []

    class Shown:
        app = SimpleNamespace(config=Config(verify=verify))
        set_interval = set_timer = staticmethod(lambda after, what: begun.append(what))

    shown = Verifying(cast("Screen[None]", Shown()), copy, cast("RunBrowser", None))
    shown.start()
    assert (shown.verification.start in begun) == verify


def test_damage_stays_told_while_no_list_of_files_can_be_read(copy: Path) -> None:
    put_another(copy)
    verification = BackgroundVerification(copy, in_view=lambda: None, busy=lambda: False, found=lambda _: None)
    damaged, _ = verification._look({})
    assert damaged.keys() == {layer_file(1)}
    (copy / MANIFEST).unlink()
    assert verification._look(damaged) == (damaged, False)


@pytest.mark.parametrize("refused", [None, "the text has changed: prose"], ids=["can be made again", "cannot"])
def test_mending_says_what_it_will_do_and_asks(own_runs: Path, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    (own_runs / "whole" / CORPUS_FILE).unlink()
    begun: list[Path] = []
    plan = MendPlan("whole", (CORPUS_FILE, layer_file(2)), refused)
    monkeypatch.setattr("neuron_tui.tui.screens.mending.plan_mending", lambda folder: plan)
    monkeypatch.setattr("neuron_tui.tui.screens.mending.start_mending", lambda folder: begun.append(folder) or folder)

    async def mend(person: Person) -> None:
        await choose(person, "whole")
        await person.sees("corpus.h5 is missing", "E mend")
        await person.press("E")
        if refused:
            await person.sees("Cannot be mended", "the text has changed: prose")
            return
        await person.sees("Mend the run whole?", "corpus.h5, layers/layer_002.h5", "All other files stay")
        await person.press("y")
        await person.until(lambda: begun == [own_runs / "whole"])

    drive(own_runs, mend)


def test_the_engine_looks_at_the_whole_run_as_its_model_was_run(
    own_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    class Answer:
        def __init__(self, arguments: tuple[str, ...]) -> None:
            asked.append(arguments)

        def run(self, _: object) -> dict[str, object]:
            variants = {"loose": {layer_file(0): "is missing"}}
            return {"run": "whole", "damaged": {CORPUS_FILE: "is missing"}, "variants": variants, "refused": None}

    monkeypatch.setattr("neuron_tui.tui.jobs.mending.EngineAnswer", Answer)
    run = own_runs / "whole"
    put_job(run, arguments=("opt", "--corpus", "x.txt", "--device", "cuda:1", "--allow-pickle", "--name", "whole"))
    plan = plan_mending(run)
    assert plan.files == (CORPUS_FILE, "variants/loose/layers/layer_000.h5")
    assert asked == [("mend", str(run), "--device", "cuda:1", "--allow-pickle", "--dry-run", "--json")]
    with at_work(run), pytest.raises(RunBusyError, match="is being written"):
        plan_mending(run)
