import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.tokens import visible, visible_token
from neuron_tui.store.wording import GRAM_NAMES, percent, signed
from neuron_tui.tui.reports.context import shortened
from neuron_tui.tui.reports.curve import thinned
from neuron_tui.tui.reports.html import POLICY
from neuron_tui.tui.reports.neuron_text import headline, own_triggers
from neuron_tui.tui.reports.report import write_report
from tests.synthetic import HOSTILE, PLANTED, build_run, form

VOID = {"meta", "br", "path", "rect", "line", "circle"}


@dataclass
class Element:
    """An element of a page with what is in it, texts included."""

    tag: str
    attributes: dict[str, str | None]
    inside: "list[Element | str]" = field(default_factory=list)

    def all(self, tag: str = "") -> "Iterator[Element]":
        for part in self.inside:
            if isinstance(part, Element):
                if tag in ("", part.tag):
                    yield part
                yield from part.all(tag)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.inside)


class Page(HTMLParser):
    """A page as a tree; elements that are not closed in order are an error."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(source)
        self.close()
        assert len(self._open) == 1, f"never closed: {[e.tag for e in self._open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def shown(form: str) -> str:
    """A token as a report shows it."""
    return shortened(visible_token(form, "bytes"))


def source(run: Run, neurons: list[tuple[int, int]] | None, chosen_by: str = "") -> str:
    stream = io.StringIO()
    write_report(run, neurons, "html", stream, chosen_by=chosen_by)
    return stream.getvalue()


@pytest.fixture(scope="module")
def page(run: Run) -> Element:
    """A page of all neurons of the run."""
    return Page(source(run, None)).root


def sections(page: Element) -> dict[tuple[int, int], Element]:
    found = {}
    for section in page.all("section"):
        layer, neuron = (section.attributes["id"] or "").removeprefix("n").split("-")
        found[int(layer), int(neuron)] = section
    return found


def tables(section: Element) -> dict[str, list[list[str]]]:
    """Tables by the beginning of their captions, what is folded away added to the one before."""
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for table in section.all("table"):
        captions = list(table.all("caption"))
        if captions:
            name = next(captions[0].all("b")).text
            rows = found[name] = []
        body = next(table.all("tbody"))
        rows += [[cell.text for cell in row.inside if isinstance(cell, Element)] for row in body.all("tr")]
    return found


def test_nothing_runs_nothing_is_fetched_and_links_stay_on_the_page(page: Element) -> None:
    allowed = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "div"}
    allowed |= {"h1", "h2", "h3", "h4", "p", "a", "b", "i", "bdi", "mark", "dl", "dt", "dd", "ol", "li"}
    allowed |= {"table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption"}
    allowed |= {"svg", "g", "rect", "path", "text", "circle", "line", "polygon"}
    elements = list(page.all())
    assert {element.tag for element in elements} <= allowed
    ids = {element.attributes["id"] for element in elements if "id" in element.attributes}
    for element in elements:
        assert not {"src", "srcset", "data", "action", "xlink:href"} & set(element.attributes)
        assert not any(name.startswith("on") for name in element.attributes)
        if "href" in element.attributes:
            assert (element.attributes["href"] or "").removeprefix("#") in ids
    (policy,) = [m for m in page.all("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.attributes["content"] == POLICY == "default-src 'none'; style-src 'unsafe-inline'"
    style = next(page.all("style")).text
    assert not re.search(r"url\(|@import|https?:|expression", style)


def test_it_is_a_whole_page_with_language_title_and_headings_in_order(run: Run) -> None:
    text = source(run, [(0, 1)])
    page = Page(text).root
    assert text.startswith("<!DOCTYPE html>\n")
    assert next(page.all("html")).attributes["lang"] == "en"
    assert next(page.all("title")).text == "1 neuron of demo"
    levels = [int(e.tag[1]) for e in page.all() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for table in page.all("table"):
        assert {cell.attributes["scope"] for cell in table.all("th")} == {"col", "row"}


def test_it_has_the_same_neurons_as_jsonl_in_the_same_order_and_contents_that_lead_to_them(
    run: Run, page: Element
) -> None:
    expected = [(record.layer, record.neuron) for layer in run.layers.values() for record in layer.records()]
    assert list(sections(page)) == expected
    (contents,) = page.all("nav")
    links = [(link.text, link.attributes["href"]) for link in contents.all("a")]
    assert links == [(f"{layer}:{neuron}", f"#n{layer}-{neuron}") for layer, neuron in expected]


def test_contents_say_what_each_neuron_is(run: Run, page: Element) -> None:
    (contents,) = page.all("nav")
    rows = [[cell.text for cell in row.inside if isinstance(cell, Element)] for row in contents.all("tr")][1:]
    record = run.layers[0].neuron(1)
    assert record.position is not None
    assert rows[1] == [
        "0:1",
        "token ▼",
        percent(record.frequency),
        f"{record.triggers[1].covering}",
        f"{record.position.mutual_information:.3f}",
        shown(record.triggers[1].top[0].forms[0]),
    ]
    assert rows[0] == ["0:0", "dead", "0%", "0", "0.000", ""]
    assert not list(Page(source(run, [(0, 1)])).root.all("nav"))


def check_record(record: NeuronRecord, section: Element) -> None:
    assert next(section.all("h2")).text == f"{record.layer}:{record.neuron} · {headline(record)}"
    found = tables(section)
    paragraph = next(section.all("p")).text
    assert f"{record.tokens:,} tokens" in paragraph
    if not record.dead:
        assert f"{record.count:,} of {record.tokens:,} tokens ({percent(record.frequency)})" in paragraph
        for (name, domain), cells in zip(record.domains.items(), found["By domain"], strict=True):
            assert cells[:4] == [name, f"{domain.count:,}", f"{domain.tokens:,}", percent(domain.frequency)]
    for n, triggers in record.triggers.items():
        if not triggers.total:
            continue
        together = 0
        for trigger, cells in zip(triggers.top, found[f"Triggers: {GRAM_NAMES[n]}s"], strict=True):
            together += trigger.active
            assert cells[:5] == [
                " ".join(shown(text) for text in trigger.forms),
                f"{trigger.active:,}",
                f"{trigger.occurrences:,}",
                percent(trigger.active / trigger.occurrences),
                percent(together / triggers.total),
            ]
    own = own_triggers(record)
    for name, scores in (("Promotes", record.effect.promoted), ("Suppresses", record.effect.suppressed)):
        for score, cells in zip(scores, found[name], strict=True):
            token = shown(score.form) + (" ◂" if score.id in own else "")
            assert cells[:2] == [token, signed(score.score)]


def test_every_number_of_every_record_is_there(run: Run, page: Element) -> None:
    by_address = sections(page)
    for layer in run.layers.values():
        for record in layer.records():
            check_record(record, by_address[record.layer, record.neuron])


def test_positions_are_charts_overall_and_by_domain(run: Run, page: Element) -> None:
    by_address = sections(page)
    for layer in run.layers.values():
        for record in layer.records():
            charts = list(by_address[record.layer, record.neuron].all("svg"))
            assert len(charts) == (0 if record.dead else 4)
            titles = [next(chart.all("title")).text for chart in charts]
            assert titles[1:] == [] if record.dead else [f"The same in {name}" for name in record.domains]


def test_contexts_mark_what_is_active_by_more_than_colour(run: Run, page: Element) -> None:
    section = sections(page)[0, PLANTED.index("token, suppressing")]
    marks = [mark.text for mark in section.all("mark")]
    record = run.layers[0].neuron(PLANTED.index("token, suppressing"))
    triggers = {shown(trigger.forms[0]) for trigger in record.triggers[1].top}
    assert marks
    assert all(mark.startswith("▐") and mark.endswith("▌") for mark in marks)
    assert {mark.strip("▐▌") for mark in marks} & triggers
    assert [heading.text for heading in section.all("h4")] == ["prose", "code", "math"]


def test_hostile_tokens_are_literal_and_each_is_kept_apart(run: Run, page: Element) -> None:
    section = sections(page)[0, PLANTED.index("hostile token")]
    isolated = {element.text for element in section.all("bdi")}
    for raw in HOSTILE[:5]:
        assert shown(form(raw)) in isolated
    assert page.text.replace("\n", "").isprintable()
    assert visible("\x1b") in page.text


def test_names_and_filters_are_literal_too(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>&amp;\u202e"
    run = open_run(build_run(tmp_path / "<b>x", layers=1, neurons=12, model=name, domains=("<i>", '"&')))
    text = source(run, [(0, 1), (0, 9)], chosen_by='trigger:"</title><script>"')
    assert "<script" not in text
    page = Page(text).root
    assert next(page.all("title")).text == "2 neurons of <b>x"
    facts = [fact.text for fact in page.all("dd")][:5]
    assert facts[0].startswith("<script>alert(1)</script>&amp;\\u202e, 1 layer of 12 neurons")
    assert "<i> " in facts[1]
    assert facts[3].startswith("dead neurons 2 of 12 (16.7%, interval 4.7–44.8%); token detectors ")
    assert facts[4] == '2 neurons that match trigger:"</title><script>"'


def test_without_positions_or_a_second_domain_there_are_no_empty_parts(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "short", layers=1, neurons=12, sequences=0, domains=("prose",)))
    page = Page(source(run, None)).root
    assert not list(page.all("svg"))
    assert "By domain" not in page.text
    assert not any(heading.text == "Position" for heading in page.all("h3"))


def test_a_curve_is_thinned_to_means_and_kept_whole_if_it_is_short() -> None:
    x, y = thinned(np.array([0.0, 1.0, 1.0, 0.0]), 2)
    np.testing.assert_array_equal((x, y), ([1.5, 3.5], [0.5, 0.5]))
    x, y = thinned(np.array([0.25, 0.75]), 400)
    np.testing.assert_array_equal((x, y), ([1, 2], [0.25, 0.75]))
    long = np.random.default_rng(0).random(2047)
    x, y = thinned(long, 400)
    assert len(x) == len(y) == 400
    assert 1 <= x[0] < 6
    assert 2042 < x[-1] <= 2047
    assert y.mean() == pytest.approx(long.mean(), abs=0.01)


def test_neurons_are_written_as_they_are_read(run: Run) -> None:
    class Counting(io.StringIO):
        def write(self, text: str) -> int:
            largest.append(len(text))
            return super().write(text)

    largest: list[int] = []
    stream = Counting()
    write_report(run, None, "html", stream)
    assert len(stream.getvalue()) > 40 * max(largest)
