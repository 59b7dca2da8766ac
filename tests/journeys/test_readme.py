"""Every command and every piece of Python that the README and docs/commands.md show works as shown."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.checkpoints import Shape, build_tokenizer, random_opt, save, words, write_config
from tests.journeys.terminal import PROGRAM, Terminal

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") + README
COMMANDS = re.findall(r"^\$ (neuron-tui(?:.*\\\n)*.*)", SHOWN, re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

QUIET = ("extract", "analyze", "mend", "train", "check", "note", "notes", "pack", "unpack")
"""Commands whose words are on stderr: they have no data to print."""

# What a reader gives an evening is shown to work in seconds.
SHORTER = {
    "--minutes 10": "--minutes 0.03 --vocabulary 300 --ffn 64",
    "--tokens 600000 --name nopos": "--tokens 20000 --name nopos",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to type the README's commands in: with the texts and, in the hub's cache, the models that it names."""
    folder = tmp_path_factory.mktemp("reader")
    text = "\\n".join(words(i, 400).replace("\n", " ") for i in range(20))
    (folder / "wiki.jsonl").write_text(f'{{"text": "{text}"}}\n')
    repository = folder / "huggingface/hub/models--facebook--opt-125m"
    snapshot = repository / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text("c" * 40)
    build_tokenizer("hub", 300, snapshot)
    write_config(Shape(layers=2), 300, snapshot, dtype="float16")
    save(random_opt(snapshot, 0, [5, 6, 7]), snapshot, "bin")
    return folder


@pytest.fixture(scope="module")
def environment(place: Path) -> dict[str, str]:
    variables = {"NEURON_TUI_RUNS": str(place / "runs"), "HF_HOME": str(place / "huggingface"), "HF_HUB_OFFLINE": "1"}
    # The tests' one thread is for their tiny models; the demo is not one.
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return inherited | variables | {"PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def typed(place: Path, environment: dict[str, str]) -> Iterator[None]:
    """Type every command of docs/commands.md, which begins with the demo, then those of the README."""
    assert len(COMMANDS) >= 8
    for shown in COMMANDS:
        command = shown.replace("\\\n", " ")
        for long, short in SHORTER.items():
            command = command.replace(long, short)
        words_ = shlex.split(command)
        if words_[1:2] in ([], ["open"]):
            terminal = Terminal(words_[1:], 120, 36, environment)
            terminal.wait_for("q ")
            terminal.press("\x11")
            assert terminal.wait_for_end() == 0, command
            continue
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout or "--output" in command or words_[1] in QUIET, f"{command} printed nothing"
    yield


@pytest.mark.usefixtures("typed")
def test_the_commands_leave_what_they_say(place: Path) -> None:
    outputs = [match for command in COMMANDS for match in re.findall(r"--output (\S+)", command)]
    assert outputs
    for output in outputs:
        assert (place / output).exists(), output


@pytest.mark.usefixtures("typed")
def test_the_library_works_as_shown(place: Path, environment: dict[str, str]) -> None:
    assert PYTHON
    for code in PYTHON:
        subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=place, env=environment, check=True)


def test_every_command_is_shown() -> None:
    listed = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"^│ ([a-z]+)  ", listed, re.MULTILINE))
    assert {"demo", "extract", "export"} <= names
    missing = {name for name in names if f"neuron-tui {name}" not in SHOWN}
    assert not missing
