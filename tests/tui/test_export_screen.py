import base64
import json
import os
import re
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from neuron_tui.store import open_run
from neuron_tui.tui.reports.export_preview import LINES, preview
from neuron_tui.tui.reports.report import write_report
from neuron_tui.tui.screens import export as export_module
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.export import NAMES, Export
from neuron_tui.tui.screens.help import Help
from neuron_tui.tui.terminal.clipboard import LONGEST, copy, osc_52
from neuron_tui.tui.widgets.form.fields import Pick
from neuron_tui.tui.widgets.preview import PreviewPane
from tests.tui.driving import Person, drive

FORMATS = tuple(NAMES)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Reports go into an empty directory, and what is copied not to a tmux that the tests run in."""
    monkeypatch.delenv("TMUX", raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def asked(
    runs: Path,
    neurons: Sequence[tuple[int, int]],
    act: Callable[[Person, list[Path | None]], Awaitable[None]],
    *,
    chosen_by: str = "",
    size: tuple[int, int] = (120, 36),
) -> None:
    """Let a person act in the export of some neurons of the run `whole`; what it gives back is put in the list."""
    run = open_run(runs / "whole")

    async def scenario(person: Person) -> None:
        answers: list[Path | None] = []
        person.app.push_screen(Export(run, neurons, chosen_by), answers.append)
        await person.until(lambda: isinstance(person.app.screen, Export) and shown(person) is not None)
        await act(person, answers)

    drive(runs, scenario, run=runs / "whole", size=size)


def shown(person: Person) -> str | None:
    """The format of the preview in sight."""
    return next((pane.preview.format for pane in person.app.screen.query(PreviewPane) if pane.preview), None)


async def put(person: Person, name: str) -> None:
    """Type another file name."""
    await person.press("ctrl+u")
    await person.type(name)


def test_marked_neurons_are_exported_from_the_explorer_and_the_place_is_said(runs: Path, here: Path) -> None:
    async def export(person: Person) -> None:
        await person.press("down", "m", "G", "m")
        await person.sees("◆")
        await person.press("x")
        await person.sees("Export 2 marked neurons", "whole-2-neurons.md")
        await person.press("enter")
        await person.sees("2 neurons written, path copied:")
        assert person.app.clipboard == str(here / "whole-2-neurons.md")
        await person.press("x")
        await put(person, "whole.json")
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer))

    drive(runs, export, run=runs / "whole")
    assert "2 marked neurons" in (here / "whole-2-neurons.md").read_text()
    records = json.loads((here / "whole.json").read_text())
    assert [(r["layer"], r["neuron"]) for r in records] == [(0, 1), (3, 63)]


def test_the_title_says_which_neurons(runs: Path) -> None:
    for neurons, chosen_by, title in (
        ([(0, 7)], "", "Export neuron 0:7"),
        ([(0, 7)], "marked", "Export 1 marked neuron"),
        ([(0, 1), (0, 2)], "type:token [b]", "Export 2 neurons that match type:token [b]"),
        ([(0, 1), (0, 2)], "", "Export 2 neurons"),
    ):

        async def look(person: Person, _: list[Path | None], title: str = title) -> None:
            await person.sees(f"{title} ")

        asked(runs, neurons, look, chosen_by=chosen_by)


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_reached_by_key_is_previewed_and_written(runs: Path, here: Path, form: str) -> None:
    neurons = [(0, 1), (0, 9)]
    run = open_run(runs / "whole")

    async def write(person: Person, answers: list[Path | None]) -> None:
        for _ in range(FORMATS.index(form)):
            await person.press("ctrl+t")
        await person.sees(f"● {NAMES[form]}", f"whole-2-neurons.{form}")
        await person.until(lambda: shown(person) == form)
        await person.press("enter")
        await person.until(lambda: answers)
        assert answers == [Path(f"whole-2-neurons.{form}")]

    asked(runs, neurons, write, chosen_by="marked")
    write_report(run, neurons, form, here / "expected", chosen_by="marked")
    assert (here / f"whole-2-neurons.{form}").read_bytes() == (here / "expected").read_bytes()


def test_the_ending_chooses_the_format_and_the_format_the_ending(runs: Path) -> None:
    async def switch(person: Person, _: list[Path | None]) -> None:
        pick = person.app.screen.query_one(Pick)
        field = person.app.screen.query_one("#export-path", Input)
        await put(person, "mine.HTM")
        await person.until(lambda: pick.value == "HTML" and shown(person) == "html")
        assert field.value == "mine.HTM"
        await person.press("ctrl+t")
        await person.until(lambda: field.value == "mine.json" and pick.value == "JSON")
        await put(person, "mine")
        await person.press("ctrl+t")
        await person.until(lambda: field.value == "mine.jsonl")
        await person.press("shift+tab", "right")
        await person.until(lambda: field.value == "mine.csv" and shown(person) == "csv")

    asked(runs, [(0, 1)], switch)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_the_preview_shows_the_beginning_and_scrolls(runs: Path, size: tuple[int, int]) -> None:
    async def read(person: Person, _: list[Path | None]) -> None:
        await person.sees("Preview: the first 3 of 64 neurons", "# 3 neurons of", "enter write", "esc leave")
        await person.press("tab", "G")
        pane = person.app.screen.query_one(PreviewPane)
        await person.until(lambda: pane.scroll_offset.y > 0)
        await person.press("g")
        await person.sees("# 3 neurons of")
        for form in FORMATS[1:]:
            await person.press("ctrl+t")
            await person.until(lambda form=form: shown(person) == form)
            for line in person.lines():
                assert cell_len(line) == size[0]
                assert all(c.isprintable() for c in line), ascii(line)

    asked(runs, [(0, i) for i in range(64)], read, size=size)


def test_previews_say_what_the_report_says_and_hold_nothing_that_acts(runs: Path) -> None:
    run = open_run(runs / "whole")
    for form in FORMATS:
        lines = preview(run, [(0, 1), (0, 9), (0, 3), (0, 4)], form, "").lines
        assert 20 < len(lines) <= LINES
        assert all(line.isprintable() for line in lines)
    record = run.layers[0].neuron(1)
    count = record.triggers[1].top[0].active
    assert any(line == f"count{' ' * 16}{record.count}" for line in preview(run, [(0, 1)], "csv", "").lines)
    assert f'  "count": {record.count},' in preview(run, [(0, 1)], "json", "").lines
    for form in ("md", "html"):
        lines = preview(run, [(0, 1)], form, "").lines
        assert any(re.match(rf"\| `·\w+` \| {count:,} \|", line) for line in lines)
        assert "# 1 neuron of `whole`" in lines


def test_an_existing_file_is_replaced_only_after_a_second_enter(runs: Path, here: Path) -> None:
    (here / "mine.json").write_text("dear to me")
    (here / "whole-0-0.md").write_text("dear to me")

    async def export(person: Person, answers: list[Path | None]) -> None:
        await person.sees("Export neuron 0:0", "whole-0-0-2.md")
        await put(person, "mine.json")
        await person.press("enter")
        await person.sees("mine.json exists. Enter again replaces it")
        assert (here / "mine.json").read_text() == "dear to me"
        await person.press("enter")
        await person.until(lambda: answers)

    asked(runs, [(0, 0)], export)
    assert json.loads((here / "mine.json").read_text())[0]["dead"] is True
    assert (here / "whole-0-0.md").read_text() == "dear to me"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere/x.md", "no directory"),
        ("x.txt", "must end in one of"),
        (".", "must end in one of"),
        ("folder.md", "is a directory. Name a file in it."),
    ],
)
def test_a_report_that_cannot_be_written_says_why_and_asks_again(
    runs: Path, here: Path, name: str, problem: str
) -> None:
    (here / "folder.md").mkdir()

    async def export(person: Person, answers: list[Path | None]) -> None:
        await put(person, name)
        await person.press("enter")
        await person.sees(problem)
        assert isinstance(person.app.screen, Export)
        await person.press("escape")
        await person.until(lambda: answers == [None])

    asked(runs, [(0, 0)], export)
    assert [path.name for path in here.iterdir()] == ["folder.md"]


def test_writing_tells_how_far_it_is_and_esc_leaves_no_file(
    runs: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as at_end:
        go_on = threading.Event()
        at_end.callback(go_on.set)
        monkeypatch.setattr(export_module, "_TELL_EVERY", 0.0)
        monkeypatch.setattr(export_module, "write_report", slowly(go_on))

        async def stop(person: Person, answers: list[Path | None]) -> None:
            await person.press("enter")
            await person.sees("Writing: 2 of 5 neurons. esc stops.")
            await person.press("enter")  # does not begin a second one
            await person.press("escape")
            await person.sees("Stopping")
            go_on.set()
            await person.sees("Stopped; nothing is left of it.")
            assert list(here.iterdir()) == []
            await person.press("enter")
            await person.until(lambda: answers)

        asked(runs, [(0, i) for i in range(5)], stop)
    assert [path.name for path in here.iterdir()] == ["whole-5-neurons.md"]


def test_leaving_the_program_ends_the_writing(runs: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stops: SimpleQueue[threading.Event] = SimpleQueue()
    stopped: SimpleQueue[bool] = SimpleQueue()
    begun, ended = threading.Event(), threading.Event()

    def write(*arguments: Any, heard: Callable[[int], None], **named: Any) -> None:
        def waiting(count: int) -> None:
            if count == 2:
                begun.set()
                stopped.put(stops.get(timeout=60).wait(60))
            heard(count)

        try:
            write_report(*arguments, heard=waiting, **named)
        finally:
            ended.set()

    monkeypatch.setattr(export_module, "write_report", write)

    async def leave(person: Person, _: list[Path | None]) -> None:
        screen = person.app.screen
        assert isinstance(screen, Export)
        await person.press("enter")
        await person.sees("Writing: 0 of 5 neurons")
        await person.until(begun.is_set)  # a writing that is stopped sooner does not come so far
        assert screen.stop is not None
        stops.put(screen.stop)
        person.app.exit()

    asked(runs, [(0, i) for i in range(5)], leave)
    assert stopped.get(timeout=60)
    assert ended.wait(60)
    assert list(here.iterdir()) == []


def slowly(go_on: threading.Event) -> Callable[..., None]:
    """A writer that waits after two neurons until it may go on."""

    def write(*arguments: Any, heard: Callable[[int], None], **named: Any) -> None:
        def waiting(count: int) -> None:
            heard(count)
            if count == 2:
                assert go_on.wait(60)

        write_report(*arguments, heard=waiting, **named)

    return write


def test_a_very_large_html_report_is_warned_of_before(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuron_tui.tui.reports.report.LARGE", 1)

    async def look(person: Person, _: list[Path | None]) -> None:
        await person.sees("in ")
        await person.press("ctrl+t")
        await person.sees("2 neurons make an HTML file of about 120 kB, which browsers are slow to show.")

    asked(runs, [(0, 0), (0, 1)], look)


def test_help_and_palette_hold_its_actions(runs: Path) -> None:
    async def look(person: Person, _: list[Path | None]) -> None:
        assert isinstance(person.app.screen, Export)
        titles = {command.title for command in person.app.get_system_commands(person.app.screen)}
        assert {"Write", "HTML", "Markdown", "Leave"} <= titles
        await person.press("f1")
        await person.until(lambda: isinstance(person.app.screen, Help))
        await person.sees("writes the report; if the file is there already")

    asked(runs, [(0, 0)], look)


def test_what_is_copied_cannot_act_where_it_is_pasted(runs: Path) -> None:
    async def paste(person: Person) -> None:
        assert copy(person.app, "a\x1b[31m\nb\r\u202ec")
        assert person.app.clipboard == "a\\x1b[31m\nb␍\\u202ec"
        assert not copy(person.app, "x" * LONGEST)
        assert person.app.clipboard.startswith("a")

    drive(runs, paste, run=runs / "whole")


def test_inside_tmux_its_own_command_is_given_the_text(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/arguments; cat > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/text\n'
    )
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")

    async def paste(person: Person) -> None:
        assert copy(person.app, "/home/é\x1b")
        await person.until((tmp_path / "text").exists)

    drive(runs, paste, run=runs / "whole")
    assert (tmp_path / "text").read_text(encoding="utf-8") == "/home/é\\x1b"
    assert (tmp_path / "arguments").read_text() == "load-buffer -w -\n"


def test_inside_tmux_the_sequence_is_sent_plain_and_wrapped() -> None:
    encoded = base64.b64encode("/home/é".encode()).decode()
    plain = f"\x1b]52;c;{encoded}\a"
    assert osc_52("/home/é", {}) == (plain,)
    assert osc_52("/home/é", {"TMUX": "/tmp/tmux-0/default,1,0"}) == (plain, f"\x1bPtmux;\x1b{plain}\x1b\\")
    assert osc_52("x" * LONGEST, {}) is None
