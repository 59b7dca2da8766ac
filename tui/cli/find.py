"""`neuron-tui find RUN --text TEXT`: which neurons fire on a text, and how well each tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_directory_of

if TYPE_CHECKING:
    from neuron_tui.store import Run
    from neuron_tui.store.neurons.finding import Findings

_EXAMPLES = """Examples:

    neuron-tui find opt-125m --text weather

    neuron-tui find opt-125m --text ' of the' --sort recall --top 50

    neuron-tui find opt-125m --text 'It rained in the morning.' --json"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("find", epilog=_EXAMPLES)(guarded(find))


def find(
    context: typer.Context,
    run: RunArgument,
    text: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="One to three tokens as they read, with a space before or not; or a longer text, for its n-grams.",
            show_default=False,
        ),
    ],
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many neurons to list.")] = 20,
    sort: Annotated[str, typer.Option(metavar="f1|precision|recall", help="What ranks them.")] = "f1",
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Find the neurons that fire on a text, by precision and recall: of what they fire on, and of all of it."""
    from neuron_tui.store import open_run
    from neuron_tui.store.errors import RunPartialError
    from neuron_tui.store.neurons.finding import SORTS, find_text
    from neuron_tui.store.neurons.grams import typed_text
    from neuron_tui.store.wording import json_text

    if not text:
        raise UsageError("--text is empty\nGive a token as it reads, such as --text weather.")
    order = next((one for one in SORTS if one == sort), None)
    if order is None:
        raise UsageError(f"--sort {sort}: no such order\nUse one of: {', '.join(SORTS)}.")
    opened = open_run(run, runs_directory_of(context, runs_dir))
    if not opened.layers:
        raise RunPartialError(f"the run {opened.name} has no finished layer yet\nWait for its first layer.")
    found = find_text(opened, typed_text(text), top, order)
    if as_json:
        print(json_text(_as_dict(opened, text, found)))
        return
    _print(opened, text, found)


def _as_dict(run: Run, text: str, found: Findings) -> dict[str, object]:
    rule, corpus = run.manifest.rule, run.corpus
    return {
        "run": run.name,
        "text": text,
        "ngrams": [
            {
                "ids": list(gram.ids),
                "text": [corpus.form(token) for token in gram.ids],
                "occurrences": gram.occurrences,
            }
            for gram in found.grams
        ],
        "neurons": [one.to_dict(rule, corpus) for one in found.neurons],
    }


def _print(run: Run, text: str, found: Findings) -> None:
    from neuron_tui.store.tokens import visible
    from neuron_tui.store.wording import GRAM_NAMES, count_noun, percent
    from neuron_tui.tui.cli.tables import Column, print_table
    from neuron_tui.tui.reports.matches import sketches

    if not found.grams:
        say(f"No token, bigram or trigram of this corpus reads {visible(text)}, and none lies within it.")
        return
    kinds = ", ".join(f"{gram.shown} ({GRAM_NAMES[len(gram.ids)]})" for gram in found.grams[:6])
    more = f" and {len(found.grams) - 6:,} more" if len(found.grams) > 6 else ""
    say(f"{count_noun(len(found.neurons), 'neuron')} of {run.name}, the best on {kinds}{more}")
    neurons = sketches(run, [(one.layer, one.row) for one in found.neurons])
    columns = [
        Column("neuron", "left"),
        Column("fires on", "left"),
        *(Column(title) for title in ("active", "of its", "occurrences", "precision", "recall", "F1")),
        Column("what it is", "left"),
    ]
    lines = [
        (
            neuron.place,
            one.gram.shown,
            f"{one.active:,}",
            f"{one.total:,}",
            f"{one.gram.occurrences:,}",
            percent(one.precision),
            percent(one.recall),
            f"{one.f1:.3f}",
            neuron.what,
        )
        for one, neuron in zip(found.neurons, neurons, strict=True)
    ]
    print_table(columns, lines)
