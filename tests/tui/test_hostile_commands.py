"""Whatever a run, an argument or a settings file holds: nothing of it acts on the terminal that a command prints to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from neuron_tui.store.neurons.causal import keep_causal
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.process import guard
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.config import read_config
from tests.causal_records import measured
from tests.hostile import FORMS, NAME, TEXTS, acting
from tests.synthetic import build_run
from tests.tui.command import Command, command  # noqa: F401 - a fixture
from tests.tui.jobs_at_hand import put_job

# ruff: noqa: F811 - the fixture is imported by its name

DOMAINS = (NAME, "\u0301[b]\x07日", "=1+1")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with hostile names, models, domains, jobs and files, one of them damaged."""
    directory = tmp_path_factory.mktemp("runs") / "at\x1b[31m\u202e\udcff"
    file_name = NAME.replace("/", "").replace("\x00", "")
    for place, name in enumerate([file_name, "=1+1", "[red]", "damaged\x9b", "bytes\udc9b"]):
        folder = directory / name
        build_run(folder, layers=2, neurons=40, sequences=12, domains=DOMAINS, model=TEXTS[place], extra=FORMS)
        (folder / "stray\x1b[31m\u202e\udc9b").write_bytes(b"")
        put_job(folder, NAME, state=("failed", "paused")[place % 2], problem=NAME, stage=NAME, unit=NAME, host=NAME)
    notes = NotesFile(directory / "=1+1")
    for neuron, text in enumerate((*TEXTS, NAME)):
        written = text.encode("utf-8", "replace").decode()
        notes.put(0, neuron % 40, "", author=f"a {written}"[:100], label=written[:200], text=f"{written}\n{written}")
    keep_causal(directory / "=1+1", [measured(1, row, row + 1, where=text) for row, text in enumerate(TEXTS[:38])])
    (directory / "damaged\x9b" / "run.json").write_text('{"\\u001b[31m\\u202e": 1}')
    return directory


def _commands(runs: Path) -> Iterator[list[object]]:
    names = [path.name for path in runs.iterdir()]
    yield ["runs"]
    yield ["runs", "--json"]
    for name in (*names, NAME, *TEXTS):
        name = name.replace("\x00", "")
        if name.startswith("-"):
            continue
        yield ["info", name]
        yield ["check", name]
        yield ["export", name, "--all", "--format", NAME]
        yield ["export", name, "--neuron", NAME, "--format", "md"]
        yield ["export", name, "--where", f'trigger:"{NAME}', "--format", "csv"]
        yield ["export", name, "--where", NAME, "--format", "csv"]
        yield ["figures", name, "--figure", NAME]
        yield ["figures", name, "--format", NAME]
        yield ["compare", name, NAME.replace("\x00", ""), "--part", NAME]
    for name in names:
        yield ["info", name, "--json"]
        for format_ in ("table", "json", "csv", "chart"):
            yield ["figures", name, "=1+1", "--format", format_]
        for format_ in ("md", "html", "json", "jsonl", "csv", "neuronpedia"):
            yield ["export", name, "--neuron", "0:20", "--format", format_]
        yield ["figures", name, "--figure", "1a", "--format", "svg"]
    for more in ([], ["--json"]):
        yield ["find", "=1+1", "--text", "\x1b[31mred\x1b[0m of\x00[bold]", *more]
        yield ["similar", "=1+1", "0:20", "--in", "[red]", "--permutations", "9", *more]
    yield ["similar", "=1+1", NAME, "--by", NAME]
    yield ["universal", "=1+1", "[red]"]
    yield ["export", "=1+1", "--neuron", "0:20", "--format", "parquet", "--output", runs.parent / f"\x1b{names[0]}"]
    for more in ([], ["--json"], ["--format", "md"]):
        yield ["paper", "=1+1", "[red]", *more]
    for neuron in range(0, 40, 4):
        yield ["note", "=1+1", f"0:{neuron}"]
    yield ["note", "=1+1", "0:1", "--label", NAME.replace("\x00", ""), "--text", "\x1b[31m\n\u202e", "--author", "\x9b"]
    yield ["note", "[red]", NAME, "--label", "x"]
    yield ["note", "[red]", "0:1", "--label", NAME, "--author", "\udcff"]
    yield ["notes", "export", "=1+1"]
    yield ["notes", "import", "[red]", runs.parent / NAME.replace("/", "")]
    yield ["job", "=1+1"]
    yield ["job", "[red]", "--json"]
    for name in [*names[::2], "bytes\udc9b"]:
        archive = runs.parent / f"{name}\x1b.tar"
        yield ["pack", name, "--output", archive]
        yield ["unpack", archive, "--name", f"again{len(name)}"]
        yield ["unpack", archive, "--name", NAME]
    for format_ in ("table", "json", "csv", "chart", "html"):
        yield ["compare", "=1+1", "[red]", "--tokens", "--format", format_]
    yield [NAME]
    yield ["open", NAME.replace("\x00", "")]


def test_no_command_prints_what_acts(command: Command, runs: Path) -> None:
    codes = set()
    for arguments in _commands(runs):
        ended = command(*arguments, "--runs-dir", runs)
        assert not acting(ended.out + ended.err), arguments
        assert ended.code != 1, (arguments, ended.err)
        (ended.out + ended.err).encode()
        codes.add(ended.code)
    assert codes == {0, 2, 3, 4}


def test_what_is_json_has_the_names_as_they_are(command: Command, runs: Path) -> None:
    listed = json.loads(command("runs", "--json", "--runs-dir", runs).out)
    assert {run["name"] for run in listed} == {path.name for path in runs.iterdir()}
    info = json.loads(command("info", "=1+1", "--json", "--runs-dir", runs).out)
    assert set(info["domains"]) == set(DOMAINS)
    assert info["model"] == TEXTS[1]


@pytest.mark.parametrize(
    "text",
    [
        '"\\u001b[31m" = 1',
        'theme = "\\u001b[31m\\u202e"',
        '[keys]\n"\\u202e[b]" = "\\u001b"',
        '[keys]\n"explorer.filter" = "\\u001b\\u202e"',
        '[defaults]\nmodel = 1\n"\\u009b" = 2',
        "\x1b[31m",
        "\udcff",
        "theme = '\u202e'",
    ],
)
def test_a_settings_file_is_quoted_safely(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "con\x1b[31mfig\udcff.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert guard(lambda: NeuronTuiApp(tmp_path, None, read_config(path)) and None) == 3
    said = capsys.readouterr().err
    assert not acting(said)
    assert "con\\x1b[31mfig\\xff.toml" in said
