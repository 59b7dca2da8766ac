"""Whatever a run holds: its exports read back as what it holds, and nothing in them acts where they are opened."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.figures import NAMES as FIGURES
from neuron_tui.store.findings.figures import build_figure, read_aggregates
from neuron_tui.store.neurons.run import Run
from neuron_tui.tui.reports.figures import figure_csv, figures_csv, figures_json
from neuron_tui.tui.reports.printed import print_figure
from neuron_tui.tui.reports.report import write_report
from tests.hostile import FORMS, NAME, TEXTS, acting
from tests.synthetic import HOSTILE, build_run, form

DOMAINS = (NAME, "=1+1\u0301[b]", "@x\u202e")
LAYERS, NEURONS = 2, 110

_FORMULA = re.compile(r"\s*[=+@-]")
"""How a cell begins that a spreadsheet takes for a formula, unless it is a number."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / f"={NAME.replace('/', '').replace(chr(0), '')}"
    sizes = {"layers": LAYERS, "neurons": NEURONS, "sequences": 12}
    return open_run(build_run(folder, domains=DOMAINS, model=NAME, extra=FORMS, **sizes))


@pytest.fixture(scope="module")
def reports(run: Run) -> dict[str, str]:
    chosen = [(layer, neuron) for layer in range(LAYERS) for neuron in range(NEURONS)]

    def written(format_: str) -> str:
        stream = io.StringIO()
        write_report(run, chosen, format_, stream, chosen_by=f'trigger:"{NAME}"')
        return stream.getvalue()

    return {format_: written(format_) for format_ in ("md", "html", "json", "jsonl", "csv")}


def test_nothing_in_a_report_acts_on_a_terminal_that_prints_it(reports: dict[str, str]) -> None:
    for format_, text in reports.items():
        assert not acting(text), format_
        text.encode()


def test_json_has_every_token_as_the_tokeniser_writes_it(run: Run, reports: dict[str, str]) -> None:
    read = json.loads(reports["json"])
    assert read == [json.loads(line) for line in reports["jsonl"].split("\n")[:-1]]
    records = [record for layer in run.layers.values() for record in layer.records(np.arange(NEURONS))]
    assert read == [record.to_dict() for record in records]
    first = {record["triggers"]["1"]["top"][0]["text"][0] for record in read if record["triggers"]["1"]["top"]}
    assert {*FORMS, *map(form, HOSTILE)} <= first
    assert {name for record in read for name in record["domains"]} == set(DOMAINS)


def no_formula(text: str) -> list[list[str]]:
    """The rows of a CSV text, in which no cell is a formula."""
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    for cell in {cell for row in rows for cell in row if _FORMULA.match(cell)}:
        float(cell)
    return rows


def test_csv_has_the_same_tokens_and_no_formula(reports: dict[str, str]) -> None:
    names, *rows = no_formula(reports["csv"])
    records = json.loads(reports["json"])
    for record, row in zip(records, rows, strict=True):
        cells = dict(zip(names, row, strict=True))
        top = record["triggers"]["1"]["top"]
        assert json.loads(cells["trigger1"] or "null") == (top[0]["text"] if top else None)
        assert json.loads(cells["promoted"]) == [record["effect"]["promoted"][0]["text"]]


class Page(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.others: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def test_html_has_no_element_attribute_or_comment_that_is_not_ours(run: Run, reports: dict[str, str]) -> None:
    page = Page(reports["html"])
    assert not page.others
    assert not page.elements & {"script", "img", "iframe", "object", "embed", "form", "link", "base", "image"}
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "xlink:href", "srcset")}
    text = "".join(page.text)
    for shown in ("</script><img src=x onerror=alert(1)>", "]]>", "&#x0;&lt;", "--><svg onload=alert(1)>", "[/INST]"):
        assert shown.replace(" ", "·") in text, shown


def test_markdown_keeps_everything_of_a_run_in_code(reports: dict[str, str]) -> None:
    outside, fence = [], ""
    for line in reports["md"].partition("\n# Signs and words\n")[0].splitlines():
        if match := re.match("`{3,}", line):
            fence = "" if fence and line == fence else fence or match[0]
            continue
        if not fence:
            outside.append(re.sub(r"`[^`]*`|<code>[^<]*</code>", "", line))
    assert not fence
    text = "\n".join(outside)
    for piece in ("onerror", "INST", "HYPERLINK", "\\x1b", "bold", "```", "日", "<"):
        assert piece not in text, [line for line in outside if piece in line][:3]


@pytest.mark.parametrize("labels", [("=1+1", "@SUM(1)"), (NAME, "-2+3"), (TEXTS[0], "]]>"), ("\t=1", "\u202e")])
def test_figures_read_back_and_do_nothing(run: Run, labels: tuple[str, str]) -> None:
    figures = [build_figure(name, [read_aggregates(run, label) for label in labels]) for name in FIGURES]
    assert json.loads(figures_json(figures))[0]["rows"][0]["run"] == labels[0]
    assert not acting(figures_json(figures))
    for text in (figures_csv(figures), *map(figure_csv, figures)):
        no_formula(text)
        assert not acting(text)
    for figure in figures:
        if figure.chart is None:
            continue
        text = print_figure(figure, "svg", all_layers=True).decode()
        assert not acting(text)
        elements = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
        assert elements <= {"svg", "defs", "style", "clipPath", "use", "image", "text", "path", "rect", "g"}
        attributes = [pair for element in ElementTree.fromstring(text).iter() for pair in element.attrib.items()]
        assert not {name for name, _ in attributes if name.startswith("on")}
        links = {value for name, value in attributes if name.endswith("href")}
        assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)  # nothing outside the file
