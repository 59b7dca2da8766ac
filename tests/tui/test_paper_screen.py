"""The paper's claims on the screen: the list, the claim in focus, enough text, export."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.figures import read_aggregates
from neuron_tui.store.findings.paper import Enough, Finding, check_paper
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.reports.paper import GLYPHS
from neuron_tui.tui.reports.renderer import FINDINGS, objection_to, suffixes_of
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.figures.figures import Figures
from neuron_tui.tui.screens.paper import Paper
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.claims import ClaimList, ClaimPane
from tests.synthetic import build_run
from tests.tui.driving import Person, drive

Scenario = Callable[[Person], Awaitable[None]]


def findings_of(runs: Path, *names: str, enough: int | None = None) -> tuple[Finding, ...]:
    labelled = [read_aggregates(open_run(runs / name)) for name in names]
    return check_paper(labelled) if enough is None else check_paper(labelled, Enough(enough, enough))


def screen_of(person: Person) -> Paper:
    return next(screen for screen in person.app.screen_stack if isinstance(screen, Paper))


async def checked(person: Person) -> None:
    """Wait until the claims are there."""
    await person.until(lambda: any(isinstance(screen, Paper) for screen in person.app.screen_stack))
    await person.until(lambda: not screen_of(person).under_way)


def on_paper(runs: Path, names: tuple[str, ...], scenario: Scenario, size: tuple[int, int] = (120, 36)) -> NeuronTuiApp:
    """Open the claims on some runs and let a person act there."""

    async def act(person: Person) -> None:
        person.app.push_screen(Paper([runs / name for name in names]))
        await checked(person)
        await scenario(person)

    return drive(runs, act, size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_claims_are_walked_and_each_says_why(size: tuple[int, int], runs: Path) -> None:
    findings = findings_of(runs, "whole")

    async def walk(person: Person) -> None:
        await person.sees(f"whole · {len(findings)} cannot be said")
        for finding in findings:
            assert screen_of(person).query_one(ClaimList).selected == finding
            await person.sees(finding.claim[:40], "? cannot be said", finding.name)
            await person.press("down")
        assert all(len(line) == size[0] for line in person.lines())

    on_paper(runs, ("whole",), walk, size)


def test_verdicts_are_told_by_signs_and_words_with_the_numbers_below(runs: Path) -> None:
    findings = findings_of(runs, "whole", enough=100)
    assert {finding.verdict for finding in findings} >= {"does not hold", "cannot be said"}

    async def look(person: Person) -> None:
        await person.press("e")
        await person.type("100")
        await person.press("enter")
        await person.until(lambda: screen_of(person).query_one(ClaimList).selected == findings[0])
        for finding in findings:
            await person.sees(f"{GLYPHS[finding.verdict]} {finding.verdict}")
        dead = findings[0].numbers["dead_first_half"]
        await person.sees("dead first half", f"{dead}", "taken for enough here")

    on_paper(runs, ("whole",), look)


def test_enough_is_asked_for_and_wrong_numbers_are_refused(runs: Path) -> None:
    async def ask(person: Person) -> None:
        await person.press("e")
        await person.type("many")
        await person.sees("Not a number; write 5,000,000, 600k or 5M.")
        await person.press("enter")
        assert not person.app.screen.is_current or not isinstance(person.app.screen, Paper)
        await person.press("escape")
        assert isinstance(person.app.screen, Paper)
        await person.press("down", "e")
        await person.type("1k")
        await person.press("enter")
        await person.until(lambda: screen_of(person).enough == Enough(1000, 1000))
        await person.sees("taken for enough here")
        assert screen_of(person).query_one(ClaimList).cursor == 1
        await person.press("e")
        await person.sees("1,000")
        await person.press(*["backspace"] * 5, "enter")
        await person.sees("few: the paper took over")

    on_paper(runs, ("whole",), ask, (160, 40))


def test_several_runs_name_the_run_of_each_claim(own_runs: Path) -> None:
    build_run(own_runs / "larger", layers=6)
    findings = findings_of(own_runs, "whole", "larger")

    async def look(person: Person) -> None:
        await person.sees("whole, larger", "whole ", "larger ")
        await person.press("G")
        assert screen_of(person).query_one(ClaimList).selected == findings[-1]
        await person.sees("The gap between larger and smaller models is wider", "trigram-gap")
        await person.press("up")
        await person.sees("Larger models have fewer oscillatory neurons.", "kendall")

    on_paper(own_runs, ("whole", "larger"), look)


def test_checkpoints_of_a_training_are_told_in_80_columns(own_runs: Path) -> None:
    names = ("mine-step-100", "mine-step-300")
    for name in names:
        build_run(own_runs / name, layers=2, neurons=24)

    async def look(person: Person) -> None:
        await person.press("G")
        await person.sees("mine-step-100, mine-step-300", "Oscillatory neurons come late in training, other strong")
        await person.sees("training-oscillatory", "mine-step-100, mine-step-300: it takes 5,000,000")

    on_paper(own_runs, names, look, (80, 24))


def test_the_keys_go_from_the_list_to_the_claim_and_back(runs: Path) -> None:
    async def move(person: Person) -> None:
        await person.press("enter")
        assert person.app.screen.query_one(ClaimPane).has_focus
        await person.press("j", "G")
        assert person.app.screen.query_one(ClaimPane).scroll_offset.y > 0
        await person.press("tab")
        assert person.app.screen.query_one(ClaimList).has_focus
        await person.press("f")
        await person.until(lambda: isinstance(person.app.screen, Figures) and not person.app.screen.under_way)
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Paper))

    on_paper(runs, ("whole",), move, (80, 24))


@pytest.mark.parametrize("suffix", [".md", ".json", ".txt"])
def test_findings_are_written_to_a_file(suffix: str, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / f"claims{suffix}"

    async def export(person: Person) -> None:
        await person.press("x")
        await person.press("ctrl+u")
        await person.type(str(path))
        await person.press("enter")
        await person.until(path.exists)
        await person.sees("Written to")

    on_paper(runs, ("whole",), export, (160, 40))
    text = path.read_text(encoding="utf-8")
    for finding in findings_of(runs, "whole"):
        told = finding.name if suffix == ".json" else finding.claim[:40]
        assert told in text
    if suffix == ".json":
        assert {one["verdict"] for one in json.loads(text)["findings"]} == {"cannot be said"}


def test_a_name_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    endings = suffixes_of(FINDINGS)
    assert objection_to(str(tmp_path / "claims.svg"), endings) == "The name must end in one of .md .json .txt."
    assert "exists" in objection_to(str(tmp_path / "there.md"), endings)
    assert "no directory" in objection_to(str(tmp_path / "gone" / "claims.md"), endings)
    assert not objection_to(str(tmp_path / "claims.md"), endings)


def test_the_explorer_and_the_runs_lead_to_the_claims_and_back(runs: Path) -> None:
    async def from_explorer(person: Person) -> None:
        await person.press("C")
        await checked(person)
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Explorer))

    async def from_runs(person: Person) -> None:
        await person.press("C")
        await checked(person)
        await person.press("question_mark")
        await person.sees("it cannot be said: the sentence says what it would take.")
        await person.press("q", "escape")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    drive(runs, from_explorer, run=runs / "whole")
    drive(runs, from_runs)


def test_marked_runs_are_checked_together(runs: Path) -> None:
    async def mark(person: Person) -> None:
        await person.press("m", "down", "m", "C")
        await checked(person)
        assert len(screen_of(person).paths) == 2

    drive(runs, mark)


def test_a_run_that_cannot_be_read_is_left_again(own_runs: Path) -> None:
    build_run(own_runs / "begun", layers=2, neurons=12, finished=0)

    async def fail(person: Person) -> None:
        person.app.push_screen(Paper([own_runs / "begun"]))
        await person.sees("no finished layer yet")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    drive(own_runs, fail)


def test_the_palette_holds_every_action(runs: Path) -> None:
    async def look(person: Person) -> None:
        titles = {command.title for command in person.app.get_system_commands(person.app.screen)}
        assert {"Enough text", "Figures", "Export", "Keys and words", "Back"} <= titles

    on_paper(runs, ("whole",), look)
