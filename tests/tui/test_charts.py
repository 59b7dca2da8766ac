"""Charts of several series, as plain text."""

import threading

from neuron_tui.store.findings.chart import Series
from neuron_tui.tui.drawing.charts import line_chart


def test_threads_do_not_draw_into_each_others_charts() -> None:
    x = list(range(100))
    low, high = [Series("low", x, [0.0] * 100)], [Series("high", x, [1.0] * 100)]

    def chart(which: int) -> list[str]:
        return line_chart((low, high)[which], 40, 8, x_limits=(0, 99), y_limits=(0, 1))

    expected = {0: chart(0), 1: chart(1)}
    assert expected[0] != expected[1]
    wrong: list[int] = []

    def draw(which: int) -> None:
        drawn = (chart(which) for _ in range(20))
        wrong.extend(which for lines in drawn if lines != expected[which])

    threads = [threading.Thread(target=draw, args=(which,)) for which in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
