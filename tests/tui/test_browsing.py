"""What a person looks at in a run, as a value."""

from dataclasses import replace
from pathlib import Path

import pytest

from neuron_tui.store.neurons.arrangement import ListQuery
from neuron_tui.store.neurons.opened import OpenedRun, open_for_browsing
from neuron_tui.store.neurons.places import address_at, address_of, code_at, codes_of
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.tui.browsing.browsing import Browsing
from neuron_tui.tui.browsing.marks import Marks
from neuron_tui.tui.remembered.session import Identity, Session


@pytest.fixture
def opened(runs: Path) -> OpenedRun:
    return open_for_browsing(runs / "whole")


def test_a_filter_or_another_order_keeps_the_neuron_and_another_sorting_begins_at_the_top() -> None:
    browsing = Browsing()
    assert browsing.filtered(" type:dead ", (1, 2)).list_query.query == "type:dead"
    assert browsing.filtered("x", (1, 2)).follow == (1, 2)
    assert browsing.of_order(3, (1, 2)).follow == (1, 2)
    assert browsing.filtered("x", (1, 2)).sorted_by("freq").follow is None
    assert browsing.filtered("x", (1, 2)).in_layer(3).follow is None


def test_the_order_of_the_model_and_notable_first_take_turns() -> None:
    plain = Browsing().in_model_order()
    assert plain.list_query.column == "layer"
    assert plain.in_model_order().list_query.column == "notable"
    assert plain.sorted_by("layer").in_model_order() == plain  # turned round it is not the model's


def test_what_hides_a_neuron_gives_way_and_nothing_else() -> None:
    browsing = Browsing(ListQuery(layer=2, query="type:dead", column="freq", order=2), limit=frozenset({5}))
    reached, note = browsing.reaching((2, 7))
    assert reached.list_query == ListQuery(layer=2, column="freq", order=2)
    assert (reached.limit, reached.follow) == (None, (2, 7))
    assert "filter is cleared" in note
    reached, note = Browsing(ListQuery(layer=2)).reaching((0, 1))
    assert reached.list_query.layer == 0
    assert not note
    assert Browsing().reaching((0, 1))[0].list_query.layer is None


def test_marks_are_toggled_taken_away_and_brought_back() -> None:
    marks = Marks().toggled(3).toggled(4).toggled(3)
    assert marks.codes == {4}
    marks, told = marks.all_toggled(frozenset({4, 5}))
    assert (marks.codes, told) == ({4, 5}, "2 neurons marked.")
    marks, told = marks.all_toggled(frozenset({5}))
    assert (marks.codes, told) == ({4}, "1 mark taken away.")
    none, told = marks.none_or_back()
    assert (none.codes, told) == (frozenset(), "1 mark taken away; U brings them back.")
    assert none.none_or_back()[0].codes == {4}
    assert Marks().none_or_back()[1] == "No neuron is marked."


def test_codes_and_neurons_lead_to_each_other_in_any_layer(opened: OpenedRun) -> None:
    codes = codes_of(opened)
    assert len(set(codes.tolist())) == len(codes)
    for row in range(0, len(codes), 7):
        address = address_at(opened, row)
        assert code_at(opened, address) == codes[row]
        assert address_of(opened, int(codes[row])) == address


def test_a_session_is_brought_back_as_far_as_the_run_has_it(opened: OpenedRun) -> None:
    identity = Identity.of(opened.run.path, read_manifest(opened.run.path))
    kept = Session(
        run=identity, layer=9, sort="freq", neuron=(1, 2), marks=((0, 1), (9, 9), (1, 99_999)), only_marked=True,
        history=((9, 1), (1, 2)),
    )  # fmt: skip
    browsing = Browsing().restored(opened, kept)
    assert browsing.list_query == ListQuery(column="freq")
    assert browsing.marks.codes == browsing.limit == {code_at(opened, (0, 1))}
    assert (browsing.follow, browsing.history.visits) == ((1, 2), ((1, 2),))
    assert browsing.in_words() == "sorted by freq, 1 mark"
    assert Browsing().restored(opened, Session(run=identity)).in_words() == ""


def test_visits_are_kept_and_none_is_no_visit() -> None:
    browsing = Browsing().visited((0, 1)).visited(None).visited((0, 2))
    assert browsing.history.visits == ((0, 1), (0, 2))
    assert replace(browsing, history=browsing.history.back()).history.here == (0, 1)
