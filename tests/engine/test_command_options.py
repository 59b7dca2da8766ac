"""The options of `extract` and `analyze` are those that are declared, and refuse what cannot be read by name."""

import pytest
import typer
from typer.testing import CliRunner

from neuron_tui.engine.command import app
from neuron_tui.store.declared import flag
from neuron_tui.store.measures.thresholds import THRESHOLDS
from neuron_tui.store.runs.manifest import RunOptions
from neuron_tui.store.runs.options import OPTIONS, ExtractionOptions, ResultOptions

COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize(
    ("command", "name"), [*(("extract", n) for n in OPTIONS), *(("analyze", n) for n in THRESHOLDS)]
)
def test_every_declared_option_is_one_of_the_command_with_its_help(command: str, name: str) -> None:
    text = (OPTIONS if command == "extract" else THRESHOLDS)[name].help
    given = next(one for one in COMMANDS[command].params if one.name == name)
    assert given.help.startswith(text)
    assert name == "model" or given.opts == [flag(name)]


def test_every_field_is_declared_and_run_json_keeps_those_that_decide_the_results() -> None:
    assert set(OPTIONS) == set(ExtractionOptions.model_fields)
    assert set(RunOptions.model_fields) == set(ResultOptions.model_fields)


@pytest.mark.parametrize(
    ("option", "text", "reason"),
    [
        ("--tokens", "five", "not a number; write 5,000,000, 600k or 5M"),
        ("--tokens", "0", "at least 1"),
        ("--context-length", "1", "at least 2"),
        ("--layers", "5-2", "5-2 is no range: the smaller number comes first"),
        ("--device", "tpu", "auto, cpu, cuda, cuda:1 for the second GPU, or cuda:all"),
        ("--dtype", "int8", "one of auto, float32, float16, bfloat16"),
        ("--batch-tokens", "-1", "not a number; write 5,000,000, 600k or 5M"),
        ("--memory", "much", "a size such as 8G, 500M or 1.5T"),
        ("--keep-activations", "maybe", "one of auto, always, never"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_words_of_the_form(option: str, text: str, reason: str) -> None:
    given = ["pocket-opt", "--corpus", "builtin:math", "--name", "x", option, text]
    done = CliRunner().invoke(app, ["extract", *given])
    assert done.exit_code == 2
    assert done.stderr == f"{option} is {text!r}: {reason}\n"


@pytest.mark.parametrize(("option", "text"), [("--coverage", "most"), ("--max-covering", "1,2"), ("--thin", "2")])
def test_a_threshold_that_cannot_be_read_is_refused_by_name(option: str, text: str) -> None:
    done = CliRunner().invoke(app, ["analyze", "run", "--name", "x", option, text])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{option} is {text!r}\nIt takes ")
