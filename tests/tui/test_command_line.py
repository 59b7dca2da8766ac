import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from neuron_tui.tui.cli.main import app
from tests.tui.command import Command, command  # noqa: F401 - a fixture

ENGINES = ("extract", "analyze", "mend", "train", "prompt", "ablate")
COMMANDS = tuple(typer.main.get_command(app).commands)

_HELP = """
import sys
sys.argv = ["neuron-tui", *sys.argv[1:]]
from neuron_tui.tui.cli.main import main
try:
    main()
except SystemExit as ended:
    loaded = {"torch", "transformers", "textual", "tokenizers", "plotext"} & set(sys.modules)
    print("loaded:", *sorted(loaded), "code:", ended.code, file=sys.stderr)
"""


def fresh(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _HELP, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100", **environment},
    )


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS if name not in ENGINES)])
def test_help_has_an_example_and_loads_neither_torch_nor_textual(arguments: tuple[str, ...]) -> None:
    done = fresh(*arguments, "--help")
    assert done.stderr == "loaded: code: 0\n"
    assert "Example" in done.stdout
    assert " ".join(("neuron-tui", *arguments)) in done.stdout


@pytest.mark.parametrize("name", ENGINES)
def test_the_engines_commands_answer_help_themselves_under_our_name(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELP, name, "--help"], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0
    assert f"Usage: neuron-tui {name}" in done.stdout
    assert "Example" in done.stdout


@pytest.mark.parametrize("name", ENGINES)
def test_the_engines_help_loads_no_torch(name: str) -> None:
    script = (
        f"import sys; sys.argv = ['x', '{name}', '--help']\n"
        "from neuron_tui.engine.command import main\n"
        "try:\n    main()\n"
        "except SystemExit: print('torch' in sys.modules, 'transformers' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == "False False\n"


def test_help_lists_every_command(command: Command) -> None:  # noqa: F811
    listed = command("--help").out
    assert all(f" {name} " in listed for name in COMMANDS)


def test_the_version_is_data(command: Command) -> None:  # noqa: F811
    ended = command("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"neuron-tui {version('neuron-tui')}\n", "")


@pytest.mark.parametrize("arguments", [("nonsense",), ("info",), ("info", "a", "b"), ("runs", "--jsn"), ("--what",)])
def test_wrong_usage_is_2_and_on_stderr(command: Command, arguments: tuple[str, ...]) -> None:  # noqa: F811
    ended = command(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: neuron-tui" in ended.err


@pytest.mark.parametrize("arguments", [(), ("open", "whole")])
def test_the_app_without_a_terminal_says_what_to_use_instead(
    command: Command,  # noqa: F811
    runs: Path,
    arguments: tuple[str, ...],
) -> None:
    ended = command("--runs-dir", runs, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("the app needs a terminal\n")


@pytest.mark.parametrize("order", ["before", "after", "variable", "before wins over variable"])
def test_the_runs_directory_is_given_before_or_after_the_command_or_by_the_variable(
    command: Command,  # noqa: F811
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    order: str,
) -> None:
    monkeypatch.setenv("NEURON_TUI_RUNS", str(runs if order == "variable" else tmp_path))
    option = ["--runs-dir", runs]
    arguments = {"after": ["runs", *option], "variable": ["runs"]}.get(order, [*option, "runs"])
    assert "whole" in command(*arguments).out


def test_a_module_in_the_working_directory_cannot_stand_in_for_one_of_the_engines(tmp_path: Path) -> None:
    for name in ("torch", "queue", "json", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)")
    done = subprocess.run(
        [sys.executable, "-P", "-c", _HELP, "extract", "--help"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0


def test_what_only_the_engine_knows_is_refused_by_it_with_its_exit_code(tmp_path: Path) -> None:
    for arguments in (("extract",), ("extract", "--nonsense"), ("analyze",), ("train", "--nonsense")):
        done = subprocess.run([sys.executable, "-c", _HELP, *arguments], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"Usage: neuron-tui {arguments[0]}" in done.stderr
    outside = ["extract", "pocket-opt", "--corpus", "builtin:math", "--name", "../x", "--runs-dir", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", _HELP, *outside], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("the run name '../x' cannot be used\n")
    assert list(tmp_path.iterdir()) == []
