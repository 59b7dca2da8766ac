"""What silencing did, in words: on the card, in reports, and as a table of data."""

import csv
import io
import json
import unicodedata
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.causal import CausalRecord, keep_causal
from neuron_tui.store.neurons.causal_table import causal_table
from neuron_tui.store.runs.folder import CAUSAL_FILE
from neuron_tui.tui.drawing.spans import plain, width_of
from neuron_tui.tui.reports.causal import causal_csv, causal_json
from neuron_tui.tui.reports.causal_text import causal_note, causal_sentence
from neuron_tui.tui.reports.neuron import read_neuron
from neuron_tui.tui.reports.report import write_report
from neuron_tui.tui.widgets.neuron.card import CardShape, lay_out
from tests.causal_records import keep, measured
from tests.synthetic import HOSTILE_IDS


def card(folder: Path, layer: int, neuron: int, shape: CardShape) -> list[str]:
    return [plain(line) for line in lay_out(read_neuron(open_run(folder), layer, neuron), shape).lines]


@pytest.mark.parametrize(
    ("record", "note"),
    [
        (
            measured(0, 1, triggers=(1, 2), by=1.3045, width=0.2),
            "Silenced, its triggers become 3.7× likelier to follow (3.0–4.5) on 32 contexts; "
            "loss +0.030 (random −0.0010)",
        ),
        (
            measured(0, 1, by=-0.478, width=0.03, random=None),
            "Silenced, its trigger becomes 1.61× less likely to follow (1.57–1.66) on 32 contexts; loss +0.030",
        ),
        (
            measured(0, 1, by=-0.03, width=0.06, random=None),
            "Silenced, its trigger becomes 0.97× as likely to follow, which may be no change (0.91–1.03) "
            "on 32 contexts; loss +0.030",
        ),
        (
            measured(0, 1, by=2.35, width=0.6, contexts=4, random=None),
            "Silenced, it takes more than 4 contexts to tell whether its trigger becomes likelier to follow; "
            "loss +0.030",
        ),
        (
            measured(0, 1, by=8.6, width=1.5, covered=False, method="mean", random=None),
            "Silenced at its mean, the tokens it is most often active on become 5,432× likelier to follow "
            "(1,212–24,343) on 32 contexts; loss +0.030",
        ),
        (
            measured(0, 1, 2, by=13.0, where="type:token", method="mean", random=None),
            "Silenced at their means, their triggers become 4.4e+05× likelier to follow (4e+05–4.9e+05) "
            "on 32 contexts; loss +0.030",
        ),
        (
            measured(0, 1, by=5000.0, random=None),
            "Silenced, its trigger becomes 4.6e+299× likelier to follow (4.6e+299–4.6e+299) on 32 contexts; "
            "loss +0.030",
        ),
    ],
)
def test_a_change_of_a_logarithm_is_told_as_a_ratio(record: CausalRecord, note: str) -> None:
    assert causal_note(record) == note


def test_a_report_says_it_in_a_sentence() -> None:
    assert causal_sentence(measured(0, 1, by=1.3045, width=0.2)) == (
        "Silenced, its trigger becomes 3.7× likelier to follow (95% interval 3.0–4.5, 32 contexts); the loss changes "
        "by +0.030 nats, on random contexts by −0.0010."
    )
    assert causal_sentence(measured(0, 1, method="mean", contexts=4)).startswith(
        "Set to its mean value, it takes more than 4 contexts to tell whether its trigger becomes likelier to follow; "
    )


@pytest.mark.parametrize("shape", [CardShape(34, 30), CardShape(60, 40), CardShape(77, 19), CardShape(158, 45)])
def test_the_card_says_it_of_a_measured_neuron_and_nothing_of_others(copy: Path, shape: CardShape) -> None:
    keep(copy)
    text = " ".join(" ".join(line.split()) for line in card(copy, 0, 1, shape))
    assert text.count("Silenced") == 2
    assert text.index("Silenced, its") < text.index("Silenced at")
    assert not any("Silenced" in line for line in card(copy, 0, 5, shape))
    view = read_neuron(open_run(copy), 0, 1)
    assert all(width_of(line) <= shape.width for line in lay_out(view, shape).lines)


def test_the_card_stays_where_it_was_when_nothing_is_measured(copy: Path) -> None:
    shape = CardShape(60, 40)
    before = card(copy, 0, 5, shape)
    keep(copy)
    assert card(copy, 0, 5, shape) == before


def test_a_damaged_table_is_said_on_the_card_beside_the_rest_and_a_report_is_refused(copy: Path) -> None:
    whole = card(copy, 0, 1, CardShape(60, 40))
    (copy / CAUSAL_FILE).write_bytes(b"\x1b[31m\n")
    damaged = card(copy, 0, 1, CardShape(60, 40))
    assert set(whole) < set(damaged)
    said = "".join(line for line in damaged if line not in whole)
    assert said.startswith("Silenced:")
    assert "line 1: Invalid JSON" in " ".join(line for line in damaged if line not in whole)
    assert not any(unicodedata.category(c) == "Cc" for c in said)
    with pytest.raises(RunDamagedError, match="line 1: Invalid JSON"):
        write_report(open_run(copy), [(0, 1)], "json", io.StringIO())


@pytest.mark.parametrize("format", ["md", "html"])
def test_reports_for_people_say_it_once_for_each_way(copy: Path, format: str) -> None:  # noqa: A002
    keep(copy)
    stream = io.StringIO()
    write_report(open_run(copy), [(0, 1), (0, 5)], format, stream)
    text = stream.getvalue()
    assert text.count("Silenced, its triggers become 3.5× likelier to follow (95% interval") == 1
    assert text.count("Set to its mean value, ") == 1


def test_a_record_in_json_has_it_only_where_it_was_measured(copy: Path) -> None:
    keep(copy)
    stream = io.StringIO()
    write_report(open_run(copy), [(0, 1), (0, 5)], "json", stream)
    measured_one, other = json.loads(stream.getvalue())
    assert [one["method"] for one in measured_one["causal"]] == ["zero", "mean"]
    assert measured_one["causal"][0]["on_triggers"]["trigger_logprob"]["change"] == 1.25
    assert "causal" not in other


def test_the_table_as_data_says_what_it_is_of_and_nothing_in_it_acts(copy: Path) -> None:
    hostile = measured(2, 3, 4, triggers=HOSTILE_IDS, where='=trigger:"\x1b[31m"', random=None)
    keep(copy)
    keep_causal(copy, [hostile])
    run = open_run(copy)
    records = causal_table(run).records
    text = causal_csv(run, records)
    assert all(line.isprintable() for line in text.splitlines())
    rows = list(csv.DictReader(text.splitlines()))
    first, last = rows[0], rows[-1]
    assert (first["layer"], first["neuron"], first["where"], first["silenced"]) == ("0", "1", "", "1")
    assert (first["kind"], first["method"], first["covered"], first["comes_back"]) == (
        *("suppressing", "mean", "true", "true"),
    )
    assert (first["logprob_change"], first["loss_change"]) == ("1.0", "0.03")
    assert (last["neuron"], last["silenced"], last["random_loss_change"]) == ("", "2", "")
    assert last["where"].startswith("'=")
    assert json.loads(last["triggers"]) == [run.corpus.form(token) for token in HOSTILE_IDS]
    data = json.loads(causal_json(run, records))
    assert len(data["neurons"]) == 6
    assert {(one["method"], one["kind"]) for one in data["summary"]} == {
        ("zero", "suppressing"),
        ("zero", "promoting"),
        ("zero", "no token detector"),
        ("zero", "together"),
        ("mean", "suppressing"),
    }
