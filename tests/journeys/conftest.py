"""A place for a person: folders of their own, a tiny model and texts, and terminals that are closed afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store.process import log_file
from neuron_tui.store.runs.job import job_status
from tests.engine.checkpoints import Shape, build_tokenizer, random_opt, save, words, write_config
from tests.journeys.terminal import Terminal
from tests.synthetic import build_run

SIZES = ((80, 24), (120, 36), (200, 60))
LAYERS = 10
TOKENS = 60_000


SMALL_AND_LARGE = pytest.mark.parametrize("size", [SIZES[0], SIZES[-1]], ids=["80x24", "200x60"], indirect=True)
"""For long journeys; what lies between the two sizes is what most tests of the app look at."""

SMALL = pytest.mark.parametrize("size", [SIZES[0]], ids=["80x24"], indirect=True)
LARGE = pytest.mark.parametrize("size", [SIZES[-1]], ids=["200x60"], indirect=True)
"""For those that wait for the engine most of the time."""


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """A terminal's size."""
    columns, rows = request.param
    return columns, rows


@dataclass
class Home:
    """Where one person works: everything they leave lies below `folder`."""

    folder: Path
    terminals: list[Terminal] = field(default_factory=list)

    @property
    def runs(self) -> Path:
        """The runs directory."""
        return self.folder / "runs"

    def start(self, size: tuple[int, int], *arguments: str, **environment: str) -> Terminal:
        """Type `neuron-tui` with arguments."""
        variables = {"NEURON_TUI_RUNS": str(self.runs)} | environment
        terminal = Terminal(arguments, *size, variables, self.folder)
        self.terminals.append(terminal)
        return terminal

    def configure(self, text: str) -> None:
        """Write the settings file."""
        Path(os.environ["NEURON_TUI_CONFIG"]).write_text(text, encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A person's own place; in the end nothing of theirs is at work any more, and no fault was logged."""
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    own = Home(tmp_path)
    yield own
    for terminal in own.terminals:
        terminal.child.close(force=True)
    for folder in own.runs.glob("*"):
        status = job_status(folder)
        if status is not None and status.active:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.job.pid, signal.SIGKILL)
    assert not log_file().exists(), log_file().read_text(encoding="utf-8")


def hold(folder: Path) -> None:
    """Have the job of a run pause at its next step, as the app does."""
    status = job_status(folder)
    assert status is not None
    os.kill(status.job.pid, signal.SIGUSR1)


@dataclass(frozen=True, slots=True)
class Texts:
    """A checkpoint and two texts, and the run that an undisturbed extraction makes of them."""

    model: Path
    corpus: tuple[Path, ...]
    run: Path

    @property
    def settings(self) -> str:
        """A settings file with which the form of a new extraction is filled in."""
        corpus = ", ".join(f'"{path}"' for path in self.corpus)
        return f'[defaults]\nmodel = "{self.model}"\ncorpus = [{corpus}]\ntokens = {TOKENS}\ndevice = "cpu"\n'


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """The model is tiny, but each of its layers takes long enough to be met while it is extracted."""
    folder = tmp_path_factory.mktemp("texts")
    model = folder / "tiny-opt"
    model.mkdir()
    build_tokenizer("fast", 300, model)
    write_config(Shape(layers=LAYERS, width=48, neurons=64, context=64), 300, model)
    save(random_opt(model, 0, [270, 280, 290]), model)
    corpus = tuple(folder / name for name in ("long.txt", "letters.txt"))
    for seed, path in enumerate(corpus):
        path.write_text(words(seed, 20_000), encoding="utf-8")
    asked = ExtractionRequest(
        model=str(model),
        corpus=tuple(map(str, corpus)),
        name="undisturbed",
        tokens=TOKENS,
        device="cpu",
        runs_dir=folder / "runs",
    )
    return Texts(model, corpus, extract(asked))


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs directory with the runs `one` and `two`, made without a model. Nobody writes there."""
    folder = tmp_path_factory.mktemp("two")
    build_run(folder / "one")
    build_run(folder / "two", seed=1)
    return folder
