"""`neuron-tui note RUN L:I`: what people wrote on a neuron, and writing it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.errors import InputError, RunPartialError, UsageError
from neuron_tui.store.neurons.naming import parse_neuron, rows_named
from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_directory_of

if TYPE_CHECKING:
    from neuron_tui.store.neurons.run import Run
    from neuron_tui.store.notes.note import Note

_EXAMPLES = """Examples:

    neuron-tui note demo 3:117

    neuron-tui note demo 3:117 --label 'weather words' --text 'Fires on forecasts too.'

    neuron-tui note demo 3:117 --suggest

    neuron-tui note demo 3:117 --remove"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("note", epilog=_EXAMPLES)(guarded(note))


def note(
    context: typer.Context,
    run: RunArgument,
    neuron: Annotated[
        str, typer.Argument(metavar="L:I[+|-]", help="A neuron by layer and index, or a pole.", show_default=False)
    ],
    label: Annotated[str | None, typer.Option(metavar="TEXT", help="Call it so; empty: no label.")] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Say this of it; - reads stdin; empty: no text.")
    ] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Call it what the rule suggests.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take your note away.")] = False,
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose note it is. Default: the settings' author, or your login.")
    ] = None,
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Print the notes on a neuron and the label suggested for it, or write your own."""
    if remove and (label is not None or text is not None or suggest):
        raise UsageError("--remove takes the note away\nGive it alone, or write with --label, --text or --suggest.")
    if suggest and label is not None:
        raise UsageError("--suggest and --label both give a label\nGive one of them.")
    place = parse_neuron(neuron)
    from neuron_tui.store import open_run

    opened = open_run(run, runs_directory_of(context, runs_dir))
    _refuse_stranger(opened, *place)
    suggested = _suggested(opened, *place)
    if suggest:
        label = _the_one(suggested, opened, neuron)
    if remove:
        label = text = ""
    if label is not None or text is not None:
        from neuron_tui.tui.config import author_of, read_config

        whose = author or author_of(read_config().config)
        read = _stdin() if text == "-" else text
        _say_written(opened, opened.notes_file.put(*place, author=whose, label=label, text=read))
    notes = opened.notes.on(*place)
    if as_json:
        _print_json(place, notes, suggested)
    elif label is None and text is None:
        _print(notes, suggested)
        if not notes:
            say(f"no notes on {neuron} of {opened.name}")


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("stdin is no text in UTF-8\nGive the note as UTF-8.") from error


def _refuse_stranger(run: Run, layer: int, neuron: int, pole: str) -> None:
    from neuron_tui.store.errors import NeuronNotFoundError

    manifest = run.manifest
    rows_named(run, layer, neuron, pole)
    if layer not in manifest.options.layers:
        raise NeuronNotFoundError(
            f"the run {run.name} has no layer {layer}\nSee its layers: neuron-tui info {run.name}"
        )
    if neuron >= manifest.model.neurons:
        last = manifest.model.neurons - 1
        raise NeuronNotFoundError(f"layer {layer} has no neuron {neuron}\nIts neurons are 0 to {last:,}.")


def _suggested(run: Run, layer: int, neuron: int, pole: str) -> dict[str, str]:
    """The label that the rule suggests, by pole; none as long as the layer is not finished."""
    from neuron_tui.store.neurons.suggested_label import suggested_label

    try:
        records = [run.layer(at).neuron(row) for at, row in rows_named(run, layer, neuron, pole)]
    except RunPartialError:
        return {}
    rule, spelling = run.manifest.rule, run.corpus.spelling
    return {rule.row(record.neuron)[1]: suggested_label(record, spelling) for record in records}


def _the_one(suggested: dict[str, str], run: Run, neuron: str) -> str:
    if len(suggested) > 1:
        raise UsageError(
            f"{neuron} has two poles, and a label is suggested for each\nName one: {neuron}+ or {neuron}-."
        )
    if not suggested:
        raise InputError(f"the layer of {neuron} is not finished in {run.name}\nA label is suggested when it is.")
    return next(iter(suggested.values()))


def _say_written(run: Run, note: Note) -> None:
    if note.removed:
        say(f"{note.place} of {run.name}: no note by {note.author}")
    else:
        say(f"{note.place} of {run.name}: {note.label or 'a note'}, by {note.author}")


def _print_json(place: tuple[int, int, str], notes: tuple[Note, ...], suggested: dict[str, str]) -> None:
    from neuron_tui.store.wording import json_text

    layer, neuron, pole = place
    data = {
        "layer": layer,
        "neuron": neuron,
        **({"pole": pole} if pole else {}),
        "notes": [note.to_dict() for note in notes],
        "suggested": [{"pole": of, "label": label} for of, label in suggested.items()],
    }
    print(json_text(data) if not sys.stdout.isatty() else json.dumps(data, indent=2))


def _print(notes: tuple[Note, ...], suggested: dict[str, str]) -> None:
    from neuron_tui.store.tokens import printable

    for note in notes:
        print(printable(f"{note.place}  {note.author}, {note.changed[:16].replace('T', ' ')} UTC"))
        for name, lines in (("label", [note.label]), ("text", note.text.split("\n"))):
            if any(lines):
                print(*(f"  {name if at == 0 else '':5}  {printable(line)}" for at, line in enumerate(lines)), sep="\n")
    for pole, label in suggested.items():
        print(f"suggested{f' for the pole {pole}' if pole else ''}: {label}")
