"""Variants in the app: in the list of runs, in the explorer, and the form that asks for another."""

import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from neuron_tui.store.errors import InputError, RunConflictError, UsageError
from neuron_tui.store.measures.threshold_wording import NUMBERS, thresholds_of
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from neuron_tui.store.runs.variants import variant_folder, variants_of
from neuron_tui.tui.browsing.run_order import RunListQuery, arrange_runs
from neuron_tui.tui.forms.counting_form import default_text, proposed_name, read_thresholds, texts_of
from neuron_tui.tui.jobs import jobs
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer.variants import ChooseVariant
from neuron_tui.tui.screens.extraction.count_again import CountAgain
from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction
from neuron_tui.tui.screens.figures.figures import Figures
from neuron_tui.tui.screens.help import help_sections
from neuron_tui.tui.screens.runs.job_log import JobLog
from neuron_tui.tui.widgets.form.fields import Field
from neuron_tui.tui.widgets.runs.job_line import job_words, share_done
from tests.synthetic import PLANTED, build_run, build_variant
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import a_job, a_status, at_work, put_job
from tests.tui.runs_driving import choose, names

LOOSE = Thresholds(coverage=Decimal("0.8"), max_covering=(10, 50, 50))
SHARP = Thresholds(precision=Decimal("0.995"))
SHAPE = {"layers": 2, "neurons": 16}

TOKEN, DEAD = (0, PLANTED.index("token, suppressing")), (0, PLANTED.index("dead"))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the run `whole`, its variants `loose` and, of one layer, `sharp`; and `bare`, without bits."""
    folder = tmp_path_factory.mktemp("counted")
    build_run(folder / "whole", keep_activations=True, **SHAPE)
    build_variant(folder / "whole", "loose", LOOSE, **SHAPE)
    build_variant(folder / "whole", "sharp", SHARP, finished=1, **SHAPE)
    build_run(folder / "bare", **SHAPE)
    return folder


@pytest.fixture
def own(counted: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(counted, tmp_path / "runs"))


# In the list of runs.


def arranged(folder: Path, wish: RunListQuery) -> list[str]:
    return [run.name for run in arrange_runs(list_runs(folder), wish)]


def test_variants_stand_below_their_run_in_every_order(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert arranged(counted, RunListQuery()) == ["bare", "whole", "whole@loose", "whole@sharp"]
    assert arranged(counted, RunListQuery(descending=True)) == ["whole", "whole@sharp", "whole@loose", "bare"]
    assert arranged(counted, RunListQuery(column="layers")) == ["bare", "whole", "whole@sharp", "whole@loose"]
    monkeypatch.chdir(counted.parent)  # a runs directory may be named from where one is
    assert arranged(Path(counted.name), RunListQuery(column="size", descending=True))[0] == "whole"
    assert arranged(Path(counted.name), RunListQuery(descending=True))[-1] == "bare"


def test_a_filter_finds_variants_by_their_thresholds_and_without_their_run(counted: Path) -> None:
    assert arranged(counted, RunListQuery("variant")) == ["whole@loose", "whole@sharp"]
    assert arranged(counted, RunListQuery("coverage 80%")) == ["whole@loose"]
    assert arranged(counted, RunListQuery("whole complete")) == ["whole", "whole@loose"]


def test_the_list_shows_variants_below_their_run_and_says_their_thresholds(counted: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("Runs · 2 · 2 variants", "  whole ", "└ @loose", "└ @sharp")
        await choose(person, "whole@loose")
        await person.sees("whole@loose: complete.", "Counted with coverage 80%, at most 10 tokens.")
        await choose(person, "whole@sharp")
        await person.sees("whole@sharp: partial, 1 of 2 layers done", "Counted with precision 99.5%.")
        await choose(person, "whole")
        await person.sees("whole: complete.")
        assert "Counted with" not in person.screen()
        await person.press("/")
        await person.type("loose")
        await person.press("enter")
        await person.sees("whole@loose  ", "1 of 4")
        assert "└" not in person.screen()

    for size in ((80, 24), (200, 60)):
        drive(counted, look, size=size)


def test_deleting_a_run_says_which_variants_go_with_it(own: Path) -> None:
    async def delete(person: Person) -> None:
        await choose(person, "whole")
        await person.press("d")
        await person.sees("Delete the run whole?", "With 2 variants: @loose, @sharp.", "They cannot be")
        await person.press("n")
        await choose(person, "whole@sharp")
        await person.press("d")
        await person.sees("Delete the variant whole@sharp?", "It cannot be brought back")
        await person.press("y")
        await person.sees("The variant whole@sharp is deleted", "1 variant")
        assert variants_of(own / "whole") == ("loose",)
        await person.press("m")  # the cursor is where the deleted one was
        await choose(person, "whole")
        await person.press("m", "d")
        await person.until(lambda: isinstance(person.app.screen, Confirm))
        await person.press("y")
        await person.until(lambda: names(person) == ["bare"] or names(person) == [])
        await person.until(lambda: not (own / "whole").exists())  # the list may be drawn before all of it is gone

    drive(own, delete)


def test_a_run_whose_variant_is_being_counted_is_not_deleted(own: Path) -> None:
    async def delete(person: Person) -> None:
        await choose(person, "whole")
        await person.press("d")
        await person.sees("whole@loose: being written")
        assert not isinstance(person.app.screen, Confirm)

    with at_work(own / "whole/variants/loose", command="analyze"):
        drive(own, delete)


def test_renaming_a_variant_changes_its_own_name_alone(own: Path) -> None:
    async def rename(person: Person) -> None:
        await choose(person, "whole@loose")
        await person.press("R")
        await person.sees("The new name of the variant")
        await person.press("ctrl+u")
        await person.type("sharp")
        await person.sees("There is a variant called sharp.")
        await person.press("ctrl+u")
        await person.type("a@b")
        await person.press("enter")
        await person.sees("cannot be used")
        await person.press("ctrl+u")
        await person.type("whole@slack")  # as it is called elsewhere
        await person.press("enter")
        await person.sees("whole@loose is now whole@slack", "└ @slack")
        await choose(person, "whole")
        await person.press("R", "ctrl+u")
        await person.type("all")
        await person.press("enter")
        await person.until(lambda: names(person) == ["all", "all@sharp", "all@slack", "bare"])
        await person.sees("└ @slack")

    drive(own, rename)


def test_a_variant_is_verified_under_its_name_and_told_how_to_be_made_again(own: Path) -> None:
    layer = own / "whole/variants/loose/layers/layer_001.h5"
    content = bytearray(layer.read_bytes())
    content[len(content) // 2] ^= 0xFF
    layer.write_bytes(content)

    async def verify(person: Person) -> None:
        await choose(person, "whole@loose")
        await person.press("v")
        await person.sees("Check of whole@loose", "Mend it with: neuron-tui mend whole@loose")

    drive(own, verify)


def test_the_job_of_a_variant_is_a_counting(own: Path) -> None:
    put_job(own / "whole/variants/sharp", "line\n", command="analyze", state="failed", place=1, layers=2, problem="no")

    async def look(person: Person) -> None:
        await choose(person, "whole@sharp")
        await person.sees("whole@sharp: failed, 1 of 2 layers done", "e resume")
        await person.press("L")
        await person.until(lambda: isinstance(person.app.screen, JobLog))
        await person.sees("Log of whole@sharp")

    async def cancel(person: Person) -> None:
        await choose(person, "whole@sharp")
        await person.sees("whole@sharp  layer 2 of 2")
        await person.press("X")
        await person.sees("Cancel the counting whole@sharp?")

    drive(own, look)
    with at_work(own / "whole/variants/sharp", command="analyze", stage="recount", place=1, layers=2, layer=1):
        drive(own, cancel)


def test_a_recount_advances_with_its_neurons() -> None:
    job = a_job(command="analyze", stage="recount", place=1, layers=4, done=8, total=16)
    assert share_done(job) == pytest.approx(1.5 / 4)
    assert job_words(a_status(command="analyze", stage="recount", place=1, layers=4)) == "layer 2 of 4"


# In the explorer.


async def choose_variant(person: Person, name: str) -> None:
    """Open the list of variants and choose one."""
    await person.press("V")
    await person.until(lambda: isinstance(person.app.screen, ChooseVariant))
    await person.sees("count again with other thresholds …")  # the list is drawn, not only on its way
    rows = [line for line in person.lines() if "@" in line or "the paper's thresholds" in line]
    place = next(place for place, line in enumerate(rows[-3:]) if name in line)
    await person.press("g", *["j"] * place, "enter")
    await person.settled()


async def go_to(person: Person, address: tuple[int, int]) -> None:
    await person.press(":")
    await person.type("{}:{}".format(*address))
    await person.press("enter")
    await person.until(lambda: person.address == address)


def test_variants_are_chosen_by_their_thresholds_and_the_neuron_stays(counted: Path) -> None:
    async def look(person: Person) -> None:
        await go_to(person, (1, 9))
        await person.press("V")
        await person.sees("Thresholds of whole", "whole ", "the paper's thresholds")
        await person.sees("@loose  coverage 80%, at most 10 tokens", "@sharp  precision 99.5% · partial, 1 of 2 layers")
        await person.sees("count again with other thresholds …")
        await person.press("escape")
        await choose_variant(person, "@loose")
        await person.until(lambda: person.address == (1, 9) and person.explorer.browser.here == (1, 9))
        await person.sees("whole@loose · coverage 80%, at most 10 tokens · synthetic-opt")
        assert person.explorer.path == counted / "whole/variants/loose"
        await choose_variant(person, "the paper's")
        await person.until(lambda: person.address == (1, 9))
        assert person.explorer.path == counted / "whole"
        assert "coverage" not in person.lines()[0]

    drive(counted, look, run=counted / "whole")


def test_the_neuron_alone_on_the_screen_stays_alone(counted: Path) -> None:
    async def look(person: Person) -> None:
        await go_to(person, TOKEN)
        await person.press("enter")
        assert person.explorer.has_class("-zoom")
        await choose_variant(person, "@loose")
        await person.until(lambda: person.address == TOKEN and person.explorer.has_class("-zoom"))
        await person.sees("cover 80%")
        assert "95%" not in person.screen()

    drive(counted, look, run=counted / "whole", size=(80, 24))


def test_filter_order_and_n_are_carried_over_the_first_time_and_marks_never(counted: Path) -> None:
    async def look(person: Person) -> None:
        await person.press("/")
        await person.type("type:token")
        await person.press("enter", "2")
        await person.sees(" · type:token ")
        await go_to(person, TOKEN)
        await person.press("m")
        await choose_variant(person, "@loose")
        await person.until(lambda: person.address == TOKEN)
        await person.sees(" · type:token ", "cov.2")
        assert not person.marked
        await person.press("/", "ctrl+u")
        await person.type("type:dead")
        await person.press("enter")
        await person.sees(" · type:dead ")
        await choose_variant(person, "the paper's")
        await person.sees("◆")  # its own mark and its own filter, which gives way to a neuron it hides
        await person.until(lambda: person.address is not None and person.address[1] in (0, 11))
        await person.sees("The filter is cleared")

    drive(counted, look, run=counted / "whole")


def test_a_variant_without_layers_is_not_gone_to(own: Path) -> None:
    build_variant(own / "whole", "empty", Thresholds(positional=0.1), finished=0, **SHAPE)

    async def look(person: Person) -> None:
        await person.press("V")
        await person.sees("@empty  positional above 0.1 nats · partial, 0 of 2 layers")
        await person.press("g", "j", "enter")
        await person.sees("whole@empty has no finished layer yet")
        assert person.explorer.path == own / "whole"

    drive(own, look, run=own / "whole")


def test_all_words_of_the_explorer_follow_the_thresholds(counted: Path) -> None:
    async def look(person: Person) -> None:
        await go_to(person, TOKEN)
        await person.sees("80%:  tokens", "cover 80%")
        await person.press("s")
        await person.sees("n-grams that cover 80%")
        await person.press("escape", "/")
        await person.type("cove")
        await person.sees("tokens that cover 80% of its activations, such as covering<=10")
        await person.press("escape")
        sections = help_sections(person.app.screen)
        told = " ".join(sentence for _, entries in sections for _, sentence in entries)
        assert "at most 10 tokens (50 bigrams, 50 trigrams) cover 80%" in told
        assert "95%" not in person.screen()

    drive(counted, look, run=counted / "whole/variants/loose", size=(200, 60))


def test_a_counting_started_in_the_explorer_is_told_the_end_of(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = own / "whole/variants/sharp"

    async def look(person: Person) -> None:
        person.explorer.variants.followed.add(folder)
        put_job(folder, command="analyze", state="done", place=2, layers=2)
        person.explorer.variants.look()
        await person.sees("whole@sharp is counted; V goes there.")
        person.explorer.variants.followed.add(folder)
        put_job(folder, command="analyze", state="failed", place=1, layers=2, problem="no space left")
        person.explorer.variants.look()
        await person.sees("whole@sharp: failed", "no space left")
        assert not person.explorer.variants.followed

    drive(own, look, run=own / "whole")


def test_the_help_of_figures_of_a_variant_says_its_thresholds(counted: Path) -> None:
    async def look(person: Person) -> None:
        for run, share in (("whole@loose", "80%"), ("whole", "95%")):
            await choose(person, run)
            await person.press("c")
            await person.until(lambda: isinstance(person.app.screen, Figures) and person.app.screen.browser.up_to_date)
            told = " ".join(text for _, entries in help_sections(person.app.screen) for _, text in entries)
            assert f"hold {share} of the neuron's activations" in told
            await person.press("q")

    drive(counted, look)


# The form.


class Engine:
    """Stands in for the engine: starts jobs in name only."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.started: list[tuple[Path, tuple[str, ...]]] = []

    def start(self, run: Path, arguments: Sequence[str]) -> Path:
        if self.problem:
            raise InputError(self.problem)
        self.started.append((run, tuple(arguments)))
        return variant_folder(run, arguments[1])


class Form:
    """A person at the form."""

    def __init__(self, person: Person, engine: Engine, screen: CountAgain, results: list[Path | None]) -> None:
        self.person, self.engine, self.screen, self.results = person, engine, screen, results
        self.press, self.type, self.sees = person.press, person.type, person.sees

    def text(self, key: str) -> str:
        return self.screen.query_one(f"#field-{key}", Field).value

    async def fill(self, key: str, text: str) -> None:
        self.screen.query_one(f"#field-{key}", Field).focus()
        await self.person.until(lambda: self.screen.focused is not None and self.screen.focused.id == f"field-{key}")
        await self.press("end", "ctrl+u")
        await self.type(text)

    async def left(self) -> Path | None:
        await self.person.until(lambda: self.results)
        return self.results[0]


def fill_in(
    runs: Path,
    act: Callable[[Form], Awaitable[None]],
    run: str = "whole",
    engine: Engine | None = None,
    thresholds: Thresholds = PAPER,
    size: tuple[int, int] = (80, 24),
) -> Engine:
    """Open the form over the runs and let a person act in it."""
    engine = engine or Engine()

    async def scenario(person: Person) -> None:
        results: list[Path | None] = []
        screen = CountAgain(runs / run, thresholds, start=engine.start)
        person.app.push_screen(screen, results.append)
        await person.until(lambda: screen.is_current and screen.run_to_count is not None)
        await act(Form(person, engine, screen, results))

    drive(runs, scenario, size=size)
    return engine


def test_the_form_shows_every_threshold_with_its_default_on_a_small_terminal(counted: Path) -> None:
    async def look(form: Form) -> None:
        await form.sees("Count whole again with other thresholds", "Count again", "Leave", "esc leave")
        for one in NUMBERS:
            assert form.text(one.key) == one.text(one.default)
            await form.sees(one.label, default_text(one), one.unit)
        await form.sees("These are the thresholds that whole is counted with: change one.")
        await form.press("ctrl+s")
        assert not form.engine.started

    fill_in(counted, look)
    fill_in(counted, look, size=(120, 36))


def test_a_name_says_what_is_changed_until_somebody_types_one(counted: Path) -> None:
    async def name(form: Form) -> None:
        await form.fill("coverage", "90%")
        await form.sees("will be whole@coverage90 ")
        await form.fill("tokens", "10")
        assert form.text("name") == "coverage90-tokens10"
        await form.fill("name", "mine")
        await form.fill("tokens", "12")
        assert form.text("name") == "mine"
        await form.fill("name", "loose")
        await form.sees("whole has a variant of that name.")
        await form.fill("name", "a/b")
        await form.sees("letters, digits and")

    fill_in(counted, name, size=(120, 36))


def test_what_is_wrong_is_said_at_its_field_before_anything_starts(counted: Path) -> None:
    async def err(form: Form) -> None:
        await form.fill("coverage", "120%")
        await form.fill("tokens", "51")
        await form.fill("near", "0.5")
        await form.fill("interval", "x")
        for label, said in (
            ("Coverage", "at most 100%"),
            ("Tokens", "at most 50"),
            ("Near", "less than 0.5"),
            ("Interval", "a number, such as 0.05"),
        ):
            (line,) = (line for line in form.person.lines() if label in line[:14].replace("▸", " ").split())
            assert said in line
        await form.sees("To be mended first: coverage, tokens, near, interval.")
        await form.press("ctrl+s")
        assert form.screen.focused is not None
        assert form.screen.focused.id == "field-coverage"
        assert not form.engine.started

    fill_in(counted, err)


def test_starting_gives_the_engine_what_is_not_the_papers(counted: Path) -> None:
    async def start(form: Form) -> None:
        await form.fill("coverage", "9/10")
        await form.fill("bigrams", "40")
        await form.fill("interval", "1/32")
        await form.press("ctrl+s")
        assert await form.left() == counted / "whole/variants/coverage90-bigrams40-interval0.03125"

    engine = fill_in(counted, start)
    options = ("--coverage", "0.9", "--max-covering", "5,40,50", "--interval", "0.03125")
    assert engine.started == [(counted / "whole", ("--name", "coverage90-bigrams40-interval0.03125", *options))]


def test_a_variant_gives_its_thresholds_to_begin_with_and_its_run_is_counted(counted: Path) -> None:
    async def again(form: Form) -> None:
        await form.sees("Count whole again", "whole@loose has these thresholds already.")
        assert (form.text("coverage"), form.text("tokens"), form.text("name")) == ("80%", "10", "coverage80-tokens10")
        await form.fill("coverage", "70%")
        await form.press("ctrl+s")
        await form.left()

    engine = fill_in(counted, again, "whole/variants/loose", thresholds=LOOSE)
    assert [run for run, _ in engine.started] == [counted / "whole"]


def test_without_bits_only_another_coverage_cannot_be_counted_and_how_to_get_them_is_said(counted: Path) -> None:
    async def count(form: Form) -> None:
        await form.sees("bare keeps no activation bits", "--keep-activations always", "Extract with bits", "ctrl+b")
        await form.fill("coverage", "90%")
        await form.sees("takes activation bits; the run keeps none")
        await form.press("ctrl+s")
        assert not form.engine.started
        await form.press("ctrl+b")
        await form.person.until(lambda: isinstance(form.person.app.screen, NewExtraction))
        assert form.person.app.screen.values["keep_activations"] == "always"
        await form.press("escape")
        await form.person.until(lambda: form.screen.is_current)
        await form.fill("coverage", "")
        await form.fill("precision", "80%")
        await form.press("ctrl+s")
        await form.left()

    engine = fill_in(counted, count, "bare")
    assert engine.started == [(counted / "bare", ("--name", "precision80", "--precision", "0.8"))]


def test_where_bits_are_kept_nothing_is_said_of_them(counted: Path) -> None:
    async def look(form: Form) -> None:
        await form.fill("coverage", "90%")
        await form.sees("2 layers will be counted again from what whole holds")
        assert "bits" not in form.person.screen()

    fill_in(counted, look)


def test_a_partial_run_is_to_be_finished_first(own: Path) -> None:
    manifest = read_manifest(own / "bare")
    write_manifest(own / "bare", manifest.model_copy(update={"layers": {0: manifest.layers[0]}, "facts": None}))

    async def look(form: Form) -> None:
        await form.fill("precision", "80%")
        await form.sees("bare is partial, 1 of 2 layers: e in the list of runs goes on with its")
        await form.press("ctrl+s")
        assert not form.engine.started

    fill_in(own, look, "bare")


def test_what_the_engine_refuses_is_shown_and_nothing_typed_is_lost(counted: Path) -> None:
    async def start(form: Form) -> None:
        await form.fill("thin", "0.1")
        await form.press("ctrl+s")
        await form.sees("the disk is full", "Free some.")
        assert form.text("thin") == "0.1"
        await form.press("ctrl+r")
        await form.sees("change one")
        assert form.text("thin") == "0.05"
        await form.press("escape")
        assert await form.left() is None

    fill_in(counted, start, engine=Engine("the disk is full\nFree some."))


def test_leaving_asks_only_if_something_was_typed(counted: Path) -> None:
    async def leave(form: Form) -> None:
        await form.fill("thin", "0.1")
        await form.press("escape")
        await form.person.until(lambda: isinstance(form.person.app.screen, Confirm))
        await form.press("n", "ctrl+r", "escape")
        assert await form.left() is None

    fill_in(counted, leave)


def test_the_form_is_opened_from_the_list_and_from_a_run(counted: Path) -> None:
    async def from_list(person: Person) -> None:
        await choose(person, "whole")
        await person.press("A")
        await person.sees("Count whole again")
        await person.press("escape")
        await choose(person, "whole@loose")
        await person.press("N")
        await person.sees("Count whole again", "80%  ")

    async def from_run(person: Person) -> None:
        await person.press("A")
        await person.sees("Count whole again")

    drive(counted, from_list)
    drive(counted, from_run, run=counted / "whole")


@pytest.mark.parametrize(
    ("key", "text", "read"),
    [
        ("coverage", "95%", Decimal("0.95")),
        ("coverage", " .95 ", Decimal("0.95")),
        ("coverage", "19/20", Decimal("0.95")),
        ("coverage", "1/3", "at most 4 decimals, such as 99.25%"),
        ("coverage", "95", "at most 100%"),
        ("coverage", "0", "more than 0%"),
        ("coverage", "most", "a share, such as 95% or 0.95"),
        ("tokens", "", 5),
        ("tokens", "0", "at least 1"),
        ("tokens", "2.5", "a whole number, such as 5"),
        ("interval", "1/16", 0.0625),
        ("interval", "0", "more than 0"),
        ("interval", "1/0", "a number, such as 0.05"),
        ("positional", "1e-3", 0.001),
        ("positional", "some", "a number, such as 0.05"),
        ("changes", "0", "at least 1"),
        ("range", "1.5", "at most 1"),
    ],
)
def test_thresholds_are_read_as_people_write_them(key: str, text: str, read: object) -> None:
    one = next(one for one in NUMBERS if one.key == key)
    if isinstance(read, str):
        with pytest.raises(ValueError, match=re.escape(read)):
            one.read(text)
    else:
        assert one.read(text) == read


def test_what_the_form_is_filled_with_is_read_back_as_it_was() -> None:
    most = {"tokens": 7, "bigrams": 40, "trigrams": 1, "changes": 2, "near": 0.012345, "thin": 0.00001}
    odd = thresholds_of({"coverage": Decimal("0.9525"), "precision": Decimal(1), "interval": 1 / 3, **most})
    for thresholds in (PAPER, LOOSE, odd):
        assert read_thresholds(texts_of(thresholds)) == (thresholds, {})
    assert proposed_name(PAPER) == ""
    assert proposed_name(SHARP) == "precision99.5"


# Jobs.


def test_a_variant_goes_on_with_its_thresholds_whatever_it_and_its_run_are_called_now(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Path, tuple[str, ...], tuple[str, ...]]] = []

    def start(folder: Path, said: Sequence[str], unsaid: Sequence[str]) -> Path:
        started.append((folder, tuple(said), tuple(unsaid)))
        return folder

    monkeypatch.setattr(jobs, "_start", start)
    put_job(own / "whole/variants/begun", command="analyze", arguments=("/x/old", "--name", "was", "--thin", "0.1"))
    (own / "whole").rename(own / "now")
    variant = own / "now/variants/sharp"
    jobs.resume_job(variant)
    assert started == [(variant, ("analyze", str(own / "now"), "--name", "sharp", "--precision", "0.995"), ())]
    jobs.resume_job(own / "now/variants/begun")
    assert started[1][1] == ("analyze", str(own / "now"), "--name", "was", "--thin", "0.1", "--name", "begun")
    with pytest.raises(RunConflictError, match="the run now@loose is complete"):
        jobs.resume_job(own / "now/variants/loose")
    with pytest.raises(UsageError, match="cannot be used"):
        jobs.start_analysis(own / "now", ("--name", "../x"))
