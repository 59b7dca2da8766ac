"""The form of a new extraction, with an engine that answers as a test wants it to."""

import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from neuron_tui.store.errors import InputError
from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import Manifest, read_manifest
from neuron_tui.tui.jobs.estimate import Estimated, Refused
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction
from neuron_tui.tui.screens.help import Help
from neuron_tui.tui.widgets.form.fields import Field
from neuron_tui.tui.widgets.form.path_completion import Candidates
from tests.tui.driving import Person, drive
from tests.tui.test_extraction_form import ESTIMATED

ESTIMATE = "about 4 min on cuda:0"
WIDE = (120, 40)


class Engine:
    """Stands in for the engine: answers, or waits until it is let go or stopped; starts jobs in name only."""

    def __init__(self, answer: Estimated | Refused = ESTIMATED, *, waits: bool = False, problem: str = "") -> None:
        self.answer, self.problem = answer, problem
        self.asked: list[tuple[str, ...]] = []
        self.started: list[tuple[str, ...]] = []
        self.stopped = 0
        self.go = threading.Event()
        if not waits:
            self.go.set()

    def ask(self, arguments: Callable[[], Sequence[str]]) -> "Asking":
        return Asking(self, arguments)

    def start(self, runs_dir: Path, arguments: Sequence[str]) -> Path:
        if self.problem:
            raise InputError(self.problem)
        self.started.append(tuple(arguments))
        return runs_dir / arguments[arguments.index("--name") + 1]


class Asking:
    """One estimate of this engine."""

    def __init__(self, engine: Engine, arguments: Callable[[], Sequence[str]]) -> None:
        self.engine, self.arguments = engine, arguments

    def run(self) -> Estimated | Refused | None:
        self.engine.asked.append(tuple(self.arguments()))
        assert self.engine.go.wait(30)
        return self.engine.answer

    def stop(self) -> None:
        self.engine.stopped += 1
        self.engine.go.set()


class Form:
    """A person at the form."""

    def __init__(self, person: Person, engine: Engine, screen: NewExtraction, results: list[Path | None]) -> None:
        self.person, self.engine, self.screen, self.results = person, engine, screen, results
        self.press, self.type, self.sees = person.press, person.type, person.sees

    def text(self, name: str) -> str:
        return self.screen.query_one(f"#field-{name}", Field).value

    async def go_to(self, name: str) -> None:
        self.screen.query_one(f"#field-{name}").focus()
        await self.person.until(lambda: self.focus == f"field-{name}")

    async def fill(self, name: str, text: str) -> None:
        await self.go_to(name)
        await self.press("end", "ctrl+u")
        await self.type(text)

    @property
    def focus(self) -> str | None:
        return self.screen.focused.id if self.screen.focused else None

    async def left(self) -> Path | None:
        await self.person.until(lambda: self.results)
        return self.results[0]


def fill_in(
    runs: Path,
    act: Callable[[Form], Awaitable[None]],
    engine: Engine | None = None,
    start_from: Manifest | Job | None = None,
    size: tuple[int, int] = WIDE,
) -> None:
    """Open the form over the runs and let a person act in it."""
    engine = engine or Engine()

    async def scenario(person: Person) -> None:
        results: list[Path | None] = []
        screen = NewExtraction(runs, start_from, ask=engine.ask, start=engine.start)
        person.app.push_screen(screen, results.append)
        await person.until(lambda: screen.is_current and screen.disk.check is not None and screen.fields.known)
        await act(Form(person, engine, screen, results))

    drive(runs, scenario, size=size)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a little text, and no Hugging Face cache of the machine's own."""
    for name in ("data/code/a.txt", "data/code/b.txt", "data/wiki.jsonl"):
        (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "here" / name).write_text("x" * 1900)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "here"


def test_the_form_begins_filled_and_fits_a_small_terminal(runs: Path) -> None:
    async def look(form: Form) -> None:
        await form.sees("Model     pocket-opt", "built in", "[ ] load pickled", "builtin:math", "1,000,000")
        await form.sees("pocket-opt-builtin", "▸ more", "Estimate", "Start", "Leave", "esc leave")
        assert "Context" not in form.person.screen()

    fill_in(runs, look, size=(80, 24))


def test_the_footer_names_the_key_of_a_field_too(runs: Path) -> None:
    async def look(form: Form) -> None:
        await form.sees("ctrl+l choices   ctrl+n add", "esc leave")

    fill_in(runs, look)


def test_a_tall_terminal_shows_all_fields(runs: Path) -> None:
    async def look(form: Form) -> None:
        await form.sees("▾ more", "Context", "Layers", "Device", "● auto  ○ float32", "Batch", "Memory", "Keep bits")

    fill_in(runs, look)


def test_tab_enter_and_arrows_reach_every_field(runs: Path) -> None:
    async def walk(form: Form) -> None:
        seen = set()
        for key in ("down", "enter", "tab") * 9:
            if form.focus not in ("field-more", "estimate", "start", "leave") or key != "enter":
                await form.press(key)
            seen.add(form.focus)
        assert not form.screen.fields.values["allow_pickle"]  # enter only went on
        fields = ("model", "tokens", "name", "more", "context-length", "layers", "device", "dtype", "memory")
        assert {f"field-{name}" for name in fields} | {"estimate", "start", "leave"} <= seen
        form.screen.query_one("#estimate").focus()
        await form.press("right")
        assert form.focus == "start"
        await form.press("up", "up")
        assert form.focus == "field-memory"

    fill_in(runs, walk)


def test_a_wrong_number_is_said_at_once_and_stays_typed(runs: Path) -> None:
    async def type_wrong(form: Form) -> None:
        await form.fill("tokens", "5.5.5")
        await form.sees("not a number; write 5,000,000, 600k or 5M", "To be mended first: tokens.")
        await form.fill("layers", "5-2")
        await form.sees("5-2 is no range", "To be mended first: tokens, layers.")
        assert form.text("tokens") == "5.5.5"
        await form.fill("tokens", "5M")
        await form.sees("counted at most", "To be mended first: layers.")

    fill_in(runs, type_wrong)


def test_nothing_is_asked_of_the_engine_while_something_is_wrong(runs: Path) -> None:
    async def try_it(form: Form) -> None:
        await form.fill("memory", "much")
        await form.press("up", "ctrl+e")
        await form.person.until(lambda: form.focus == "field-memory")
        await form.press("up", "ctrl+s")
        await form.person.until(lambda: form.focus == "field-memory")
        assert form.engine.asked == form.engine.started == []

    fill_in(runs, try_it)


def test_a_source_is_added_typed_ahead_and_removed(runs: Path) -> None:
    async def change(form: Form) -> None:
        await form.press("ctrl+n", *"data/wiki.jsonl")
        await form.sees("data/wiki.jsonl", "1.9 kB")
        assert form.screen.fields.values.corpus[-1].settled_domain == "wiki"
        await form.press("ctrl+n", *"data/code")
        await form.sees("2 files, 3.8 kB", "pocket-opt-prose-code-math-wiki")
        assert len(form.screen.fields.values.corpus) == 5
        await form.press("ctrl+r")
        await form.person.until(lambda: len(form.screen.fields.values.corpus) == 4)
        await form.press("up", *"w2", "ctrl+u", *"w")
        await form.sees("pocket-opt-prose-code-math-w")
        for _ in range(5):
            form.screen.fields.corpus.rows[0].source.focus()
            await form.press("ctrl+r")
        assert [part.source for part in form.screen.fields.values.corpus] == [""]
        await form.sees("Name a text", "Corpus")

    fill_in(runs, change)


def test_what_cannot_be_read_is_said_beside_and_below(runs: Path, place: Path) -> None:
    (place / "data" / "notes.pdf").touch()

    async def type_it(form: Form) -> None:
        await form.press("ctrl+n", *"data/notes.pdf")
        await form.sees("notes.pdf: Not a kind of file that is read.")
        await form.press("ctrl+n", *"gone.txt")
        await form.sees("gone: There is no such file or directory.")

    fill_in(runs, type_it)


def test_a_name_is_proposed_until_one_is_typed(runs: Path) -> None:
    async def name(form: Form) -> None:
        assert form.text("name") == "pocket-opt-builtin"
        await form.fill("model", "org/tiny")
        await form.sees("tiny-builtin", "not on this machine")
        await form.fill("name", "whole")
        await form.sees("A run of that name exists. Free is whole-2")
        await form.fill("model", "org/other")
        await form.press("tab")
        assert form.text("name") == "whole"
        await form.fill("name", "")
        await form.sees("Name the run.")
        await form.press("tab")
        await form.sees("other-builtin")

    fill_in(runs, name)


def test_right_takes_the_completion_that_is_shown(runs: Path) -> None:
    async def complete(form: Form) -> None:
        await form.press("ctrl+n", *"data/w")
        await form.person.until(lambda: form.screen.focused.suggestion == "data/wiki.jsonl")
        await form.press("right")
        assert form.screen.focused.value == "data/wiki.jsonl"
        await form.fill("model", "synth")
        await form.person.until(lambda: form.screen.focused.suggestion == "synthetic-opt")
        await form.press("ctrl+@")
        assert form.text("model") == "synthetic-opt"

    fill_in(runs, complete)


def test_a_list_offers_what_could_stand_there(runs: Path) -> None:
    async def choose(form: Form) -> None:
        await form.press("ctrl+l")
        await form.sees("pocket-opt", "built in", "synthetic-opt", "of the run")
        await form.press("down", "down", "enter")
        assert form.text("model") == "synthetic-opt"
        await form.press("ctrl+n", *"dat", "ctrl+l")  # the only one
        assert form.screen.focused.value == "data/"
        await form.press("ctrl+l")
        await form.sees("code/", "wiki.jsonl")
        await form.press("right")  # into code/
        await form.sees("a.txt", "b.txt")
        await form.press("down", "enter")
        await form.sees("data/code/b.txt")
        await form.press("ctrl+l", "escape")
        assert form.screen.focused.value == "data/code/b.txt"
        await form.press("ctrl+u", *"nowhere/", "ctrl+l")
        await form.sees("builtin:prose")
        assert isinstance(form.person.app.screen, Candidates)
        await form.press("escape")

    fill_in(runs, choose, size=(80, 24))


def test_names_of_files_and_models_act_on_nothing(runs: Path, place: Path) -> None:
    (place / "bad\x1b[31mname.txt").write_text("x")
    (place / "漢字.txt").write_text("x")
    manifest = read_manifest(runs / "whole")
    model = manifest.model.model_copy(update={"name": "m\x1b]0;[bold]x"})

    async def look(form: Form) -> None:
        await form.sees("m�]0;[bold]x")
        await form.press("ctrl+n", *"bad", "ctrl+l")
        assert form.screen.focused.value == "bad\x1b[31mname.txt"
        await form.sees("bad�[31mname.txt", "bad\\x1b[31mname: Name its domain")
        await form.press("ctrl+n", "ctrl+l")
        await form.sees("bad\\x1b[31mname.txt", "漢字.txt")
        await form.press("escape")
        assert "\x1b" not in form.person.screen()

    fill_in(runs, look, start_from=manifest.model_copy(update={"model": model}))


def test_an_estimate_is_shown_and_leads_to_the_start(runs: Path, place: Path) -> None:
    async def estimate(form: Form) -> None:
        await form.press("ctrl+n", *"data/wiki.jsonl")
        form.screen.query_one("#estimate").focus()
        await form.press("enter")
        await form.sees(ESTIMATE, "1.6 GB on disk (812 GB free)", "24 layers × 8,192 neurons")
        await form.person.until(lambda: form.focus == "start")
        assert f"wiki={place}/data/wiki.jsonl" in form.engine.asked[0]
        assert form.engine.asked[0][-2:] == ("--runs-dir", str(runs))
        await form.press("enter")
        assert await form.left() == runs / "pocket-opt-prose-code-math-wiki"
        assert form.engine.started == [form.engine.asked[0][:-2]]

    fill_in(runs, estimate)


def test_an_estimate_is_gone_once_something_changes(runs: Path) -> None:
    async def estimate(form: Form) -> None:
        await form.press("ctrl+e")
        await form.sees(ESTIMATE)
        assert form.focus == "field-model"  # what is typed next goes where it was meant to
        await form.fill("tokens", "600k")
        await form.person.until(lambda: ESTIMATE not in form.person.screen())

    fill_in(runs, estimate)


def test_escape_stops_an_estimate_and_then_leaves(runs: Path) -> None:
    async def stop(form: Form) -> None:
        await form.press("ctrl+e")
        await form.sees("Estimating", "esc stops it")
        await form.person.until(lambda: form.engine.asked)
        await form.press("escape")
        await form.sees("Estimate tells time")
        assert form.engine.stopped == 1
        await form.press("escape")
        assert await form.left() is None

    fill_in(runs, stop, Engine(waits=True))


def test_typing_stops_an_estimate(runs: Path) -> None:
    async def type_on(form: Form) -> None:
        await form.press("ctrl+e")
        await form.person.until(lambda: form.engine.asked)
        await form.press("x")
        assert form.engine.stopped == 1
        await form.sees("Estimate tells time")

    fill_in(runs, type_on, Engine(waits=True))


def test_an_estimate_ends_with_the_app(runs: Path) -> None:
    engine = Engine(waits=True)

    async def leave(form: Form) -> None:
        await form.press("ctrl+e")
        await form.person.until(lambda: engine.asked)
        form.person.app.exit()

    fill_in(runs, leave, engine)
    assert engine.stopped == 1


@pytest.mark.parametrize(
    ("refused", "focus", "says"),
    [
        (Refused("dtype", "the checkpoint holds no float16\nChoose float32."), "field-dtype", "holds no float16"),
        (Refused("context-length", "over the model's 256"), "field-context-length", "over the model's 256"),
        (Refused("name", "a run is there"), "field-name", "a run is there"),
        (Refused(None, "a fault of ours"), "field-model", "a fault of ours"),
    ],
)
def test_a_refusal_goes_to_its_field(runs: Path, refused: Refused, focus: str, says: str) -> None:
    async def estimate(form: Form) -> None:
        await form.press("ctrl+e")
        await form.sees(says)
        await form.person.until(lambda: form.focus == focus)

    fill_in(runs, estimate, Engine(refused), size=(80, 24))


def test_a_refusal_of_a_text_goes_to_its_row(runs: Path, place: Path) -> None:
    refused = Refused("corpus", f"corpus {place}/data/wiki.jsonl, line 1: not JSON\nEach line must be one object.")

    async def estimate(form: Form) -> None:
        await form.press("ctrl+n", *"data/wiki.jsonl")
        form.screen.query_one("#estimate").focus()
        await form.press("enter")
        await form.sees("wiki: corpus", "line 1: not JSON")
        await form.person.until(lambda: form.screen.focused is form.screen.fields.corpus.rows[-1].source)
        await form.press("x")
        await form.person.until(lambda: "not JSON" not in form.person.screen())

    fill_in(runs, estimate, Engine(refused))


def test_a_start_that_fails_says_why_and_keeps_what_is_typed(runs: Path) -> None:
    async def start(form: Form) -> None:
        await form.fill("tokens", "5M")
        await form.press("ctrl+s")
        await form.sees("no space for the run", "choose fewer tokens")
        assert form.text("tokens") == "5M"
        assert form.results == []
        form.engine.problem = ""
        await form.press("ctrl+s")
        assert await form.left() == runs / "pocket-opt-builtin"

    fill_in(runs, start, Engine(problem="no space for the run\nchoose fewer tokens"))


def test_a_start_that_fails_after_the_form_was_left_is_told_too(runs: Path) -> None:
    go = threading.Event()

    class Slow(Engine):
        def start(self, runs_dir: Path, arguments: Sequence[str]) -> Path:
            assert go.wait(30)
            return super().start(runs_dir, arguments)

    async def start(form: Form) -> None:
        await form.press("ctrl+s")
        await form.sees("Starting: the engine opens the model")
        await form.press("escape")
        assert await form.left() is None
        await form.person.until(lambda: not form.screen.is_attached)
        go.set()
        await form.sees("Not started", "no space for the run")

    fill_in(runs, start, Slow(problem="no space for the run"))


def test_leaving_asks_only_if_something_was_typed(runs: Path) -> None:
    async def leave(form: Form) -> None:
        await form.press("x", "escape")
        assert isinstance(form.person.app.screen, Confirm)
        await form.press("n")
        assert form.text("model") == "pocket-optx"
        await form.press("backspace")
        await form.person.until(lambda: (form.text("model"), form.text("name")) == ("pocket-opt", "pocket-opt-builtin"))
        await form.press("ctrl+n")  # an empty row is nothing typed
        await form.sees("file, directory, builtin:prose")
        await form.press("escape")
        assert await form.left() is None

    fill_in(runs, leave)


def test_a_question_mark_is_typed_in_fields_and_helps_elsewhere(runs: Path) -> None:
    async def ask(form: Form) -> None:
        await form.press("?")
        assert form.text("model") == "pocket-opt?"
        await form.press("backspace", "f1")
        assert isinstance(form.person.app.screen, Help)
        await form.press("escape", "tab", "?")
        assert isinstance(form.person.app.screen, Help)

    fill_in(runs, ask)


def test_choices_are_made_with_arrows_space_and_the_mouse(runs: Path) -> None:
    async def choose(form: Form) -> None:
        await form.go_to("dtype")
        await form.press("right", "right")
        await form.sees("● float16")
        await form.person.pilot.click("#field-dtype", offset=(1, 0))
        await form.sees("● auto  ○ float32")
        await form.go_to("allow-pickle")
        await form.press("space")
        await form.sees("[x] load pickled")
        await form.go_to("more")
        await form.press("space")
        await form.person.until(lambda: "Keep bits" not in form.person.screen())
        await form.person.pilot.click("#field-more")
        await form.sees("Keep bits")

    fill_in(runs, choose)


def test_the_mouse_adds_removes_and_starts(runs: Path) -> None:
    async def click(form: Form) -> None:
        await form.person.pilot.click("#note-corpus", offset=(20, 0))
        await form.person.until(lambda: len(form.screen.fields.corpus.rows) == 4)
        await form.person.pilot.click(form.screen.fields.corpus.rows[1].query_one(".remove"))
        await form.person.until(lambda: len(form.screen.fields.corpus.rows) == 3)
        assert [part.source for part in form.screen.fields.values.parts] == ["builtin:prose", "builtin:math"]
        await form.person.pilot.click("#start")
        assert await form.left() == runs / "pocket-opt-builtin"

    fill_in(runs, click)


def test_another_run_is_begun_with_the_options_of_one(runs: Path) -> None:
    manifest = read_manifest(runs / "whole")

    async def look(form: Form) -> None:
        values = form.screen.fields.values
        assert values["model"] == manifest.model.name
        assert values["dtype"] == manifest.options.dtype
        assert values["name"] not in ("", "whole")
        await form.press("escape")
        assert await form.left() is None

    fill_in(runs, look, start_from=manifest)


def test_a_job_is_begun_again_with_other_options(runs: Path) -> None:
    arguments = ("org/m", "--corpus", "w=/x/wiki.jsonl", "--tokens", "5000", "--layers", "0-1", "--name", "old")
    job = Job(pid=1, process_started=0, arguments=arguments, begun="2026-01-01T00:00:00Z")

    async def look(form: Form) -> None:
        await form.sees("org/m", "/x/wiki.jsonl", "5,000", "▾ more", "0-1", "m-w")

    fill_in(runs, look, start_from=job, size=(80, 30))
