import dataclasses

import numpy as np
import pytest

from neuron_tui.store import Run
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.tokens import gram_text
from neuron_tui.store.wording import percent, short_count, signed
from neuron_tui.tui.reports.neuron_text import describe, headline, own_triggers, sparkline, what, where_on
from tests.synthetic import PLANTED, form


def planted(run: Run, kind: str) -> NeuronRecord:
    return run.layers[1].neuron(PLANTED.index(kind))


def test_a_dead_neuron_is_said_to_be_never_active_with_the_bound_on_its_rate(run: Run) -> None:
    record = dataclasses.replace(planted(run, "dead"), tokens=1_000_000, bos_count=0)
    assert describe(record) == ["Never active on 1,000,000 tokens (true rate below 0.0003%)."]
    assert headline(record) == "dead"


def test_activity_on_bos_is_told_apart(run: Run) -> None:
    record = dataclasses.replace(planted(run, "dead"), bos_count=1)
    assert describe(record)[1] == "Active at position 0 of 1 sequence, which is not counted."


def test_a_token_detector_says_how_many_tokens_and_what_it_does_to_them(run: Run) -> None:
    suppressing, promoting = planted(run, "token, suppressing"), planted(run, "token, promoting")
    covering = suppressing.triggers[1].covering
    noun = "1 token covers" if covering == 1 else f"{covering} tokens cover"
    assert describe(suppressing)[0] == f"Token detector: {noun} 95% of its activations."
    score = suppressing.effect.trigger_score
    assert score is not None
    assert describe(suppressing)[1] == f"Suppresses its triggers (mean score −{abs(score):.3f})."
    assert describe(promoting)[1].startswith("Promotes its triggers (mean score +0.")
    assert headline(suppressing).startswith("token detector, suppresses its triggers")


def test_a_positional_neuron_says_its_type_and_where_it_is_on(run: Run) -> None:
    sentences = describe(planted(run, "oscillatory"))
    assert any(s.startswith("Positional: oscillatory, strong (mutual information 0.6") for s in sentences)
    assert sentences[-1].startswith("On at 1-")
    assert headline(planted(run, "oscillatory")) == "positional: oscillatory, strong"


def test_a_neuron_that_is_nothing_in_particular_says_what_covers_it(run: Run) -> None:
    sentences = describe(planted(run, "broad"))
    triggers = planted(run, "broad").triggers
    listed = f"{triggers[1].covering:,} tokens, {triggers[2].covering:,} bigrams or {triggers[3].covering:,} trigrams"
    assert sentences[0] == f"No n-gram detector: it takes {listed} to cover 95% of its activations."
    assert headline(planted(run, "broad")) == "no detector, not positional"


def test_too_few_sequences_for_a_type_are_said(run: Run) -> None:
    record = planted(run, "broad")
    assert record.position is not None
    few = dataclasses.replace(record, position=dataclasses.replace(record.position, sequences=29, type=None))
    assert describe(few)[-1].startswith("No positional type: 29 full-length sequences, 30 are needed (")
    none = dataclasses.replace(record, position=None)
    assert describe(none)[-1] == "No positional statistics: the run has no full-length sequence."


def test_the_label_of_a_row_says_what_its_record_says(run: Run) -> None:
    table = read_table(run)
    for row in range(len(table)):
        record = run.layers[int(table.layer[row])].neuron(int(table.neuron[row]))
        told = what(table, row)
        assert (told == "dead") == record.dead
        assert ("▼" in told) == bool(record.effect.suppresses_triggers)
        assert told.startswith("token") == (record.triggers[1].detector and not record.dead)
        if record.position is not None and record.position.type is not None and not record.dead:
            assert told.endswith(record.position.type)


def test_own_triggers_are_the_covered_tokens_of_a_detector(run: Run) -> None:
    record = planted(run, "token, suppressing")
    assert own_triggers(record) == {trigger.ids[0] for trigger in record.triggers[1].covered}
    assert len(own_triggers(planted(run, "dead"))) == 0


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.004211, "0.42%"),
        (3e-6, "0.0003%"),
        (0.05, "5%"),
        (0.1234, "12.3%"),
        (0.99999, ">99.9%"),
        (1 - 1e-12, ">99.9%"),
        (1e-12, "0.0000000001%"),
    ],
)
def test_only_nothing_is_0_percent_and_only_all_is_100(share: float, text: str) -> None:
    assert percent(share) == text


def test_numbers_are_short_and_signed_with_a_real_minus() -> None:
    assert [signed(x) for x in (-0.081, 0.0712, 0.0, -0.00042)] == ["−0.081", "+0.071", "+0.000", "−0.00042"]
    assert [short_count(x) for x in (600, 1200, 35_000, 1_200_000, 999_999)] == ["600", "1.2k", "35k", "1.2M", "1M"]


def test_ranges_count_positions_from_1_and_hold_both_ends() -> None:
    frequency = np.array([0.0, 0.9, 0.8, 0.5, 0.0, 1.0])
    assert on_ranges(frequency) == [(2, 3), (6, 6)]
    assert where_on(frequency) == "on at 2-3, 6: 2 ranges, 50% of positions"
    assert where_on(np.zeros(4)) == "on at no position more often than off"
    assert where_on(np.tile([1.0, 0.0], 8)).startswith("on at 1, 3, 5, 7, …: 8 ranges")


def test_a_sparkline_has_a_block_for_neighbouring_positions() -> None:
    assert sparkline([0.0, 0.5, 1.0], 3) == "▁▅█"
    assert sparkline([0.0, 0.0, 1.0, 1.0], 2) == "▁█"
    assert sparkline([1.0], 10) == "█"


def test_n_grams_show_each_token_apart(run: Run) -> None:
    assert gram_text([form(b" the"), form(b" title")], spelling="bytes") == "·the ·title"
