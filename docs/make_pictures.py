"""Make the pictures of docs/pictures: `python docs/make_pictures.py RUNS_FOLDER [PICTURE...]`.

The folder holds `demo`, its variant `loose`, and `nopos`, as the commands of README.md make them, and `demo` was
measured with `neuron-tui ablate demo`. SVG files by the app
itself, in a home folder made for them: what is on them is what the app shows. These runs are real. Made up are the jobs
on the list of runs, which no process works at, the estimate in the form, which no engine was asked for, and the run
behind the position team, since the demo has no strong oscillatory neuron.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from html import escape, unescape
from pathlib import Path

import numpy as np
from rich.cells import cell_len

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # the tests' way of driving the app, and of making a run without a model

from neuron_tui.store import open_run  # noqa: E402
from neuron_tui.store.disk.lock import writing  # noqa: E402
from neuron_tui.store.runs.folder import DERIVED_FILES  # noqa: E402
from neuron_tui.store.runs.job import LOG_FILE, Job, process_start, this_host, write_job  # noqa: E402
from neuron_tui.store.runs.manifest import read_manifest, write_manifest  # noqa: E402
from neuron_tui.store.runs.variants import VARIANTS, variant_folder  # noqa: E402
from neuron_tui.tui.jobs.estimate import Estimated  # noqa: E402
from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction  # noqa: E402
from neuron_tui.tui.screens.figures.team import Team  # noqa: E402
from neuron_tui.tui.widgets.figure_pane import FigureList  # noqa: E402
from neuron_tui.tui.widgets.runs.run_list import RunList  # noqa: E402
from tests.store.planting import plant_oscillatory  # noqa: E402
from tests.synthetic import build_run  # noqa: E402
from tests.tui.driving import Person, drive  # noqa: E402

PICTURES = HERE / "pictures"
RUNS = Path("~/runs")
"""As a person would read it: in the home folder made for the pictures `~` leads to that folder itself."""

DEMO, LOOSE, NOPOS = RUNS / "demo", variant_folder(RUNS / "demo", "loose"), RUNS / "nopos"

CELL = 12.2
"""Width of a cell in a picture."""

Scene = Callable[[Person], Awaitable[None]]
Scenes = dict[str, tuple[tuple[int, int], Scene]]

LIST, FORM, MEDIUM, SMALL = (120, 30), (120, 36), (120, 36), (80, 24)
LARGE, BROAD = (200, 60), (200, 54)

LOG = """2026-11-20 08:00:00 UTC  extract pocket-opt --corpus prose=builtin:prose --tokens 5000000 --name pocket-prose
tokenising: 5,000,000 tokens
pocket-opt on 5,000,000 tokens, 4 of 4 layers, float32 on cpu.
Peak memory about 3.4 GB here (residual stream in memory); disk about 120 MB.
layer 0 (1 of 4) forward  1%  6:40 left
layer 0 (1 of 4) forward  64%  5:31 left
layer 1 (2 of 4) forward  12%  4:52 left
"""

ESTIMATE = Estimated(
    seconds=45.0,
    tokens=600_000,
    positions=602_922,
    host_bytes=1_183_165_912,
    device_bytes=0,
    disk_bytes=55_574_344,
    scratch_bytes=0,
    disk_free=73_709_142_016,
    device="cpu",
    dtype="float32",
    model="pocket-opt",
    layers=4,
    neurons=2048,
    context_length=256,
    domains=(("prose", 200_000, 188), ("code", 200_000, 46), ("math", 200_000, 334)),
)


class Engine:
    """Answers in the place of the engine."""

    def __init__(self, arguments: Callable[[], Sequence[str]]) -> None:
        self.arguments = arguments

    def run(self) -> Estimated:
        """What an extraction of the demo's text would take."""
        return ESTIMATE

    def stop(self) -> None:
        """There is nothing to stop."""


def main() -> None:
    """Make all pictures and remove those that are no longer made; or make only those that are named."""
    made, *named = sys.argv[1:]
    source = Path(made).resolve()
    PICTURES.mkdir(exist_ok=True)
    with home() as folder:
        for run in ("demo", "nopos"):
            shutil.copytree(source / run, folder / "runs" / run, ignore=shutil.ignore_patterns(".lock", "job.*"))
        plant_team(folder / "planted/planted")
        for scenes, run in ((OF_A_RUN, DEMO), (OF_A_VARIANT, LOOSE), (OF_NONE, None)):
            take_all(scenes, named, run)
        with jobs(folder / "runs"):
            take_all(OF_JOBS, named)
    for picture in PICTURES.glob("*.svg"):
        if picture.stem not in {*OF_A_RUN, *OF_A_VARIANT, *OF_NONE, *OF_JOBS}:
            picture.unlink()


@contextmanager
def home() -> Iterator[Path]:
    """An empty home folder to work in, so that no picture tells of the machine it was made on."""
    with tempfile.TemporaryDirectory() as name, chdir(name):
        folder = Path(name)
        (folder / "~").symlink_to(".")
        (folder / "reports").mkdir()
        for variable in [v for v in os.environ if v.startswith(("NEURON_TUI_", "HF_", "XDG_"))] + ["NO_COLOR"]:
            os.environ.pop(variable, None)
        os.environ |= {"HOME": name, "LOGNAME": "ann"}
        yield folder


def take_all(scenes: Scenes, named: Sequence[str], run: Path | None = None) -> None:
    """Take the scenes that are named, or all of them if none is."""
    for name, scene in scenes.items():
        if not named or name in named:
            take(name, *scene, run=run)


def take(name: str, size: tuple[int, int], scene: Scene, run: Path | None = None) -> None:
    """Show a scene in a terminal of a size and save what is then on the screen."""

    async def act(person: Person) -> None:
        await scene(person)
        person.app.screen.refresh()  # what lies below it may have been drawn after it
        await person.pilot.pause()
        (PICTURES / f"{name}.svg").write_text(slim(person.app.export_screenshot(title=f"{size[0]} x {size[1]}")))

    shutil.rmtree(".local", ignore_errors=True)  # what the app remembers of the scene before
    drive(RUNS, act, run=run, size=size)
    told = (PICTURES / f"{name}.svg").read_text()
    assert not re.search(r"/tmp|/work|/root|/home/", told), f"{name} tells of this machine"
    print(f"{name}.svg {len(told):,} bytes", file=sys.stderr)


_TEXT = re.compile(r'<text class="terminal-\d+-(r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', re.DOTALL)


def slim(svg: str) -> str:
    """A picture that any reader shows alike: each word at its own place, and no font from elsewhere.

    Some readers leave spaces out at the beginning of a text, or take the font's width for that of a cell.
    """
    svg = re.sub(r"@font-face\s*{.*?}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<clipPath id="terminal-\d+-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "", _TEXT.sub(_words, svg))
    return svg.replace("font-family: Fira Code, monospace", "font-family: Fira Code, DejaVu Sans Mono, monospace")


def _words(text: re.Match[str]) -> str:
    """The words of a text, each where it stands."""
    kind, x, y, content = text.groups()
    characters, words = unescape(content).replace("\xa0", " "), []
    for word in re.finditer(r"[\u2800-\u28ff]|[^\s\u2800-\u28ff]+", characters):  # of curves each cell by itself
        left = float(x) + CELL * cell_len(characters[: word.start()])
        # Only where it is long does it matter that a font may be narrower than the cells.
        length = f' textLength="{CELL * cell_len(word[0]):.5g}"' if len(word[0]) > 8 else ""
        words.append(f'<text class="{kind}" x="{left:.5g}" y="{y}"{length}>{escape(word[0], quote=False)}</text>')
    return "".join(words)


def plant_team(folder: Path) -> None:
    """A run whose layer 1 has a team: each neuron is on for its share of a period, two of them share one."""
    build_run(folder, layers=2, neurons=64, context_length=256, sequences=12)
    places, period = np.arange(255), 64
    starts = {40: 0, 17: 9, 52: 19, 23: 28, 31: 38, 60: 47, 45: 55, 36: 15}
    curves = {neuron: (places - start) % period < 11 for neuron, start in starts.items()}
    plant_oscillatory(folder, 0, {})
    plant_oscillatory(folder, 1, curves)


@contextmanager
def jobs(runs: Path) -> Iterator[None]:
    """Beside the demo three runs of its model: one at work, one whose process is gone, one that was cancelled."""
    told = {
        "pid": os.getpid(),
        "process_started": process_start(os.getpid()) or 0.0,
        "host": this_host(),
        "arguments": ("pocket-opt", "--name", "any"),
        "begun": "2026-11-20T08:00:00+00:00",
        "stage": "forward",
        "layers": 4,
        "total": 5_000_000,
        "heartbeat": 4e9,  # never long ago
        "memory": 3_420_000_000,
    }
    states = {
        "pocket-5m": {"layer": 2, "place": 2, "done": 2_150_000, "rate": 58_400.0, "elapsed": 236.0, "left": 141.0},
        "pocket-prose": {"layer": 1, "place": 1, "done": 610_000, "elapsed": 104.0},
        "pocket-math": {"state": "cancelled", "layer": 3, "place": 3, "done": 90_000, "elapsed": 268.0},
    }
    for name, state in states.items():
        copied(runs / "demo", runs / name, layers=int(str(state["place"])), domain=name.partition("-")[2])
        write_job(runs / name, Job.model_validate({"state": "running", **told, **state}))
    (runs / "pocket-prose" / LOG_FILE).write_text(LOG)
    with writing(runs / "pocket-5m"):
        yield


def copied(run: Path, to: Path, layers: int, domain: str) -> None:
    """The first layers of a run under another name, and with another number of tokens."""
    shutil.copytree(run, to, ignore=shutil.ignore_patterns(VARIANTS, *DERIVED_FILES))
    manifest = read_manifest(to)
    assert manifest.corpus is not None
    if chosen := [one for one in manifest.corpus.domains if one.name == domain]:
        domains = (chosen[0].model_copy(update={"tokens": 5_000_000}),)
    else:
        tokens = zip(manifest.corpus.domains, (1_666_668, 1_666_666, 1_666_666), strict=True)
        domains = tuple(one.model_copy(update={"tokens": count}) for one, count in tokens)
    corpus = manifest.corpus.model_copy(update={"domains": domains})
    kept = {layer: entry for layer, entry in manifest.layers.items() if layer < layers}
    write_manifest(
        to,
        manifest.model_copy(
            update={
                "corpus": corpus,
                "layers": kept,
            }
        ),
    )
    for layer in set(manifest.layers) - set(kept):
        (to / f"layers/layer_{layer:03d}.h5").unlink()


# Scenes of the list of runs.


async def run_list(person: Person) -> None:
    """All states, the cursor on the run at work."""
    await select(person, RUNS / "pocket-5m")
    await person.sees("layer 3 of 4", "died", "cancelled", "2:21 left")


async def job_log(person: Person) -> None:
    """The log of the job that died."""
    await select(person, RUNS / "pocket-prose")
    await person.press("L")
    await person.sees("Log of pocket-prose", "layer 1 (2 of 4)")


async def select(person: Person, run: Path) -> None:
    """Put the cursor on a run."""
    runs = person.app.screen.query_one(RunList)
    await person.until(lambda: runs.select(run))
    runs.post_message(RunList.Moved(runs, runs.cursor))


async def mark(person: Person, *marked: Path) -> None:
    """Mark runs."""
    for run in marked:
        await select(person, run)
        await person.press("m")


async def new_extraction(person: Person) -> None:
    """The form as it comes, estimated."""
    form = NewExtraction(RUNS, ask=Engine)
    person.app.push_screen(form)
    await person.until(lambda: form.is_current and form.disk.check is not None and form.fields.known)
    form.query_one("#field-tokens").focus()
    await person.press("end", "ctrl+u", *"600,000")
    await person.until(lambda: form.values["tokens"] == "600,000" and form.values["name"])
    await person.press("ctrl+e")
    await person.sees("peak memory", "in 188 documents")


async def team(person: Person) -> None:
    """The team of the planted run."""
    person.app.push_screen(Team(open_run("planted/planted"), 1))
    await person.sees("strong oscillatory neurons", "1:40 is on at", "redundant")


async def check(person: Person) -> None:
    """A check that found nothing."""
    await select(person, DEMO)
    await person.press("v")
    await person.sees("Every file is as it was written.")


async def count_again(person: Person) -> None:
    """The form for other thresholds, two of them changed."""
    await select(person, DEMO)
    await person.press("A")
    await person.sees("Count demo again")
    for key, text in (("tokens", "10"), ("precision", "80%")):
        person.app.screen.query_one(f"#field-{key}").focus()
        await person.press("end", "ctrl+u", *text)
    await person.sees("will be demo@", "4 layers will be counted again")


async def comparison(person: Person) -> None:
    """Totals of two models."""
    await mark(person, DEMO, NOPOS)
    await person.press("c")
    await person.sees("95% interval", "mean mi")


async def comparison_wide(person: Person) -> None:
    """Figure 8's marks, beside totals and overlap."""
    await comparison(person)
    await show(person, "8")
    await person.sees("layer   n")


async def paper(person: Person) -> None:
    """The claims, the cursor on one that does not hold."""
    await select(person, DEMO)
    await person.press("C")
    await person.sees("cannot be said")
    await person.press("e", *"600k", "enter")
    await person.sees("does not hold")
    await person.press(*["down"] * 5)
    await person.sees("57.7%")


async def figures(person: Person) -> None:
    """A chart."""
    await open_figures(person)
    await person.press("3", "3")
    await person.sees("3b  Detected tokens ──", "in it or below", "layer →")


async def figures_table(person: Person) -> None:
    """The table of the strongest suppressors."""
    await open_figures(person)
    await person.press("5")
    await person.sees("suppress their triggers")


async def dead_by_tokens(person: Person) -> None:
    """Dead neurons, had it read less."""
    await open_figures(person)
    await show(person, "dead-by-tokens")
    await person.sees("Dead neurons by tokens read ──", "■╌ layer 0")


async def sensitivity(person: Person) -> None:
    """Positional types under other thresholds."""
    await open_figures(person)
    await show(person, "sensitivity")
    await person.sees("Positional types by threshold ──")


async def open_figures(person: Person) -> None:
    """The figures of the demo."""
    await select(person, DEMO)
    await person.press("c")
    await person.sees("Dead neurons", "layer →")


async def show(person: Person, name: str) -> None:
    """Walk to a figure, or a part of a comparison, by its name."""
    rows = person.app.screen.query_one(FigureList)
    rows.move([figure.name for figure in rows.figures].index(name))


# Scenes of the demo in the explorer.


async def filtered(person: Person) -> None:
    """Token detectors that suppress their triggers, the cursor on one that is easily read."""
    await filter_by(person, "type:suppressing")
    await person.press(":")
    await person.type("0:2021")
    await person.press("enter")
    await person.until(lambda: person.address == (0, 2021))
    await person.settled()


async def filter_by(person: Person, query: str) -> None:
    """Type a filter and wait for what it leaves."""
    await person.press("/")
    await person.type(query)
    await person.press("enter")
    await person.until(lambda: person.explorer.browser.browsing.list_query.query == query)
    await person.settled()


async def variants(person: Person) -> None:
    """What can be chosen from a neuron of a variant."""
    await filter_by(person, "type:token -type:suppressing")
    await person.press("V")
    await person.sees("count again with other thresholds", "Thresholds of demo")


async def wide(person: Person) -> None:
    """A positional neuron, with all there is room for."""
    await filter_by(person, "type:positional")


async def position(person: Person) -> None:
    """A positional neuron alone, its curve being read."""
    await filter_by(person, "type:both")
    await person.press("enter")
    await person.until(lambda: person.pane.size.width > 100)
    await person.settled()
    await person.press("c")
    await person.press("}", "+")


async def filter_prompt(person: Person) -> None:
    """A filter that is typed."""
    await person.press("/")
    await person.type("layer:0 type:po")
    await person.press("backspace", "backspace")
    await person.sees("a token detector that writes against its triggers")


async def firing(person: Person) -> None:
    """Which neurons fire on a word."""
    await person.press("W")
    await person.type('" of"')
    await person.press("enter")
    await person.sees("it occurs", "Listed is every neuron")


async def live(person: Person) -> None:
    """A text that the demo's model reads, with the neuron silenced that writes against its last token."""
    await person.press("R")
    await person.type("The theory of relativity and the theory of respect")
    await person.press("enter")
    await person.sees("fire in layer 0", "May come after")
    await person.press("tab", "z")
    await person.sees("Moved after", "1 silenced to zero")


async def causal(person: Person) -> None:
    """What silencing the demo's token detectors does."""
    await person.press("Z")
    await person.sees("26 measurements", "likelier")
    await person.press("s", "down", "down", "down", "enter")
    await person.sees("change↓")
    await person.press("home")
    await person.sees("becomes 5,514× likelier")


async def note(person: Person) -> None:
    """A label and a note, not saved yet."""
    await filtered(person)
    await person.press("N")
    await person.sees("Label detects ·of, suppresses it")
    await person.press("right", "tab")
    await person.type("Fires on nearly every ·of, in all three domains.")
    await person.press("enter")
    await person.type("Compare 0:1100, which does the same to ·in.")


async def similar(person: Person) -> None:
    """The neurons whose curves are most like that of one."""
    await person.press(":")
    await person.type("1:2033")
    await person.press("enter", "S")
    await person.sees("By chance")
    await person.press("right", "right")
    await person.sees("[position]", "By chance")


async def export(person: Person) -> None:
    """A report of marked neurons, before it is written."""
    await filtered(person)
    await person.press("m", "up", "m", "up", "m", "x")
    await person.sees("Export 3 marked neurons")
    await person.press("end", "ctrl+u")
    await person.type("~/reports/suppressing.md")
    await person.sees("# 3 ", "Preview")


async def help_(person: Person) -> None:
    """The keys."""
    await person.press("?")
    await person.sees("Keys and words", "On this screen")


async def palette(person: Person) -> None:
    """Any action by its name."""
    await person.press("ctrl+p")
    await person.until(lambda: len(person.app.screen_stack) > 2 or "Search" in person.screen())
    await person.type("mark")
    await person.sees("Mark all", "Only marked")


OF_JOBS: Scenes = {
    "runs": (LIST, run_list),
    "log": (LIST, job_log),
}

OF_NONE: Scenes = {
    "new-extraction": (FORM, new_extraction),
    "team": (LIST, team),
    "check": (LIST, check),
    "figures": (LIST, figures),
    "figures-table": (LIST, figures_table),
    "dead-by-tokens": (LIST, dead_by_tokens),
    "sensitivity": (LIST, sensitivity),
    "count-again": (LIST, count_again),
    "comparison": (MEDIUM, comparison),
    "comparison-wide": (BROAD, comparison_wide),
    "paper": (MEDIUM, paper),
}

OF_A_VARIANT: Scenes = {
    "variants": (LIST, variants),
}

OF_A_RUN: Scenes = {
    "explorer": (MEDIUM, filtered),
    "narrow": (SMALL, filtered),
    "wide": (LARGE, wide),
    "position": (MEDIUM, position),
    "filter": (LIST, filter_prompt),
    "firing": (LIST, firing),
    "live": (LIST, live),
    "causal": (LIST, causal),
    "note": (LIST, note),
    "similar": (LIST, similar),
    "export": (MEDIUM, export),
    "help": (MEDIUM, help_),
    "palette": (LIST, palette),
}


if __name__ == "__main__":
    main()
