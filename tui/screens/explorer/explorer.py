"""The explorer of one run.

The panes and what they show are `browser`; around them the screen reads the run (`reading`), asks (`asking`), follows a
run that grows (`growing`), goes to its variants (`variants`) and writes down where one was (`keeping`).
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.grams import Gram
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, address_of
from neuron_tui.store.runs.rule import VALUE, Rule
from neuron_tui.tui.actions import bindings
from neuron_tui.tui.browsing.browsing import View
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.navigation import CausalPlace, ClaimsPlace, FiguresPlace, LivePlace, TeamPlace, go
from neuron_tui.tui.remembered.session import Session
from neuron_tui.tui.screens.explorer import keys
from neuron_tui.tui.screens.explorer.asking import Asking
from neuron_tui.tui.screens.explorer.browser import RunBrowser
from neuron_tui.tui.screens.explorer.growing import GrowingRun
from neuron_tui.tui.screens.explorer.keeping import SessionKeeper, Sight
from neuron_tui.tui.screens.explorer.noting import Noting
from neuron_tui.tui.screens.explorer.reading import RunReader
from neuron_tui.tui.screens.explorer.variants import VariantChooser
from neuron_tui.tui.screens.explorer.verifying import Verifying
from neuron_tui.tui.screens.mending import Mending
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from neuron_tui.tui.widgets.note_line import NoteLine


class Explorer(Page[None]):
    """One run."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as textual declares it
        (0, "-tiny"),
        (64, "-narrow"),
        (108, "-medium"),
        (160, "-wide"),
    ]

    ACTIONS = keys.ON_THE_RUN
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES = keys.NOTES

    class Left(Message):
        """The run is to be left; the app knows what lies below."""

    def __init__(self, path: Path, at: Address | None = None, view: View | None = None) -> None:
        """Show the run in the folder `path`, at first the neuron `at`, or what `view` says of a run beside it."""
        super().__init__()
        self.path = path
        self._at, self._view = at, view
        self.browser = RunBrowser(self, f"opening {path.name} …")
        self._note = NoteLine()
        self._reader = RunReader(
            self,
            path,
            opened=self._show,
            grown=self._show_more_layers,
            summarised=self.browser.show_summaries,
            failed=self._failed,
        )
        self._asking = Asking(self, self, filtered=self._filter, chosen=self.go_to)
        self.growing = GrowingRun(
            self,
            self,
            path,
            newest=lambda: self.browser.newest,
            job_seen=self.browser.headline.follow,
            grown=self._reader.open_again,
            made_anew=self._open_anew,
        )
        self.noting = Noting(self, self, self.browser)
        self.variants = VariantChooser(self, self, path, thresholds=lambda: self.thresholds, chosen=self._open_variant)
        self.keeper = SessionKeeper(self, path, self._sight)
        self.verifying = Verifying(self, path, self.browser)
        self._mending = Mending(self, begun=self._mended)

    def compose(self) -> ComposeResult:
        """The panes between the headline and the keys."""
        yield self.browser
        yield self._note
        yield KeyLine(*keys.KEYS)

    def on_mount(self) -> None:
        """Open the run; look now and then at what may change."""
        self._reader.open()
        self.growing.start()
        self.noting.start()
        self.variants.start()
        self.keeper.start()

    async def on_unmount(self) -> None:
        """The run is left, or the program: write down where one was."""
        self.verifying.stop()
        await self.keeper.keep()

    @property
    def opened(self) -> OpenedRun | None:
        """The run as the panes show it; None until it is open."""
        return self.browser.opened

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind what is shown; the paper's until the run is open."""
        return self.opened.run.manifest.thresholds if self.opened is not None else PAPER

    @property
    def rule(self) -> Rule:
        """What made the neurons' bits; the paper's rule until the run is open."""
        return self.opened.run.manifest.rule if self.opened is not None else VALUE

    @property
    def under_way(self) -> bool:
        """Whether the run is being opened, or the list about to change: keys typed ahead are meant for what will be."""
        return self._reader.opening or self.browser.under_way

    def note(self, text: str) -> None:
        """Say something of no great weight: it stands until the next key."""
        self._note.note(text)

    def complain(self, problem: str) -> None:
        """Say what is wrong with the run."""
        self.app.notify(message(problem), title="This run", severity="error", timeout=12, markup=False)

    def on_key(self) -> None:
        """The note has been seen."""
        self._note.clear()

    # What is read.

    def _show(self, opened: OpenedRun, session: Session | None) -> None:
        """The run is there: show it as it was left."""
        self.browser.show_run(opened, session, self._view)
        self.go_to(self._at)
        self._reader.summarise(opened)
        self.growing.look()
        self.noting.look()
        self.verifying.start()

    def _show_more_layers(self, opened: OpenedRun) -> None:
        newest = self.browser.newest
        if newest is not None and len(opened.run.layers) >= len(newest.run.layers):
            self.browser.show_more_layers(opened)
            self._reader.summarise(opened)

    def _failed(self, problem: str, fatal: bool) -> None:
        """Say what is wrong; a run that cannot be opened is left."""
        self.complain(problem)
        if fatal and self.is_current:
            self.post_message(self.Left())

    def _open_anew(self) -> None:
        """Another run stands in the place of this one: open it afresh."""
        if self.is_current:
            self.app.switch_screen(Explorer(self.path))

    def _open_variant(self, path: Path) -> None:
        """Show another run of the same neurons in the place of this one; the neuron stays in view."""
        browser = self.browser
        view = View(browser.here, browser.browsing.list_query, browser.zoomed)
        self.app.switch_screen(Explorer(path, view=view))

    def _sight(self) -> Sight | None:
        """What is written down."""
        browser = self.browser
        return None if self.opened is None else Sight(self.opened, browser.browsing, browser.here, browser.zoomed)

    # Finding neurons.

    def go_to(self, neuron: Address | None) -> None:
        """Go to a neuron that another screen leads to, if it leads to one."""
        if neuron is not None:
            self.browser.go_to(neuron)

    def _filter(self, query: str) -> None:
        self.browser.browse(self.browser.browsing.filtered(query, self.browser.here))

    def on_neuron_pane_token_asked(self, event: NeuronPane.TokenAsked) -> None:
        """A token or n-gram of the neuron in sight is asked for."""
        if self.opened is not None:
            self._asking.who_fires(self.opened, Gram(event.ids, event.shown, 0))

    def action_filter(self) -> None:
        """Ask for a filter."""
        self._asking.for_filter(self.thresholds, self.browser.browsing.list_query.query)

    def action_sort(self) -> None:
        """Ask for a column to sort by."""

        def sort(column: str) -> None:
            self.browser.browse(self.browser.browsing.sorted_by(column))

        self._asking.for_sort(self.thresholds, self.browser.browsing.list_query.column, sort)

    def action_go_to(self) -> None:
        """Ask for a neuron and go there."""
        if self.opened is not None:
            self._asking.for_neuron(self.opened, self.browser.here)

    def action_which(self) -> None:
        """Ask for a text, then show which neurons fire on it."""
        if self.opened is not None:
            self._asking.for_text(self.opened)

    def action_live(self) -> None:
        """Have the run's model read a text, and go where that leads."""
        if self.opened is not None:
            marked = [address_of(self.opened, code) for code in sorted(self.browser.browsing.marks.codes)]
            go(self, LivePlace(self.opened, marked), self.go_to)

    def action_similar(self) -> None:
        """Show the neurons most like the one under the cursor."""
        here = self.browser.here
        if self.opened is not None and here is not None:
            self._asking.for_similar(self.opened, here, self.browser.browsing.list_query.order)

    # What lies around the run.

    def action_team(self) -> None:
        """Show the position team of the layer in view, and go where that leads."""
        layer, here = self.browser.browsing.list_query.layer, self.browser.here
        if layer is None and here is not None:
            layer = here[0]
        if self.opened is not None and layer is not None:
            go(self, TeamPlace(self.opened.run, layer), self.go_to)

    def action_note(self) -> None:
        """Ask for a label and a note on the neuron under the cursor."""
        self.noting.edit()

    def action_figures(self) -> None:
        """Show the figures of this run."""
        go(self, FiguresPlace((self.path,)))

    def action_paper(self) -> None:
        """Check the paper's claims against this run."""
        go(self, ClaimsPlace((self.path,)))

    def action_causal(self) -> None:
        """Show what silencing neurons does, and go where that leads."""

        def answered(answer: Address | str | None) -> None:
            self.browser.neuron.loader.forget()
            self.browser.neuron.show(self.browser.here)
            if isinstance(answer, str):
                self._filter(answer)
            else:
                self.go_to(answer)

        if self.opened is not None:
            marked = [address_of(self.opened, code) for code in sorted(self.browser.browsing.marks.codes)]
            go(self, CausalPlace(self.opened.run, marked), answered)

    def action_variants(self) -> None:
        """Show the run and its variants to choose from."""
        self.variants.choose()

    def action_count_again(self) -> None:
        """Ask for thresholds to count the run again with."""
        if self.opened is not None:
            self.variants.count_again()

    def action_export(self) -> None:
        """Export the marked neurons, or the one under the cursor."""
        if self.opened is not None:
            marked, here = sorted(self.browser.browsing.marks.codes), self.browser.here
            neurons = [address_of(self.opened, code) for code in marked] or ([] if here is None else [here])
            self._asking.for_export(self.opened, neurons, "marked" if marked else "")

    def action_export_shown(self) -> None:
        """Export all neurons of the list, in the order of the run."""
        if self.opened is not None:
            browsing = self.browser.browsing
            chosen_by = browsing.list_query.query.strip() or ("marked" if browsing.limit is not None else "")
            self._asking.for_export(self.opened, self.browser.neurons.addresses, chosen_by)

    def action_mend(self) -> None:
        """Look what is damaged of the run, ask, and make it again."""
        self._mending.ask(self.path)

    def _mended(self, _: Path) -> None:
        self.note("The run is being mended: what is made again comes as it is finished.")
        self.growing.look()

    def action_pause(self) -> None:
        """Pause the job that writes the run, or let it go on."""
        self.growing.pause()

    def action_look(self) -> None:
        """Look for new layers, and what others wrote."""
        self.growing.look()
        self.noting.look()

    def action_leave(self) -> None:
        """From the neuron alone to the list; from there to the runs."""
        if self.browser.zoomed:
            self.browser.zoom(False)
        else:
            self.post_message(self.Left())
