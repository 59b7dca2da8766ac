"""What the leader of several processes tells the others before they begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from neuron_tui.engine.corpus.prepared import PreparedCorpus
from neuron_tui.engine.ranks.group import Ranks
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.process import DONE, INTERRUPTED, OUR_FAULT
from neuron_tui.store.runs.manifest import RunOptions


@dataclass(frozen=True, slots=True)
class Beginning:
    """What there is to do: with the model of a digest, by options, on a corpus, for the `missing` layers.

    `run` stands for the run as it was begun.
    """

    run: str
    digest: str
    options: RunOptions
    corpus: PreparedCorpus
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dismissal:
    """That there is nothing to do, and the exit code to end with."""

    code: int


@contextmanager
def leading(ranks: Ranks) -> Iterator[Ranks]:
    """Lead the others; if nothing was begun when the block ends, they end as it does."""
    code = OUR_FAULT
    try:
        yield ranks
        code = DONE
    except NeuronTuiError as error:
        code = error.exit_code
        raise
    except KeyboardInterrupt:
        code = INTERRUPTED
        raise
    finally:
        if not ranks.alone and not ranks.begun:
            ranks.told(Dismissal(code))


def begin(ranks: Ranks, what: Beginning) -> None:
    """Tell the others what there is to do, and hear whether they can; raises what `Ranks.together` does."""
    if ranks.alone:
        return
    ranks.begun = True
    ranks.told(what)
    with ranks.together():
        pass
