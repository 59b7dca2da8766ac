import csv
import errno
import html
import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from neuron_tui.store import Run, open_run
from neuron_tui.store.errors import DiskFullError, InputError, NeuronNotFoundError, RunDamagedError, UsageError
from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.tokens import visible, visible_token
from neuron_tui.store.wording import json_text, percent, value_text
from neuron_tui.tui.reports.context import ContextView, shortened
from neuron_tui.tui.reports.markdown import code, context_line
from neuron_tui.tui.reports.neuron import neuron_view
from neuron_tui.tui.reports.report import FORMATS, size_warning, write_report
from tests.synthetic import PLANTED, build_run, form

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def written(run: Run, neurons: list[tuple[int, int]] | None, kind: str) -> str:
    stream = io.StringIO()
    write_report(run, neurons, kind, stream)
    return stream.getvalue()


def test_jsonl_is_one_record_a_line_by_layer_then_neuron(run: Run) -> None:
    lines = written(run, None, "jsonl").splitlines()
    expected = [record.to_dict() for layer in run.layers.values() for record in layer.records()]
    assert [json.loads(line) for line in lines] == expected


def test_json_is_a_list_of_the_same_records(run: Run) -> None:
    expected = [run.layers[layer].neuron(neuron).to_dict() for layer, neuron in ((0, 3), (2, 1))]
    assert json.loads(written(run, [(2, 1), (0, 3), (2, 1)], "json")) == expected
    assert json.loads(written(run, [], "json")) == []


def test_json_of_a_run_without_positions_is_whole(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "short", layers=1, neurons=12, sequences=0))
    assert [json.loads(line)["position"] for line in written(run, None, "jsonl").splitlines()] == [None] * 12


@given(st.text(st.characters(exclude_categories=())))
def test_json_holds_nothing_that_acts_and_says_the_same(text: str) -> None:
    line = json_text({text: [text]})
    assert line.isprintable()
    assert json.loads(line) == {text: [text]}


def test_csv_has_a_row_a_neuron_and_the_documented_columns(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(written(run, None, "csv"))))
    records = [record for layer in run.layers.values() for record in layer.records()]
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert (int(row["layer"]), int(row["neuron"])) == (record.layer, record.neuron)
        assert (int(row["count"]), float(row["frequency"])) == (record.count, record.frequency)
        assert row["dead"] == ("true" if record.dead else "false")
        assert int(row["count:prose"]) == record.domains["prose"].count
        for n, triggers in record.triggers.items():
            assert int(row[f"covering{n}"]) == triggers.covering
            assert row[f"detector{n}"] == ("true" if triggers.detector else "false")
            assert json.loads(row[f"trigger{n}"] or "[]") == (list(triggers.top[0].forms) if triggers.top else [])
        score = record.effect.trigger_score
        assert row["trigger_score"] == ("" if score is None else repr(score))
        assert record.position is not None
        assert row["type"] == (record.position.type or "")


def test_no_csv_cell_is_a_formula_for_a_spreadsheet(run: Run) -> None:
    for row in csv.reader(io.StringIO(written(run, None, "csv"))):
        assert not any(re.match(r"[=+@\t\r]|-(?![0-9.])", cell) for cell in row)


def test_markdown_says_what_a_neuron_is_and_shows_its_triggers_effects_positions_and_contexts(run: Run) -> None:
    neuron = PLANTED.index("token, suppressing")
    report = written(run, [(0, neuron)], "md")
    record = run.layers[0].neuron(neuron)
    assert report.startswith("# 1 neuron of `demo`\n\n- Model: `synthetic-opt`, 3 layers of 24 neurons\n")
    assert f"\n## 0:{neuron} · token detector, suppresses its triggers\n" in report
    trigger = record.triggers[1].top[0]
    shown = visible_token(trigger.forms[0], spelling="bytes")
    assert f"| `{shown}` | {trigger.active:,} | {trigger.occurrences:,} | " in report
    assert re.search(rf"\| `{re.escape(shown)}` ◂ \| −0\.\d+ \|\n", report)
    for heading in ("Triggers: tokens", "Triggers: bigrams", "Triggers: trigrams", "Writes", "Position", "Contexts"):
        assert f"\n### {heading}\n" in report
    assert f"▐{shown}▌" in report


def test_markdown_begins_with_a_table_of_the_neurons_and_ends_with_what_signs_and_words_mean(run: Run) -> None:
    report = written(run, [(0, 1), (0, 0)], "md")
    front, _, _ = report.partition("\n## ")
    record = run.layers[0].neuron(1)
    assert record.position is not None
    assert "| 0:0 | dead | 0% | 0 | 0.000 |  |\n" in front
    trigger = visible_token(record.triggers[1].top[0].forms[0], spelling="bytes")
    information = f"{record.position.mutual_information:.3f}"
    numbers = f"{percent(record.frequency)} | {record.triggers[1].covering} | {information}"
    assert f"| 0:1 | token ▼ | {numbers} | `{trigger}` |\n" in front
    _, _, legend = report.partition("\n# Signs and words\n")
    assert all(f"`{sign}` " in legend for sign in ("▼", "◂"))


def test_markdown_says_why_these_neurons(run: Run) -> None:
    stream = io.StringIO()
    write_report(run, [(0, 1)], "md", stream, chosen_by='trigger:"`|"')
    (chosen,) = re.findall(r"^- Neurons: (.*)$", stream.getvalue(), re.MULTILINE)
    assert MARKDOWN.renderInline(chosen).startswith("1 neuron that matches <code>")
    assert html.unescape(re.sub("</?code>", "", chosen)) == '1 neuron that matches trigger:"`|"'
    assert "- Neurons" not in written(run, [(0, 1)], "md")


def test_markdown_shows_positions_by_domain_where_there_are_several(run: Run) -> None:
    _, _, position = written(run, [(0, 5)], "md").partition("### Position\n")
    assert re.findall(r"^(\w+) +1 [▁-█]+ 63$", position, re.MULTILINE) == ["all", "prose", "code", "math"]


def test_what_hears_of_each_neuron_can_end_the_report_and_nothing_is_left(run: Run, tmp_path: Path) -> None:
    heard = []

    def stop_at_three(count: int) -> None:
        heard.append(count)
        if count == 3:
            raise KeyboardInterrupt

    for kind in FORMATS:
        heard.clear()
        with pytest.raises(KeyboardInterrupt):
            write_report(run, [(0, neuron) for neuron in range(5)], kind, tmp_path / "out", heard=stop_at_three)
        assert heard == [1, 2, 3]
        assert list(tmp_path.iterdir()) == []


def test_only_a_very_large_html_report_is_warned_of() -> None:
    assert size_warning("html", 2_000) is None
    assert size_warning("jsonl", 10**6) is None
    assert size_warning("html", 20_000) == (
        "20,000 neurons make an HTML file of about 1.2 GB, which browsers are slow to show"
    )


def test_a_dead_neurons_report_is_short(run: Run) -> None:
    report = written(run, [(0, 0)], "md")
    assert "Never active on" in report
    assert "### Triggers" not in report
    assert "### Contexts" not in report


def test_nothing_of_a_hostile_vocabulary_acts_in_markdown(run: Run) -> None:
    report = written(run, None, "md")
    assert all(c.isprintable() or c == "\n" for c in report)
    tokens = MARKDOWN.parse(report)
    sections = [t for t in tokens if t.type == "heading_open" and t.tag == "h2"]
    assert len(sections) == sum(layer.neurons for layer in run.layers.values())
    inline = [child for token in tokens for child in token.children or []]
    plain = {"text", "code_inline", "html_inline", "softbreak", "em_open", "em_close"}
    assert {child.type for child in inline} <= plain
    assert {child.content for child in inline if child.type == "html_inline"} <= {"<code>", "</code>"}
    assert not any(token.type == "html_block" for token in tokens)


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_a_code_span_shows_its_text_and_nothing_else_even_in_a_table(text: str) -> None:
    shown = visible(text)
    rendered = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {code(shown)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", rendered)
    assert len(cells) == 2
    inner = re.fullmatch(r"<code>(.*)</code>", cells[0])
    assert inner is not None
    assert html.unescape(inner[1]) == shown


def line(forms: list[bytes], active: set[int], focus: int, offset: int = 100) -> str:
    """A context as a line of Markdown."""
    context = Context(
        domain="prose",
        offset=offset,
        ids=tuple(range(len(forms))),
        forms=tuple(form(raw) for raw in forms),
        active=tuple(i in active for i in range(len(forms))),
        focus=focus,
    )
    return context_line(ContextView(context, spelling="bytes"))


def test_a_context_marks_the_active_text_and_reads_on_around_it() -> None:
    forms = [b"the", b" deed", b" of", b" ti", b"tle", b"\n", b" to"]
    assert line(forms, {3, 4}, 3, offset=3) == "the deed of▐·title▌↵ to"
    assert line(forms, {1, 4}, 4) == "…the▐·deed▌ of ti▐tle▌↵ to"


def test_active_text_that_is_cut_stays_marked() -> None:
    shown = line([b"a" * 90, b" b", b" c", b" d", b"e" * 90], {0, 2, 4}, 2, offset=2)
    assert shown == f"…▐{'a' * 68}▌ b▐·c▌ d▐{'e' * 48}▌…"


def test_a_character_split_between_tokens_is_whole_in_a_context() -> None:
    halves = ["é".encode()[:1], "é".encode()[1:]]
    assert line([b"caf", *halves, b" x"], {1, 2}, 2, offset=2) == "caf▐é▌ x"


def test_a_long_context_is_cut_around_its_token() -> None:
    assert line([b"a" * 500, b" b", b"c" * 500], {1}, 1) == f"…{'a' * 70}▐·b▌{'c' * 50}…"
    assert len(line([b"x" * 500], {0}, 0)) < 130
    assert (shortened("abcdefgh", 5), shortened("abcde", 5)) == ("ab…gh", "abcde")


def test_a_file_is_replaced_only_when_the_report_is_complete(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    write_report(run, [(0, 0)], "md", path)
    first = path.read_text()
    with pytest.raises(NeuronNotFoundError):
        write_report(run, [(0, 0), (0, 999)], "md", path)
    assert path.read_text() == first
    write_report(run, [(0, 1)], "jsonl", path)
    assert json.loads(path.read_text())["neuron"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["out.md"]


def test_a_report_through_a_link_replaces_the_file_it_names(run: Run, tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")
    write_report(run, [(0, 0)], "md", tmp_path / "link.md")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_text().startswith("# 1 neuron")


def test_a_device_is_written_to_not_replaced(run: Run) -> None:
    write_report(run, [(0, 0)], "md", Path(os.devnull))
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_named(run: Run) -> None:
    with pytest.raises(DiskFullError, match="no space left on the disk while writing /dev/full"):
        write_report(run, None, "md", Path("/dev/full"))


def test_a_full_disk_keeps_the_older_report(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError):
        write_report(run, None, "jsonl", path)
    assert path.read_text() == "old"


def test_a_place_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"it is a directory\nName a file in it"):
        write_report(run, None, "md", tmp_path)
    with pytest.raises(InputError, match=r"there is no directory .*nowhere\nMake it first"):
        write_report(run, None, "md", tmp_path / "nowhere" / "out.md")


@pytest.mark.parametrize("kind", ["pdf", ""])
def test_a_format_that_is_not_there_names_those_that_are(run: Run, kind: str) -> None:
    with pytest.raises(UsageError, match="Use one of: md, html, json, jsonl, csv, neuronpedia, parquet"):
        write_report(run, None, kind, io.StringIO())


def test_a_partial_run_is_reported_as_far_as_it_goes(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "part", layers=3, neurons=12, finished=1))
    assert len(written(run, None, "jsonl").splitlines()) == 12


def test_shares_by_position_are_exact_in_json(run: Run) -> None:
    record = run.layers[0].neuron(5)
    assert record.position is not None
    (line,) = written(run, [(0, 5)], "jsonl").splitlines()
    np.testing.assert_array_equal(json.loads(line)["position"]["frequency"], record.position.frequency)


def test_a_score_that_is_no_number_and_a_trigger_that_is_not_there_are_damage(run: Run, copy: Path) -> None:
    record = run.layers[0].neuron(1)
    wrong = (replace(record.effect.promoted[0], score=float("nan")), *record.effect.promoted[1:])
    with pytest.raises(RunDamagedError, match=r"layer 0, neuron 1: a score that is no number"):
        neuron_view(replace(record, effect=replace(record.effect, promoted=wrong)), [], spelling="bytes")
    damaged = open_run(copy)
    with h5py.File(damaged.layers[0].path, "r+") as file:
        file["triggers/1/first"][1] = 10**6
    for kind in ("md", "html"):
        with pytest.raises(RunDamagedError, match="a token that the corpus does not have"):
            write_report(damaged, [(0, 0), (0, 1)], kind, io.StringIO())


def test_values_and_weights_stand_in_every_report_alike(run: Run) -> None:
    record = run.layers[0].neuron(1)
    assert record.values is not None
    assert record.values.max is not None
    assert record.weights is not None
    texts = {}
    for name in ("md", "html", "json", "jsonl", "csv"):
        texts[name] = written(run, [(0, 1)], name)
    (row,) = csv.DictReader(io.StringIO(texts["csv"]))
    assert list(row)[-6:] == ["max", "mean_active", "norm", "cosine", "kurtosis", "token_frequency"]
    assert float(row["max"]) == record.values.max == json.loads(texts["jsonl"])["values"]["max"]
    assert float(row["kurtosis"]) == record.weights.kurtosis == json.loads(texts["json"])[0]["weights"]["kurtosis"]
    highest = value_text(record.values.max)
    assert f"Highest value {highest}, mean" in texts["md"] and f"Highest value {highest}, mean" in texts["html"]
    first = texts["md"].partition("### Highest contexts")[2].splitlines()[3]
    assert first.split()[0] == highest
    assert f'class="v4" title="{highest}"' in texts["html"]
