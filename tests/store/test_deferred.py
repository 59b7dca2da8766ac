"""Rows and marks of large figures are made when they are asked for, and are then the same."""

from collections.abc import Iterator

import pytest

from neuron_tui.store import Run
from neuron_tui.store.findings.figures import build_figure, read_aggregates
from neuron_tui.store.findings.figures.figure import Deferred, MarkPanel, Marks
from neuron_tui.store.findings.figures.positions import KINDS


def made(*sizes: int) -> tuple[Deferred[str], tuple[str, ...]]:
    """Parts of so many items, and all of them."""

    def part(name: str, size: int) -> tuple[int, object]:
        def make(start: int, stop: int) -> Iterator[str]:
            assert 0 <= start <= stop <= size
            return (f"{name}{place}" for place in range(start, stop))

        return size, make

    expected = tuple(f"{name}{place}" for name, size in zip("abcd", sizes, strict=False) for place in range(size))
    return Deferred(*(part(name, size) for name, size in zip("abcd", sizes, strict=False))), expected


@pytest.mark.parametrize("sizes", [(), (0,), (3,), (2, 0, 3), (0, 1), (5000, 4096, 1)])
def test_they_are_those_of_all_parts_one_after_the_other(sizes: tuple[int, ...]) -> None:
    items, expected = made(*sizes)
    assert tuple(items) == expected
    assert len(items) == len(expected)
    assert items == expected
    ends = [place for place in (0, 1, 4999, 5000, 9095, -1, -2) if -len(expected) <= place < len(expected)]
    assert [items[place] for place in ends] == [expected[place] for place in ends]
    for stretch in (slice(None), slice(1, 4), slice(-3, None), slice(4, 1), slice(None, None, 2)):
        assert items[stretch] == expected[stretch]
    with pytest.raises(IndexError):
        items[len(expected)]


def test_what_is_counted_without_making_the_marks_is_how_many_there_are(run: Run) -> None:
    chart = build_figure("8", [read_aggregates(run), read_aggregates(run, "again")]).chart
    assert isinstance(chart, Marks)
    for panel in chart.panels:
        assert panel.counts is not None
        counted = MarkPanel(panel.run, panel.layers, tuple(panel.marks)).counted(len(KINDS))
        assert panel.counted(len(KINDS)) == counted
        assert sum(map(sum, counted.values())) == len(panel.marks) > 0
