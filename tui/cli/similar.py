"""`neuron-tui similar RUN L:I` and `neuron-tui universal RUN RUN2...`: neurons that are alike."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_argument, runs_directory_of

if TYPE_CHECKING:
    from neuron_tui.store import Run
    from neuron_tui.store.findings.similarity.search import Found
    from neuron_tui.store.findings.similarity.universal import Universal

_SIMILAR = """Examples:

    neuron-tui similar opt-125m 1:1114

    neuron-tui similar seed-1 3:117 --in seed-2 --by position

    neuron-tui similar llama 3:117- --by update --layer 3-5 --json"""

_UNIVERSAL = """Example:

    neuron-tui universal seed-1 seed-2 seed-3 --by triggers"""

Measured = Annotated[
    str, typer.Option("--by", metavar="triggers|update|position|activity", help="What makes neurons alike.")
]
Order = Annotated[int, typer.Option("--n", metavar="1|2|3", min=1, max=3, help="Tokens of the triggers compared.")]
LayerRange = Annotated[
    str | None, typer.Option("--layer", metavar="LAYERS", help="Layers to search, as 0-5,8.", show_default=False)
]
Top = Annotated[int, typer.Option(metavar="N", min=1, help="How many neurons to list.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the permutations.")]
AllowPickle = Annotated[
    bool, typer.Option("--allow-pickle", help="By update: take pickled weights where there are no others.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("similar", epilog=_SIMILAR)(guarded(similar))
    app.command("universal", epilog=_UNIVERSAL)(guarded(universal))


def similar(
    context: typer.Context,
    run: RunArgument,
    neuron: Annotated[
        str,
        typer.Argument(metavar="L:I[+|-]", help="The neuron: layer and number, such as 3:117.", show_default=False),
    ],
    by: Measured = "triggers",
    other: Annotated[
        str | None, typer.Option("--in", metavar="RUN2", help="Search this run in place of RUN.", show_default=False)
    ] = None,
    layer: LayerRange = None,
    n: Order = 1,
    top: Top = 20,
    permutations: Annotated[
        int, typer.Option(metavar="P", min=0, help="Permutations behind p and z; 0 for none.")
    ] = 200,
    seed: Seed = 0,
    allow_pickle: AllowPickle = False,
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """List the neurons most like one neuron, in its run or another, and what chance would give."""
    from neuron_tui.store.findings.similarity.asked import layers_named, measure_name, neuron_named, pair_named
    from neuron_tui.store.wording import json_text
    from neuron_tui.tui.jobs.similarity import Asked, Search

    measure = measure_name(by)
    source, target = pair_named(run, other, runs_directory_of(context, runs_dir))
    of, layers = neuron_named(source, neuron), tuple(layers_named(target, layer))
    asked = Asked(measure, source, of, target, layers, n, top, permutations, seed, allow_pickle)
    found = Search().similar(asked, _tell)
    if as_json:
        rules = source.manifest.rule, target.manifest.rule
        print(json_text(_with_sketches(found, target, n, found.to_dict(*rules))))
    else:
        _print_similar(found, source, target, n)


def universal(
    context: typer.Context,
    runs: Annotated[list[str], runs_argument("RUN RUN2...", " Neurons of the first are looked for in the others.")],
    by: Measured = "triggers",
    layer: LayerRange = None,
    n: Order = 1,
    top: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many neurons to list. Default: all.", show_default=False)
    ] = None,
    permutations: Annotated[int, typer.Option(metavar="P", min=1, help="Permutations of each neuron.")] = 19,
    seed: Seed = 0,
    allow_pickle: AllowPickle = False,
    as_json: AsJson = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """List the neurons of a run that have a twin in every other: mutual best matches, above chance in all."""
    from dataclasses import replace

    from neuron_tui.store import open_run
    from neuron_tui.store.findings.similarity.asked import layers_asked, measure_name
    from neuron_tui.store.wording import json_text
    from neuron_tui.tui.jobs.similarity import AskedOfAll, Search

    measure, directory = measure_name(by), runs_directory_of(context, runs_dir)
    opened = tuple(open_run(run, directory) for run in runs)
    asked = AskedOfAll(measure, opened, layers_asked(layer), n, permutations, seed, allow_pickle)
    found = Search().universal(asked, _tell)
    shown = replace(found, neurons=found.neurons[:top])
    if as_json:
        print(json_text(shown.to_dict([run.manifest.rule for run in opened])))
    else:
        _print_universal(shown, len(found.neurons), opened, n)


def _tell(done: int, of: int) -> None:
    if sys.stderr.isatty() and of > 1:
        print(f"\rlayer {done + 1} of {of} …\x1b[K" + ("\r\x1b[K" if done + 1 == of else ""), end="", file=sys.stderr)


def _with_sketches(found: Found, target: Run, n: int, told: dict[str, object]) -> dict[str, object]:
    """The matches with what each neuron is and its first trigger."""
    from neuron_tui.tui.reports.matches import label_of

    matches = told["matches"]
    assert isinstance(matches, list)
    for match, one in zip(found.matches, matches, strict=True):
        record = target.layer(match.layer).neuron(match.row)
        first = record.triggers[n].top[:1]
        one["what"] = label_of(record)
        one["trigger"] = {"ids": list(first[0].ids), "text": list(first[0].forms)} if first else None
    return told


def _print_similar(found: Found, source: Run, target: Run, n: int) -> None:
    from neuron_tui.store.wording import percent
    from neuron_tui.tui.cli.tables import Column, print_table
    from neuron_tui.tui.reports.matches import sketches
    from neuron_tui.tui.reports.similarity_wording import chance_words, heading, p_text, similarity_text

    say(heading(found, source, target, n))
    if not found.matches:
        say("It is like no neuron there: it is dead, or what is compared is not defined for it.")
        return
    columns = [Column("similarity"), Column("p"), Column("neuron", "left"), Column("what it is", "left")]
    columns += [Column("first trigger", "left"), Column("share")]
    lines = sketches(target, [(match.layer, match.row) for match in found.matches], n)
    print_table(
        columns,
        [
            (
                similarity_text(match.similarity),
                p_text(found.baseline, match.similarity),
                line.place,
                line.what,
                line.trigger,
                percent(line.share) if line.trigger else "",
            )
            for match, line in zip(found.matches, lines, strict=True)
        ],
    )
    if found.baseline is not None:
        say(chance_words(found.baseline))


def _print_universal(shown: Universal, count: int, runs: tuple[Run, ...], n: int) -> None:
    from neuron_tui.store.wording import count_noun
    from neuron_tui.tui.cli.tables import Column, print_table
    from neuron_tui.tui.reports.matches import sketches
    from neuron_tui.tui.reports.similarity_wording import similarity_text

    say(
        f"{count_noun(count, 'neuron')} of {shown.source} have a twin by {shown.by} in {', '.join(shown.others)}: "
        f"of {shown.searched:,} compared, {shown.mutual:,} are mutual best matches, "
        f"and these are above {count_noun(shown.permutations, 'permutation')} of each."
    )
    columns = [Column("lowest"), Column(shown.source, "left")]
    columns += [part for name in shown.others for part in (Column(name, "left"), Column("similarity"))]
    columns += [Column("what it is", "left"), Column("first trigger", "left")]
    lines = sketches(runs[0], [neuron.of for neuron in shown.neurons], n)
    table = []
    for neuron, line in zip(shown.neurons, lines, strict=True):
        twins = [
            cell
            for twin, run in zip(neuron.twins, runs[1:], strict=True)
            for cell in (_place(run, twin.match.layer, twin.match.row), similarity_text(twin.match.similarity))
        ]
        table.append((similarity_text(neuron.lowest), line.place, *twins, line.what, line.trigger))
    print_table(columns, table)


def _place(run: Run, layer: int, row: int) -> str:
    from neuron_tui.store.neurons.places import place_text

    return place_text(run.manifest.rule, (layer, row))
