"""The pages under docs/ that describe the store follow from its code."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from neuron_tui.store import Run
from neuron_tui.store.disk.schema import CORPUS, LAYER, OVERLAY, describe
from neuron_tui.store.findings.figures import NAMES, build_figure, read_aggregates
from neuron_tui.store.findings.figures.figure import Histograms
from neuron_tui.store.findings.summary import HISTOGRAM_BOUNDS
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import CorpusIdentity, Manifest, ModelIdentity, RunOptions, Usage, Variant
from neuron_tui.tui.reports.data import csv_row

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "format.md").read_text(encoding="utf-8")


def test_the_tables_of_format_md_are_those_of_the_schema(page: str) -> None:
    rows = [line for line in describe().splitlines() if line.startswith("| `")]
    assert [line for line in page.splitlines() if line in rows] == rows, (
        "docs/format.md is out of date: put into it what neuron_tui.store.disk.schema.describe() gives"
    )


def test_every_dimension_is_explained(page: str) -> None:
    used = {
        match[0]
        for schema in (CORPUS, LAYER, OVERLAY)
        for dataset in schema.datasets
        for term in dataset.shape
        if (match := re.match(r"[A-Z]\d?", term))
    }
    table = page.partition("| dimension |")[2].partition("\n\n")[0]
    named = set(re.findall(r"[A-Z]\d?(?=[ |])", table))
    assert used <= named


@pytest.mark.parametrize("model", [Manifest, ModelIdentity, RunOptions, CorpusIdentity, Usage, Variant, Thresholds])
def test_every_key_of_run_json_is_explained(page: str, model: type[BaseModel]) -> None:
    section = page.partition("## run.json")[2].partition("## Variants")[0]
    assert [key for key in model.model_fields if f"`{key}`" not in section] == []


def test_every_key_of_job_json_is_explained(page: str) -> None:
    section = page.partition("## job.json")[2].partition("## HDF5")[0]
    assert [key for key in Job.model_fields if f"`{key}`" not in section] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_a_figure_is_named(name: str, run: Run) -> None:
    text = (DOCS / "reports.md").read_text(encoding="utf-8")
    figure = build_figure(name, [read_aggregates(run)])
    bins = figure.chart.bins if isinstance(figure.chart, Histograms) else ()
    named = [column.name for column in figure.columns if column.name not in ("run", "layer", "depth", *bins)]
    row = next(line for line in text.splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1])
    assert named
    assert [column for column in named if f"`{column}`" not in row] == []


def test_every_column_of_a_csv_report_is_named(run: Run) -> None:
    text = (DOCS / "reports.md").read_text(encoding="utf-8")
    record = run.layers[0].neuron(0)
    columns = [re.sub(r"\d$", "N", re.sub(r":.*", ":DOMAIN", column)) for column in csv_row(record)]
    assert [column for column in columns if f"`{column}`" not in text] == []


def test_the_histograms_of_definitions_md_are_those_of_the_code() -> None:
    page = (DOCS / "definitions.md").read_text(encoding="utf-8")
    for n, bounds in HISTOGRAM_BOUNDS.items():
        assert f"| {n} | {', '.join(f'{bound:,}' for bound in bounds)} |" in page
