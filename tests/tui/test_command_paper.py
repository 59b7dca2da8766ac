"""`neuron-tui paper`: what it prints where, and with what exit code."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from neuron_tui.store import open_run
from neuron_tui.store.findings.figures import read_aggregates
from neuron_tui.store.findings.paper import SCALE_CLAIMS, Enough, check_paper, preface
from neuron_tui.tui.drawing.paper_text import report_lines, report_text
from neuron_tui.tui.drawing.spans import width_of
from tests.hostile import NAME, acting
from tests.synthetic import build_run
from tests.tui.command import Command, command

__all__ = ["command"]


def test_the_table_tells_every_claim_with_its_verdict_and_why(command: Command, runs: Path) -> None:
    ended = command("paper", "whole", "--runs-dir", runs)
    assert (ended.code, ended.err) == (0, "")
    text = " ".join(ended.out.split())
    findings = check_paper([read_aggregates(open_run(runs / "whole"))])
    assert findings
    for finding in findings:
        assert f"? cannot be said {finding.claim} [{finding.reference}] {finding.because}" in text
    assert f"whole: {len(findings)} cannot be said" in text
    assert max(map(len, ended.out.splitlines())) <= 80


def test_enough_tokens_may_be_fewer_than_the_papers(command: Command, runs: Path) -> None:
    def verdicts(*more: object) -> list[str]:
        ended = command("paper", "whole", "--format", "json", "--runs-dir", runs, *more)
        return [finding["verdict"] for finding in json.loads(ended.out)["findings"]]

    assert set(verdicts()) == {"cannot be said"}
    labelled = read_aggregates(open_run(runs / "whole"))
    assert verdicts("--enough", 1000) == [one.verdict for one in check_paper([labelled], Enough(1000, 1000))]
    assert "does not hold" in verdicts("--enough", 1000)


def test_several_runs_are_told_one_after_the_other_then_compared(command: Command, own_runs: Path) -> None:
    build_run(own_runs / "larger", layers=6)
    data = json.loads(command("paper", "whole", "larger", "--format", "json", "--runs-dir", own_runs).out)
    assert [run["run"] for run in data["runs"]] == ["whole", "larger"]
    order = list(dict.fromkeys(finding["run"] for finding in data["findings"]))
    assert order == ["whole", "larger", "whole, larger"]
    compared = [finding["name"] for finding in data["findings"] if finding["run"] == "whole, larger"]
    assert compared == [*(claim.name for claim in SCALE_CLAIMS), "trigram-gap"]


def test_a_partial_run_is_called_so(command: Command, runs: Path) -> None:
    ended = command("paper", "partial", "--runs-dir", runs)
    assert ended.code == 0
    text = " ".join(ended.out.split())
    assert "partial is partial: 2 of 4 layers are finished." in text
    assert "It takes all 4 layers, and 2 are there." in text


def test_markdown_goes_where_it_is_asked_to(command: Command, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "claims.md"
    ended = command("paper", "whole", "--format", "md", "--output", path, "--runs-dir", runs)
    assert (ended.code, ended.out) == (0, "")
    assert path.read_text().startswith("# What the paper found, and these runs\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("whole", "--format", "svg"), 2, ("unknown format 'svg'", "table, json, md")),
        (("whole", "--enough", "-1"), 2, ("--enough",)),
        (("whole", "gone"), 3, ("gone",)),
        (("whole", "--output", "/nowhere/at/all"), 3, ("no directory /nowhere/at",)),
        ((), 2, ("Missing argument",)),
    ],
)
def test_what_cannot_be_done_says_why(
    command: Command, runs: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    ended = command("paper", *arguments, "--runs-dir", runs)
    assert (ended.code, ended.out) == (code, "")
    assert all(word in ended.err for word in words)
    assert "Traceback" not in ended.err


def test_a_run_that_has_no_layer_yet_is_4(command: Command, own_runs: Path) -> None:
    build_run(own_runs / "begun", layers=2, neurons=12, finished=0)
    assert command("paper", "begun", "--runs-dir", own_runs).code == 4


def test_the_help_has_an_example(command: Command) -> None:
    ended = command("paper", "--help")
    assert ended.code == 0
    assert "neuron-tui paper opt-125m opt-1.3b opt-6.7b --format md" in ended.out


@pytest.mark.parametrize("width", [40, 80, 110, 300])
def test_lines_keep_to_the_width(width: int, runs: Path) -> None:
    labelled = [read_aggregates(open_run(runs / "whole"))]
    lines = report_lines(preface(labelled), check_paper(labelled), width)
    assert max(width_of(line) for line in lines) <= min(width, 110)


def test_a_models_name_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    labelled = [read_aggregates(open_run(build_run(tmp_path / "evil", layers=1, neurons=12, model=NAME)))]
    text = report_text(preface(labelled), check_paper(labelled), None)
    assert not acting(text)
    assert max(map(cell_len, text.splitlines())) <= 80
