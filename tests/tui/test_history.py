"""The neurons visited: back, forward, and what is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.tui.browsing.history import KEPT, History

A, B, C = (0, 1), (2, 3), (4, 5)
addresses = st.tuples(st.integers(0, 3), st.integers(0, 3))


def visited(*addresses: tuple[int, int]) -> History:
    history = History()
    for address in addresses:
        history = history.visit(address)
    return history


def test_back_and_forward_lead_through_the_visits_and_stop_at_their_ends() -> None:
    history = visited(A, B, C)
    assert history.back().here == B
    assert history.back().back().here == A
    assert history.back().back().back().here == A
    assert history.back().forward().here == C
    assert history.forward() is history
    assert History().back().here is None


def test_a_visit_forgets_what_lay_ahead() -> None:
    assert visited(A, B).back().visit(C).visits == (A, C)


def test_staying_is_no_visit() -> None:
    assert visited(A, A, B, B).visits == (A, B)
    assert visited(A, B).back().visit(A) == visited(A, B).back()


def test_the_tail_ends_with_the_place_we_are_at() -> None:
    history = visited(A, B, C, A).back()
    assert history.tail(2) == visited(B, C)
    assert History().tail(2) == History()


@given(st.lists(st.one_of(addresses, st.sampled_from(["back", "forward"])), max_size=400))
def test_the_place_is_always_one_of_a_bounded_number_of_visits(steps: list[tuple[int, int] | str]) -> None:
    history = History()
    for step in steps:
        if isinstance(step, str):
            history = history.back() if step == "back" else history.forward()
        else:
            history = history.visit(step)
            assert history.here == step
        assert len(history.visits) <= KEPT
        assert (history.here is None) == (not history.visits)


def test_the_oldest_visits_go_first() -> None:
    history = visited(*((0, i) for i in range(KEPT + 5)))
    assert history.visits[0] == (0, 5)
    assert history.here == (0, KEPT + 4)
