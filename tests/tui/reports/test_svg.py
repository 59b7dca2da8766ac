"""Charts as SVG: well-formed, closed in themselves, and where they say things are."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from neuron_tui.store.findings.chart import Point, Series, told_apart
from neuron_tui.tui.reports.svg import COLOURS, bar_chart, circles, dots, line_chart, raster, stacked

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script> & \"'\x1b[31m\x00\udcff\u202e"

X = np.linspace(0, 1, 5)
MASK = np.array([[True, True, False, False], [False, False, False, True]])


def line(**options: object) -> str:
    return line_chart([Series("a", X, X)], title="t", width=400, height=200, **options)  # type: ignore[arg-type]


CHARTS = {
    "line": line_chart([Series(HOSTILE, X, X), Series("b", X, 1 - X, dash=True)], title=HOSTILE, x_label=HOSTILE),
    "bar": bar_chart([HOSTILE, "2"], [(HOSTILE, [0.1, 0.2]), ("b", [0.3, np.nan])], title=HOSTILE, percent=True),
    "raster": raster([HOSTILE, "2"], MASK, title=HOSTILE, first=1),
    "circles": circles([Point(0, 1, 0), Point(1, 2, 1)], [(HOSTILE, "●"), ("b", "○")], title=HOSTILE, y_label=HOSTILE),
    "nothing to draw": line_chart([], title="empty"),
    "one value": line_chart([Series("a", [3], [3])], title="one"),
    "no rows": raster([], np.zeros((0, 1), dtype=bool), title="none"),
}
CHARTS["stacked"] = stacked([CHARTS["line"], CHARTS["raster"]], HOSTILE)


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_one_element_that_reaches_for_nothing_outside_and_runs_nothing(name: str) -> None:
    text = CHARTS[name]
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "rect", "path", "circle", "text"),
    }
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
    names = {attribute for element in root.iter() for attribute in element.attrib}
    assert not any("href" in attribute or attribute.startswith("on") for attribute in names)
    assert "url(" not in text


@pytest.mark.parametrize("name", ["line", "bar", "raster", "circles", "stacked"])
def test_texts_are_shown_as_they_are_with_controls_made_visible(name: str) -> None:
    texts = [element.text for element in ElementTree.fromstring(CHARTS[name]).iter(f"{SVG}text")]
    assert any(text and "<script>" in text and "\\x1b" in text and "\\u202e" in text for text in texts)
    assert not any(character in CHARTS[name] for character in "\x1b\x00\u202e\udcff")


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def lines(text: str) -> list[str]:
    """Paths of the lines of series, which alone are wider than a pixel."""
    return [e.get("d") or "" for e in ElementTree.fromstring(text).iter(f"{SVG}path") if e.get("stroke-width") == "1.5"]


def test_a_line_runs_from_corner_to_corner_of_its_axes() -> None:
    text = line(x_limits=(0.0, 1.0), y_limits=(0.0, 1.0))
    frame = next(e.get("d") for e in ElementTree.fromstring(text).iter(f"{SVG}path") if "V" in (e.get("d") or ""))
    left, top, bottom, right = (float(n) for n in re.findall(r"[\d.]+", frame or ""))
    drawn = points(lines(text)[0])
    assert drawn[0] == (left, bottom)
    assert drawn[-1] == (right, top)
    xs, ys = np.array(drawn).T
    np.testing.assert_allclose(xs, left + X * (right - left), atol=0.06)
    np.testing.assert_allclose(ys, bottom - X * (bottom - top), atol=0.06)


def test_a_line_breaks_where_a_value_is_missing_and_keeps_the_ends_of_flat_stretches() -> None:
    y = np.array([0, 0, 0, 1, 1, np.nan, 0.5, 0.2])
    text = line_chart([Series("a", np.arange(8), y)], title="t", y_limits=(0.0, 1.0))
    drawn = lines(text)[0]
    assert drawn.count("M") == 2
    assert len(points(drawn)) == 6  # of the first three, all alike, the middle one adds nothing
    assert "nan" not in text


def test_series_are_told_apart_without_colour() -> None:
    text = line_chart([Series("a", X, X), Series("b", X, 1 - X, dash=True), Series("c", X, X / 2)], title="t")
    root = ElementTree.fromstring(text)
    assert sum(1 for e in root.iter() if e.get("stroke-dasharray")) == 2  # the line and its place in the legend
    assert len({s.marker for s in told_apart([Series(name, X, X) for name in "abcde"])}) == 5
    marks = [e for e in root.iter() if e.tag in (f"{SVG}circle", f"{SVG}path") and e.get("fill") != "none"]
    assert len({(e.tag, (e.get("d") or "").count("l"), e.get("fill") == "white") for e in marks}) == 3


def test_markers_that_are_given_are_kept_and_a_pair_shares_its_colour() -> None:
    pair = [Series("a", X, X, marker="●"), Series("b", X, X / 2, dash=True, marker="○"), Series("c", X, X, marker="■")]
    assert told_apart(pair) == pair
    strokes = [
        e.get("stroke")
        for e in ElementTree.fromstring(line_chart(pair, title="t")).iter(f"{SVG}path")
        if e.get("stroke-width") == "1.5"
    ]
    assert strokes[0] == strokes[1] != strokes[2]  # in the legend first


def test_bars_are_as_high_as_their_values() -> None:
    text = bar_chart(["a", "b"], [("x", [0.2, 0.4])], title="t", y_limits=(0.0, 0.5))
    heights = [float(e.get("height") or 0) for e in ElementTree.fromstring(text).iter(f"{SVG}rect")][1:]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert len(heights) == 2


def test_a_raster_has_a_block_for_each_range_of_a_row() -> None:
    boxes = list(ElementTree.fromstring(raster(["7", "9"], MASK, title="t", first=1)).iter(f"{SVG}rect"))[1:]
    (first, second) = [(float(e.get("x") or 0), float(e.get("width") or 0), float(e.get("y") or 0)) for e in boxes]
    assert first[1] == pytest.approx(2 * second[1], abs=0.2)
    assert second[0] == pytest.approx(first[0] + 3 * second[1], abs=0.2)
    assert first[2] < second[2]


def marks_at(text: str, colour: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(text)
    found = [e for e in root.iter(f"{SVG}circle") if e.get("stroke") == colour]
    return [(float(e.get("cx") or 0), float(e.get("cy") or 0)) for e in found]


def test_a_logarithmic_axis_gives_equal_room_to_equal_factors() -> None:
    series = [Series("a", [10.0, 100.0, 1000.0, 0.0], [1.0, 1.0, 1.0, 1.0], marker="●")]
    text = line_chart(series, title="t", x_limits=(10.0, 1000.0), y_limits=(0.0, 1.0), x_log=True)
    (first, _), (second, _), (third, _) = marks_at(text, COLOURS[0])  # 0 has no place there
    assert second - first == pytest.approx(third - second, abs=0.2)
    assert [e.text for e in ElementTree.fromstring(text).iter(f"{SVG}text") if e.text in ("10", "100", "1k")] == [
        *("10", "100", "1k"),
    ]


def test_an_interval_is_a_band_that_breaks_where_there_is_none_and_fits_the_chart() -> None:
    low, high = np.array([0.1, 0.1, np.nan, 0.1, 0.1]), np.array([0.2, 0.2, np.nan, 0.2, 0.9])
    one = Series("a", np.arange(5.0), np.full(5, 0.15), low=low, high=high)
    text = line_chart([one], title="t", y_limits=(0.0, 0.2))
    bands = [e.get("d") or "" for e in ElementTree.fromstring(text).iter(f"{SVG}path") if e.get("fill-opacity")]
    assert len(bands) == 2
    assert all(band.count("L") == 3 for band in bands)
    top = min(y for band in bands for _, y in points(band))
    frame = next(e.get("d") or "" for e in ElementTree.fromstring(text).iter(f"{SVG}path") if "V" in (e.get("d") or ""))
    assert top > float(re.findall(r"[\d.]+", frame)[1])  # 0.9 lies below the upper end of the axis


def test_dots_stand_in_their_rows_at_their_numbers() -> None:
    rows = [("unchanged", (10, 4)), ("a longer name 0.025", (20, 0))]
    text = dots(rows, (("one", "●"), ("two", "■")), title="t", x_label="neurons")
    (_, legend), *found = marks_at(text, COLOURS[0])
    assert len(found) == 2
    (first, above), (second, below) = found
    assert legend < above < below
    zero, twenty = (
        float(e.get("x") or 0) for e in ElementTree.fromstring(text).iter(f"{SVG}text") if e.text in ("0", "20")
    )
    assert first == pytest.approx((zero + twenty) / 2, abs=0.2)
    assert second == pytest.approx(twenty, abs=0.2)
    names = [e for e in ElementTree.fromstring(text).iter(f"{SVG}text") if e.text == rows[1][0]]
    assert float(names[0].get("x") or 0) > 6 * len(rows[1][0])  # where it ends: all of it is in the picture


def test_charts_put_below_each_other_keep_their_sizes() -> None:
    parts = [line(), raster(["1"], MASK[:1], title="t", width=300)]
    root = ElementTree.fromstring(stacked(parts, "both"))
    inner = root.findall(f"{SVG}svg")
    heights = [int(part.get("height") or 0) for part in inner]
    assert int(root.get("height") or 0) == sum(heights)
    assert int(root.get("width") or 0) == 400
    assert [part.get("y") for part in inner] == ["0", str(heights[0])]


def test_a_chart_without_its_title_drawn_still_has_it_for_those_who_cannot_see() -> None:
    root = ElementTree.fromstring(line(show_title=False))
    assert root[0].text == "t"
    assert all(element.text != "t" for element in root.iter(f"{SVG}text"))


def test_a_long_legend_adds_lines_and_leaves_the_chart_its_height() -> None:
    few = line_chart([Series(name, X, X) for name in "ab"], title="t", width=300)
    many = line_chart([Series(f"a name of some length {i}", X, X) for i in range(8)], title="t", width=300)

    def height(text: str) -> float:
        return float(ElementTree.fromstring(text).get("height") or 0)

    assert height(many) > height(few) + 60
