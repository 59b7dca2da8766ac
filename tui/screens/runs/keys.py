"""The actions on the list of runs: their keys, which of these the footer shows, their help, and the palette's lines."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.tui.browsing.run_order import readable, resumable
from neuron_tui.tui.widgets.key_line import Key

_OPEN = Key("enter", "open", "screen.open")
_NEW = Key("n", "new", "screen.new")
_FILTER = Key("/", "filter", "screen.filter")
_DELETE = Key("d", "delete", "screen.delete")
_LOG = Key("L", "log", "screen.log")
_LAST = (Key("?", "keys", "screen.help"), Key("q", "out", "app.quit"))

NOT_READ = (Key("r", "read again", "screen.reload"), *_LAST)
NO_RUNS = (Key("enter", "make the demo", "screen.open"), _NEW, *_LAST)
NO_MATCH = (_FILTER, Key("esc", "show all", "screen.show_all"), _NEW, *_LAST)

BINDINGS: list[BindingType] = [
    Binding(keys, action, description, show=False, id=f"runs.{action}")
    for keys, action, description in (
        ("n", "new", "new extraction"),
        ("N", "again", "again with these options"),
        ("A", "count_again", "count again with other thresholds"),
        ("p", "pause", "pause or go on"),
        ("ctrl+x,X", "cancel", "cancel"),
        ("e", "resume", "resume"),
        ("L", "log", "log"),
        ("v", "check", "verify"),
        ("R,f2", "rename", "rename"),
        ("d,delete", "delete", "delete"),
        ("slash", "filter", "filter"),
        ("escape", "show_all", "show all"),
        ("s", "sort", "sort"),
        ("m", "mark", "mark"),
        ("c", "compare", "compare, or figures"),
        ("C", "paper", "what the paper found"),
        ("r", "reload", "read again"),
        ("question_mark", "help", "keys"),
    )
]
BINDINGS.append(Binding("q", "app.quit", "out", show=False, id="runs.quit"))

PALETTE = (
    ("Open", "Open the run under the cursor (enter)", "open"),
    ("New extraction", "Extract the neurons of a model (n)", "new"),
    ("Again with these options", "Fill a new extraction in from this one (N)", "again"),
    ("Count again", "Count this run with other thresholds (A)", "count_again"),
    ("Make the demo", "Extract the built-in model on built-in text", "demo"),
    ("Pause or go on", "Pause the run's job, or let it go on (p)", "pause"),
    ("Cancel the job", "Stop it; finished layers stay (X)", "cancel"),
    ("Resume", "Go on with a run that is not complete (e)", "resume"),
    ("Log", "Show the log of the run's job (L)", "log"),
    ("Compare", "Compare the marked runs, or draw the figures of this one (c)", "compare"),
    ("The paper's claims", "Check them against the marked runs, or this one (C)", "paper"),
    ("Mark", "Mark the run or take its mark away (m)", "mark"),
    ("Unmark all", "Take all marks away", "unmark_all"),
    ("Filter", "Show only runs in which all words occur (/)", "filter"),
    ("Show all", "Take the filter away (esc)", "show_all"),
    ("Sort", "Sort the runs by a column (s)", "sort"),
    ("Rename", "Give the run another name (R)", "rename"),
    ("Delete", "Delete the marked runs, or this one (d)", "delete"),
    ("Verify", "Check every file of the run (v)", "check"),
    ("Read again", "Read the list of runs again (r)", "reload"),
    ("Keys and states", "Show the help (?)", "help"),
)
"""Actions as the command palette lists them: name, sentence, and action of the screen."""

RUNS_HELP = (
    ("↑ ↓  k j", "go to the run above or below; g and G to the first and last."),
    ("enter", "opens the run; a running or partial one opens on the layers it has."),
    ("n", "starts a new extraction."),
    ("N", "starts one again, with the options of this run filled in; of a variant, asks for thresholds as A does."),
    ("A", "asks for other thresholds and counts the run again with them; the variant then stands below it."),
    ("p", "pauses the run's job, or lets it go on."),
    ("X ctrl+x", "cancels the job, after asking; the finished layers stay."),
    ("e", "resumes a partial, cancelled, failed or died run."),
    ("L", "shows the log of the run's job."),
    ("c", "compares the marked runs side by side; with one run, shows its figures."),
    ("C", "checks the paper's claims against the marked runs, or this one."),
    ("m", "marks the run with ◆, or takes the mark away; c and d are for all marked ones."),
    ("/", "shows the runs in whose name, model, domains or state all the words occur; escape shows all."),
    ("s", "sorts by a column; the same column again turns the order round. Titles can be clicked."),
    ("R F2", "renames the run; its variants go with it."),
    ("d", "deletes the marked runs, or this one, after asking; its variants go with a run."),
    ("v", "verifies every file of the run against what was written."),
    ("r", "reads the list again; it is read by itself every few seconds."),
    ("q", "leaves the program; jobs go on."),
    ("complete", "every layer asked for is there."),
    ("partial", "some layers are there, the others are not; cancelled, failed and died say why."),
    ("died", "the job's process is gone and never said why: the machine went down, or it was killed."),
    ("damaged", "a file is missing or altered; what is below the list says which."),
    ("└ @", "is a variant of the run above it: the same neurons, counted again with other thresholds."),
)
"""What the keys do and the states mean, in plain sentences."""


def keys_for(run: RunSummary, marked: int = 0) -> tuple[Key, ...]:
    """Keys for a run under the cursor, with so many runs marked."""
    opens = (_OPEN,) if readable(run) else ()
    if run.job is not None and run.job.active:
        pause = Key("p", "go on" if run.job.condition == "paused" else "pause", "screen.pause")
        return (*opens, pause, Key("X", "cancel", "screen.cancel"), _LOG, _NEW, *_LAST)
    if run.state == "damaged":
        return (Key("v", "verify", "screen.check"), _DELETE, _FILTER, _NEW, *_LAST)
    if resumable(run):
        log = (_LOG,) if run.job is not None else (_FILTER,)
        return (*opens, Key("e", "resume", "screen.resume"), *log, _DELETE, _NEW, *_LAST)
    compare = Key("c", "compare" if marked > 1 else "figures", "screen.compare")
    return (*opens, compare, _NEW, _FILTER, Key("m", "mark", "screen.mark"), *_LAST)
