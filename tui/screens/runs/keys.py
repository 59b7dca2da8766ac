"""The actions on the list of runs, and which of them the footer shows for the run under the cursor."""

from __future__ import annotations

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.tui.actions import Action, Key, help_action
from neuron_tui.tui.browsing.run_order import readable, resumable

ACTIONS = (
    Action(
        "runs.open",
        "",
        "open",
        "open",
        "opens the run; a running or partial one opens on the layers it has.",
        palette="Open",
        shown="enter",
    ),
    Action("runs.new", "n", "new", "new extraction", "starts a new extraction.", palette="New extraction"),
    Action(
        "runs.again",
        "N",
        "again",
        "again with these options",
        "starts one again, with the options of this run filled in; of a variant, asks for thresholds as A does.",
        palette="Again with these options",
    ),
    Action(
        "runs.count_again",
        "A",
        "count_again",
        "count again with other thresholds",
        "asks for other thresholds and counts the run again with them; the variant then stands below it.",
        palette="Count again",
    ),
    Action("runs.demo", "", "demo", "extract the built-in model on built-in text", palette="Make the demo"),
    Action(
        "runs.pause",
        "p",
        "pause",
        "pause or go on",
        "pauses the run's job, or lets it go on.",
        palette="Pause or go on",
    ),
    Action(
        "runs.cancel",
        "ctrl+x,X",
        "cancel",
        "cancel",
        "cancels the job, after asking; the finished layers stay.",
        palette="Cancel the job",
    ),
    Action(
        "runs.resume", "e", "resume", "resume", "resumes a partial, cancelled, failed or died run.", palette="Resume"
    ),
    Action(
        "runs.mend",
        "E",
        "mend",
        "mend",
        "looks what is damaged of the run and, after asking, has it made again from its model and text.",
        palette="Mend",
    ),
    Action("runs.log", "L", "log", "log", "shows the log of the run's job.", palette="Log"),
    Action(
        "runs.compare",
        "c",
        "compare",
        "compare, or figures",
        "compares the marked runs side by side; with one run, shows its figures.",
        palette="Compare",
    ),
    Action(
        "runs.paper",
        "C",
        "paper",
        "what the paper found",
        "checks the paper's claims against the marked runs, or this one.",
        palette="The paper's claims",
    ),
    Action(
        "runs.mark",
        "m",
        "mark",
        "mark",
        "marks the run with ◆, or takes the mark away; c and d are for all marked ones.",
        palette="Mark",
    ),
    Action("runs.unmark_all", "", "unmark_all", "take all marks away", palette="Unmark all"),
    Action(
        "runs.filter",
        "slash",
        "filter",
        "filter",
        "shows the runs in whose name, model, domains or state all the words occur; escape shows all.",
        palette="Filter",
    ),
    Action("runs.show_all", "escape", "show_all", "show all", palette="Show all"),
    Action(
        "runs.sort",
        "s",
        "sort",
        "sort",
        "sorts by a column; the same column again turns the order round. Titles can be clicked.",
        palette="Sort",
    ),
    Action("runs.rename", "R,f2", "rename", "rename", "renames the run; its variants go with it.", palette="Rename"),
    Action(
        "runs.delete",
        "d,delete",
        "delete",
        "delete",
        "deletes the marked runs, or this one, after asking; its variants go with a run.",
        palette="Delete",
    ),
    Action(
        "runs.check",
        "v",
        "check",
        "verify",
        "verifies every file of the run against what was written.",
        palette="Verify",
    ),
    Action(
        "runs.reload",
        "r",
        "reload",
        "read again",
        "reads the list again; it is read by itself every few seconds.",
        palette="Read again",
    ),
    help_action("runs"),
    Action("runs.quit", "q", "app.quit", "out", "leaves the program; jobs go on."),
)

NOTES = (
    ("↑ ↓  k j", "go to the run above or below; g and G to the first and last."),
    ("complete", "every layer asked for is there."),
    ("partial", "some layers are there, the others are not; cancelled, failed and died say why."),
    ("died", "the job's process is gone and never said why: the machine went down, or it was killed."),
    ("damaged", "a file is missing or altered; what is below the list says which. E makes it again."),
    ("└ @", "is a variant of the run above it: the same neurons, counted again with other thresholds."),
)
"""What the help says of the list beside its actions."""

_OPEN = Key("runs.open", shown="enter")
_NEW = Key("runs.new", "new")
_FILTER = Key("runs.filter")
_DELETE = Key("runs.delete")
_LOG = Key("runs.log")
_LAST = (Key("runs.help"), Key("runs.quit"))

NOT_READ = (Key("runs.reload"), *_LAST)
NO_RUNS = (Key("runs.open", "make the demo", "enter"), _NEW, *_LAST)
NO_MATCH = (_FILTER, Key("runs.show_all"), _NEW, *_LAST)


def keys_for(run: RunSummary, marked: int = 0) -> tuple[Key, ...]:
    """Keys for a run under the cursor, with so many runs marked."""
    opens = (_OPEN,) if readable(run) else ()
    if run.job is not None and run.job.active:
        pause = Key("runs.pause", "go on" if run.job.condition == "paused" else "pause")
        return (*opens, pause, Key("runs.cancel", shown="X"), _LOG, _NEW, *_LAST)
    if run.state == "damaged":
        return (Key("runs.mend"), Key("runs.check"), _DELETE, _FILTER, _NEW, *_LAST)
    if resumable(run):
        log = (_LOG,) if run.job is not None else (_FILTER,)
        return (*opens, Key("runs.resume"), *log, _DELETE, _NEW, *_LAST)
    compare = Key("runs.compare", "compare" if marked > 1 else "figures")
    return (*opens, compare, _NEW, _FILTER, Key("runs.mark"), *_LAST)
