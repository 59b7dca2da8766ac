"""`neuron-tui find`, `similar` and `universal`: what they print, and what they refuse."""

import json
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.tokens import decode
from tests.store.twins import with_neurons_in_another_order
from tests.synthetic import build_run
from tests.tui.command import Command, command

__all__ = ["command"]

Places = dict[tuple[int, int], tuple[int, int]]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Places]:
    folder = tmp_path_factory.mktemp("runs")
    build_run(folder / "one", layers=2, neurons=40, keep_activations=True)
    return folder, with_neurons_in_another_order(folder / "one", folder / "two")


def test_find_lists_neurons_with_their_precision_and_recall(command: Command, twins: tuple[Path, Places]) -> None:
    trigger = open_run(twins[0] / "one").layers[0].neuron(1).triggers[1].top[0]
    text = decode(list(trigger.forms), "bytes")
    done = command("find", "one", "--text", text, "--json", "--top", "5", "--runs-dir", twins[0])
    found = json.loads(done.out)
    assert (done.code, found["run"], found["text"]) == (0, "one", text)
    assert found["ngrams"] == [
        {"ids": list(trigger.ids), "text": list(trigger.forms), "occurrences": trigger.occurrences}
    ]
    assert len(found["neurons"]) == 5
    best = found["neurons"][0]
    assert best["precision"] == best["active"] / best["total"]
    assert best["recall"] == best["active"] / best["occurrences"]
    assert best["f1"] == pytest.approx(2 / (1 / best["precision"] + 1 / best["recall"]))
    table = command("find", "one", "--text", text, "--top", "5", "--sort", "recall", "--runs-dir", twins[0])
    assert table.out.splitlines()[0].split() == (
        ["neuron", "fires", "on", "active", "of", "its", "occurrences", "precision", "recall", "F1", "what", "it", "is"]
    )
    assert "5 neurons of one, the best on" in table.err
    none = command("find", "one", "--text", "zzz", "--runs-dir", twins[0])
    assert (none.code, none.out) == (0, "")
    assert "reads zzz" in none.err


@pytest.mark.parametrize("by", ["triggers", "position", "activity"])
def test_similar_finds_the_twin_in_the_other_run(command: Command, twins: tuple[Path, Places], by: str) -> None:
    neuron = (1, 20) if by == "activity" else (0, 6 if by == "position" else 20)
    done = command(
        *("similar", "one", f"{neuron[0]}:{neuron[1]}", "--by", by, "--in", "two", "--json"),
        *("--top", 3, "--permutations", 99, "--runs-dir", twins[0]),
    )
    found = json.loads(done.out)
    assert (found["by"], found["run"], found["layer"], found["neuron"], found["in"]) == (by, "one", *neuron, "two")
    assert len(found["matches"]) == 3
    best = found["matches"][0]
    assert (best["layer"], best["neuron"]) == twins[1][neuron]
    assert (best["similarity"], best["p"]) == (pytest.approx(1), 0.01)
    assert best["trigger"]["ids"]
    assert found["baseline"]["permutations"] == 99
    text = command("similar", "one", f"{neuron[0]}:{neuron[1]}", "--by", by, "--top", 3, "--runs-dir", twins[0])
    assert text.out.splitlines()[0].split()[:3] == ["similarity", "p", "neuron"]
    assert len(text.out.splitlines()) == 4
    assert "By chance the best would be" in text.err


def test_universal_lists_twins_of_all_runs(command: Command, twins: tuple[Path, Places]) -> None:
    done = command("universal", "one", "two", "--by", "activity", "--json", "--runs-dir", twins[0])
    found = json.loads(done.out)
    assert (found["run"], found["in"], found["by"]) == ("one", ["two"], "activity")
    assert found["mutual"] >= len(found["neurons"]) > 20
    for one in found["neurons"]:
        (match,) = one["matches"]
        assert twins[1][one["layer"], one["neuron"]] == (match["layer"], match["neuron"])
        assert one["lowest"] == match["similarity"] > match["by_chance"]
    text = command("universal", "one", "two", "--by", "activity", "--top", 4, "--runs-dir", twins[0])
    assert text.out.splitlines()[0].split()[:4] == ["lowest", "one", "two", "similarity"]
    assert len(text.out.splitlines()) == 5
    assert "have a twin by activity in two" in text.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("similar", "one", "0:99"), 3, "layer 0 has no neuron 99"),
        (("similar", "one", "12"), 2, "'12' names no neuron"),
        (("similar", "one", "0:1", "--by", "sound"), 2, "--by sound: no such similarity"),
        (("similar", "one", "0:1", "--layer", "9"), 3, "the run one has no layer 9"),
        (("similar", "one", "0:1", "--in", "three"), 3, "no run 'three'"),
        (("universal", "one"), 2, "one run has nothing in common with others"),
        (("universal", "one", "two", "one"), 2, "a run is named twice"),
        (("find", "one", "--text", ""), 2, "--text is empty"),
        (("find", "one", "--text", "the", "--sort", "size"), 2, "--sort size: no such order"),
    ],
)
def test_wrong_usage_is_told(
    command: Command, twins: tuple[Path, Places], arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = command(*arguments, "--runs-dir", twins[0])
    assert (done.code, done.out) == (code, "")
    assert message in done.err
