"""Whatever a run, a path or a message holds: nothing of it acts, and no column moves, on any screen."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from textual.screen import Screen
from textual.widgets import Input

from neuron_tui.store import open_run
from neuron_tui.store.errors import InputError
from neuron_tui.store.findings.figures import NAMES
from neuron_tui.store.neurons.causal import CausalRecord, keep_causal
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.store.tokens import printable
from neuron_tui.tui.jobs.estimate import Refused
from neuron_tui.tui.remembered.saved_filters import SavedFilters, write_filters
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.causal.causal import Causal
from neuron_tui.tui.screens.comparison.compare import Compare
from neuron_tui.tui.screens.comparison.tokens import TokenOverlap
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.explorer.firing import Firing
from neuron_tui.tui.screens.explorer.similar import Similar
from neuron_tui.tui.screens.export import NAMES as FORMAT_NAMES
from neuron_tui.tui.screens.export import Export
from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction
from neuron_tui.tui.screens.figures.figures import Figures
from neuron_tui.tui.screens.figures.team import Team
from neuron_tui.tui.screens.live.live import Live
from neuron_tui.tui.screens.runs.check import Check
from neuron_tui.tui.screens.runs.job_log import JobLog
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.terminal.clipboard import copy, osc_52
from neuron_tui.tui.widgets.form.corpus_parts import PartRow
from neuron_tui.tui.widgets.form.fields import Field
from neuron_tui.tui.widgets.preview import PreviewPane
from tests.causal_records import measured
from tests.hostile import FORMS, NAME, TEXTS, acting, aligned, cells
from tests.synthetic import HOSTILE, HOSTILE_IDS, build_run, form
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import at_work, put_job
from tests.tui.runs_driving import listed, run_list
from tests.tui.test_live import Model

SIZES = [(80, 24), (120, 36), (200, 60)]
FOLDED_AND_WHOLE = [SIZES[0], SIZES[2]]
"""One pane at a time, and all of them."""
DOMAINS = (NAME, "\u0301[b]\x07" + "日" * 40, "مرحبا\u202e")
LAYERS, NEURONS = 2, 110

Look = Callable[[Person], Awaitable[None]]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run in which every token, the domains and the model are hostile. To be read only."""
    # A name that a folder can have, which is nearly any.
    folder = tmp_path_factory.mktemp("hostile") / NAME.replace("/", "").replace("\x00", "")
    build_run(
        folder / "whole",
        layers=LAYERS,
        neurons=NEURONS,
        sequences=12,
        domains=DOMAINS,
        model=f"hub/{NAME}",
        keep_activations=True,
        extra=FORMS,
    )
    notes = NotesFile(folder / "whole")
    for neuron, text in enumerate((*TEXTS, NAME)):
        written = text.encode("utf-8", "replace").decode()
        notes.put(0, neuron, "", author=f"a {written}"[:100], label=written[:200], text=f"{written}\n{written}")
    keep_causal(folder / "whole", measurements())
    return folder


def measurements() -> list[CausalRecord]:
    """What silencing neurons did, kept in words of somebody's own: the filters, and tokens that are hostile."""
    alone = [measured(0, row, triggers=tuple(HOSTILE_IDS[row % 8 : row % 8 + 3])) for row in range(12)]
    return alone + [measured(1, row, row + 1, where=text, triggers=HOSTILE_IDS[:5]) for row, text in enumerate(TEXTS)]


def test_every_hostile_token_is_what_some_neuron_fires_on(hostile: Path) -> None:
    run = open_run(hostile / "whole")
    tops = [record.triggers[1].top for layer in run.layers.values() for record in layer.records(np.arange(NEURONS))]
    assert {*FORMS, *map(form, HOSTILE)} <= {top[0].forms[0] for top in tops if top}


def sound(person: Person) -> None:
    """Nothing on the screen acts, each line takes its cells, and every border stands in its column."""
    width = person.app.size.width
    lines = person.lines()
    for line in lines:
        assert not acting(line), ascii(line)
        assert aligned(line, width), ascii(line)
    grid = [cells(line) for line in lines]
    for screen in person.app.screen_stack[-1:]:
        borders_stand(screen, grid)


def borders_stand(screen: Screen[object], grid: Sequence[Sequence[str]]) -> None:
    """Left and right borders of the widgets in sight are there in every row of theirs."""
    for widget in screen.walk_children():
        if not widget.display or not widget.region or not widget.is_on_screen:
            continue
        region = widget.region.intersection(screen.region)
        if region != widget.region:
            continue  # scrolled half out of sight
        for side, column in (("left", region.x), ("right", region.right - 1)):
            if getattr(widget.styles, f"border_{side}")[0] in ("", "none", "hidden", "blank"):
                continue
            rows = [row for row in range(region.y + 1, region.bottom - 1) if not _covered(screen, column, row)]
            seen = {grid[row][column] for row in rows}
            assert len(seen) <= 1 and seen <= set("│┃║▏▕▎▊█▌▐"), (widget, side, seen)


def _covered(screen: Screen[object], column: int, row: int) -> bool:
    """Whether a message lies over a cell."""
    return any(toast.region.contains(column, row) for toast in screen.query("Toast"))


async def everywhere(person: Person, keys: Sequence[str], settled: Callable[[], Awaitable[None]]) -> None:
    """Press keys one by one and look at each screen that comes."""
    sound(person)
    for key in keys:
        await person.press(key)
        await settled()
        sound(person)


@pytest.mark.parametrize("size", FOLDED_AND_WHOLE)
def test_the_explorer_in_each_state_of_its_panes(hostile: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        keys = ["g", *["pagedown"] * 6, "a", "2", *["pageup"] * 4, "3", *["pagedown"] * 3, "1", "s", "escape"]
        await everywhere(person, [*keys, "m", "*", "*", "enter", "escape", "?", "escape"], person.settled)

    drive(hostile, look, run=hostile / "whole", size=size)


def test_the_neuron_of_every_hostile_token(hostile: Path) -> None:
    async def look(person: Person) -> None:
        await everywhere(person, ["enter"], person.settled)
        for _ in range(LAYERS * NEURONS - 1):
            await everywhere(person, ["n"], person.settled)
        assert person.address == (LAYERS - 1, NEURONS - 1)

    drive(hostile, look, run=hostile / "whole", size=(80, 24))


@pytest.mark.parametrize(
    ("size", "neuron"), [*((SIZES[0], neuron) for neuron in (2, 5, 9)), (SIZES[1], 9), (SIZES[2], 70)]
)
def test_the_neuron_pane_in_all_its_modes(hostile: Path, size: tuple[int, int], neuron: int) -> None:
    async def look(person: Person) -> None:
        await person.press(":", *f"0:{neuron}", "enter")
        await person.until(lambda: person.address == (0, neuron))
        walk = [*["down"] * 5, "f", "f", "}", "down", "right", "right", "}", "z", "right", "z", "d", "d", "}"]
        await everywhere(
            person, ["enter", *walk, "down", ".", ".", "w", "space", "w", "space", "G", "w"], person.settled
        )

    drive(hostile, look, run=hostile / "whole", size=size)


@pytest.mark.parametrize("size", FOLDED_AND_WHOLE)
def test_the_neurons_that_fire_on_it(hostile: Path, size: tuple[int, int]) -> None:
    run = open_run(hostile / "whole")

    async def look(person: Person) -> None:
        table = person.explorer.opened.table
        for neuron in range(12, NEURONS, 25):
            (token,) = run.layers[0].neuron(neuron).triggers[1].top[0].ids
            screen = Firing(run, (token,), NAME * 3, table)
            person.app.push_screen(screen)
            await person.until(lambda screen=screen: screen.is_current and screen.rows.count)
            await everywhere(person, ["down", "s", "?", "escape"], _nothing)
            await person.press("escape")
        similar = Similar(run, (0, 20), 1, printable(NAME * 3))
        person.app.push_screen(similar)
        await person.until(lambda: similar.is_current and similar.rows.count and not similar.searching)
        await everywhere(person, ["down", "i", "escape", "?", "escape"], _nothing)
        await person.press("escape")

    drive(hostile, look, run=hostile / "whole", size=size)


async def _nothing() -> None:
    pass


@pytest.mark.parametrize("size", [SIZES[0]])
def test_notes_and_what_silencing_did(hostile: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        await person.press("Z")
        await person.until(lambda: isinstance(person.app.screen, Causal) and not person.app.screen.under_way)
        await everywhere(person, [*["pagedown"] * 3, "s", "escape", "m", "escape", "?", "escape"], _nothing)
        await person.press("escape")
        await everywhere(person, ["N", "escape", "C", "down", "right"], _nothing)

    drive(hostile, look, run=hostile / "whole", size=size)


@pytest.mark.parametrize("size", [SIZES[1]])
def test_a_model_that_reads_and_says_hostile_things(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr("neuron_tui.tui.screens.live.talk.ModelProcess", HostileModel)
    monkeypatch.setattr(Live, "_texts", {})

    async def look(person: Person) -> None:
        await everywhere(person, ["R", *"\x1b日", "enter"], _nothing)
        await person.until(lambda: person.app.screen.query("TokenGrid") and " fire in layer" in person.screen())
        await everywhere(person, [*["right"] * 4, *["left"] * 4, "down", "z", "y", "u", "tab", "down"], _nothing)
        await everywhere(person, ["slash", "escape", "?", "escape"], _nothing)

    drive(hostile, look, run=hostile / "whole", size=size)


class HostileModel(Model):
    """A model whose tokens are hostile; the text that it was given as well."""

    rows: ClassVar[list[int]] = [0, 20, 30]

    def _read(self, about: dict[str, Any]) -> dict[str, Any]:
        said = super()._read({**about, "text": " ".join(["x"] * 40)})
        said["counts"] = said["counts"][:LAYERS]
        for place, token in enumerate(said["tokens"]):
            token["text"] = FORMS[place * 3 % len(FORMS)]
        for come in (said["next"], (said["ablated"] or {"next": []})["next"]):
            for place, tokens in enumerate(come):
                come[place] = [{**one, "text": FORMS[(place * 2 + at) % len(FORMS)]} for at, one in enumerate(tokens)]
        return said

    def _writes(self, about: dict[str, Any]) -> dict[str, Any]:
        said = super()._writes(about)
        said["way"] |= {name: said["way"][name][:LAYERS] for name in ("attention", "feed_forward")}
        return said | {"targets": [{"id": about["targets"][0], "text": form(NAME.encode())}]}

    def _moved(self, about: dict[str, Any]) -> list[dict[str, Any]]:
        (moved,) = super()._moved(about)
        return [{**moved, "text": text} for text in FORMS[:40]]


@pytest.fixture
def hostile_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of runs whose folders, jobs, logs and manifests say hostile things."""
    for place, text in enumerate(
        ["a", NAME, "\udcff\x9bbytes", "\u0301" + "日" * 40, "[red]x[/red]", "=1+1", "🇫🇷👍🏽"]
    ):
        folder = tmp_path / f"{text.replace('/', '').replace(chr(0), '')}"
        build_run(folder, layers=2, neurons=12, sequences=1, finished=place % 3, domains=DOMAINS, model=TEXTS[place])
        if place == 3:
            (folder / "run.json").write_text('{"format_version": 2, "' + "\\u001b[31m\\ud83d" + '": "\\u202e"}')
        (folder / "stray\x1b[31m\u202e\udc9b").write_bytes(b"")
        state = ("failed", "cancelled", "running", "done", "failed", "paused", "starting")[place]
        texts = {"problem": "\n".join(TEXTS), "stage": NAME, "unit": NAME, "host": NAME} if place else {}
        put_job(folder, "\n".join(TEXTS) * 3, state=state, **texts, arguments=(NAME, "--corpus", NAME, "--name", "x"))
    monkeypatch.setattr("neuron_tui.tui.jobs.jobs.start_job", _refuses)
    put_job(tmp_path / "only\x1ba job", NAME, state="failed", problem="\x1b[2J" + NAME * 40, place=0, layers=0)
    return tmp_path


def _refuses(*_: object) -> Path:
    raise InputError(f"{NAME}\n{NAME}")


@pytest.mark.parametrize("size", [(80, 24)])
def test_the_runs_their_jobs_and_their_logs(hostile_runs: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        await listed(person)
        assert len(run_list(person).runs) == 8
        for _ in run_list(person).runs:
            sound(person)
            selected = run_list(person).selected
            await everywhere(person, ["m", "R", "ctrl+e", "escape", "d", "escape"], _nothing)
            await person.press("L")
            await person.until(lambda: isinstance(person.app.screen, JobLog) and person.app.screen.query("LogLines"))
            await everywhere(person, ["g", "G", "escape"], _nothing)
            if selected and selected.manifest and selected.state != "running":
                await person.press("v")
                await person.until(lambda: isinstance(person.app.screen, Check) and person.app.screen.check.state.over)
                await everywhere(person, ["j", "escape"], _nothing)
            for key in ("e", "p", "N", "enter"):
                await person.press(key)
                sound(person)
                await person.press("escape")
                await person.until(lambda: isinstance(person.app.screen, Runs))
            await person.press("j")
        await person.press("/")
        await everywhere(person, list("\x1b[\u202e\u0301\u200d日🇫🇷 =[b]"), _nothing)
        await everywhere(person, ["enter", "escape", "?"], _nothing)

    drive(hostile_runs, look, size=size)


@pytest.mark.parametrize("size", [(80, 24)])
def test_figures_and_the_team(hostile: Path, hostile_runs: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        whole = [run.path for run in list_runs(hostile_runs) if run.manifest and run.manifest.complete]
        screen = Figures([hostile / "whole", *whole])
        person.app.push_screen(screen)
        await person.until(lambda: screen.is_current and not screen.under_way)
        for _ in range(len(NAMES)):
            await person.until(lambda: screen.browser.up_to_date)
            await everywhere(person, ["t", "G", "t", "a", "x", "escape", "right"], _nothing)
        await person.press("q")
        team = Team(open_run(hostile / "whole"), 0)
        person.app.push_screen(team)
        await person.until(lambda: team.is_current and person.app.idle)
        await everywhere(person, ["right", "?", "escape"], _nothing)

    drive(hostile_runs, look, size=size)


@pytest.mark.parametrize("size", FOLDED_AND_WHOLE)
def test_a_comparison_and_its_tokens(hostile: Path, hostile_runs: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        whole = [run.path for run in list_runs(hostile_runs) if run.manifest and run.manifest.complete]
        screen = Compare([hostile / "whole", *whole])
        person.app.push_screen(screen)
        await person.until(lambda: screen.is_current and not screen.under_way)
        for _ in range(len(screen.browser.listed)):
            await person.until(lambda: screen.browser.up_to_date)
            await everywhere(person, ["t", "G", "t", "x", "escape", "right"], _nothing)
        tokens = TokenOverlap(*screen.reading.runs[:2])
        person.app.push_screen(tokens)
        await person.until(lambda: tokens.is_current and not tokens.under_way)
        await everywhere(person, ["G", "right", "x", "escape", "right", "?", "escape"], _nothing)

    drive(hostile_runs, look, size=size)


def _previewed(screen: Export) -> str | None:
    return next((pane.preview.format for pane in screen.query(PreviewPane) if pane.preview), None)


FORMATS = tuple(FORMAT_NAMES)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_preview_of_an_export(hostile: Path, format_: str) -> None:
    async def look(person: Person) -> None:
        for neuron in range(9, NEURONS, 50):
            chosen = [(0, neuron), (1, neuron), (0, 0)]
            screen = Export(open_run(hostile / "whole"), sorted(chosen), f'trigger:"{NAME}"')
            person.app.push_screen(screen)
            await person.until(lambda screen=screen: screen.is_current and _previewed(screen))
            for _ in range(FORMATS.index(format_)):
                await person.press("ctrl+t")
            await person.until(lambda screen=screen: _previewed(screen) == format_)
            sound(person)
            screen.query_one(PreviewPane).focus()
            await everywhere(person, [*["space"] * 6, "G"], _nothing)
            await person.press("escape")

    drive(hostile, look, run=hostile / "whole", size=SIZES[0])


@pytest.mark.parametrize("size", [(80, 24)])
def test_the_line_for_filters_and_what_it_suggests(hostile: Path, size: tuple[int, int]) -> None:
    filters = SavedFilters(saved=tuple(f"trigger:{text}" for text in TEXTS), recent=TEXTS)

    async def look(person: Person) -> None:
        write_filters(filters)
        await person.press("/")
        await everywhere(person, ["down"] * 30, _nothing)
        for text in (*TEXTS, NAME):
            await person.until(lambda: person.app.screen.query(Input))
            person.app.screen.query_one(Input).value = text
            await everywhere(person, ["down", "home", "end"], _nothing)
        await person.press("escape")
        for text in TEXTS[:40:4]:
            await person.until(lambda: isinstance(person.app.screen, Explorer))
            await person.press("w")
            await person.until(lambda: person.app.screen.query(Input))
            person.app.screen.query_one(Input).value = text
            await person.press("enter")
            for _ in range(2):  # the explorer is in sight until a thread has found what comes after the line
                await person.until(lambda: all(worker.is_finished for worker in person.app.workers))
                await person.until(lambda: person.app.quiet)
            await person.until(lambda: isinstance(person.app.screen, Explorer | Firing | Choose))
            sound(person)
            if not isinstance(person.app.screen, Explorer):
                await person.press("escape")

    drive(hostile, look, run=hostile / "whole", size=size)


@pytest.mark.parametrize("size", [(80, 24)])
def test_the_form_what_it_suggests_and_what_it_says(
    hostile_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    here = tmp_path / "here"
    names = {text.replace("/", "").replace("\x00", "")[:60] for text in TEXTS} - {"", ".", ".."}
    for name in (*names, "\udcff\udc9b31m"):
        (here / "sources" / f"{name}.txt").parent.mkdir(parents=True, exist_ok=True)
        (here / "sources" / f"{name}.txt").write_text(NAME)
        (here / "models" / name).mkdir(parents=True)
        (here / "models" / name / "config.json").write_text('{"num_hidden_layers": "\\u001b", "model_type": "\\u202e"}')
    monkeypatch.chdir(here)
    monkeypatch.setenv("HF_HUB_CACHE", str(here / "cache"))
    for name in names:
        (here / "cache" / f"models--{name}").mkdir(parents=True)

    async def look(person: Person) -> None:
        screen = NewExtraction(hostile_runs, ask=_Refusing, start=_refuses)
        person.app.push_screen(screen)
        await person.until(lambda: screen.is_current and screen.disk.check is not None and screen.fields.known)
        source = screen.query(PartRow).first(PartRow).source
        for line, text in ((screen.query_one("#field-model", Field), "models/"), (source, "sources/")):
            line.focus()
            line.put("")
            await everywhere(person, ["ctrl+l", "end", "escape"], _nothing)
            line.put(text)
            await everywhere(person, ["ctrl+l"], _nothing)
            await everywhere(person, ["down"] * 40, _nothing)
            await everywhere(person, ["enter"], _nothing)
            for typed in (*TEXTS[::3], NAME, "models/" + NAME, *(f"sources/{name}.txt" for name in sorted(names)[::6])):
                line.put(typed)
                await everywhere(person, ["home", "end"], _nothing)
        await everywhere(person, ["ctrl+e", "ctrl+s"], _nothing)

    drive(hostile_runs, look, size=size)


class _Refusing:
    """Stands in for an engine whose answer is hostile."""

    def __init__(self, _: Callable[[], Sequence[str]]) -> None:
        pass

    def run(self) -> Refused:
        return Refused("model", f"{NAME}\n{NAME}")

    def stop(self) -> None:
        pass


@pytest.mark.parametrize("text", [*TEXTS, NAME])
def test_what_is_copied_acts_nowhere_it_is_pasted(text: str) -> None:
    class Copying:
        """As much of an app as copying needs."""

        _driver = None
        copied = ""

        def copy_to_clipboard(self, text: str) -> None:
            self.copied = text

    app = Copying()
    assert copy(app, text)  # type: ignore[arg-type]
    assert not acting(app.copied)
    (sequence,) = osc_52(app.copied, {}) or ()
    payload = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert payload
    assert base64.b64decode(payload[1]).decode() == app.copied


@pytest.mark.parametrize("size", [SIZES[0]])
def test_a_run_that_is_being_written(hostile: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    folder = build_run(tmp_path / "part", layers=3, neurons=12, finished=1, domains=DOMAINS, model=NAME, extra=FORMS)

    async def look(person: Person) -> None:
        await everywhere(person, ["r", "enter", "escape", "?", "escape"], _nothing)

    with at_work(folder, stage=NAME, unit=NAME, place=1, layers=3):
        drive(tmp_path, look, run=folder, size=size)
