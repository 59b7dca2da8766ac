"""The causal table in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuron_tui.store.findings.causal_summary import causal_summary, kind_of
from neuron_tui.store.neurons.causal import CausalRecord, Change
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import visible_token

_WIDE = 24
_KINDS = {"suppressing": "suppr.", "promoting": "prom.", "no token detector": "", "together": "set"}
_BACK = {True: "likelier", False: "less likely", None: "cannot tell"}


def table(run: Run, records: Sequence[CausalRecord]) -> Iterator[str]:
    """A line for each measurement, then what they say together."""
    if not records:
        return
    yield f"{'neuron':>11} {'':7} {'triggers':{_WIDE}} {'fired':>7}  {'log p(trigger follows)':31} {'loss':>15}  random"
    for record in records:
        on, anywhere = record.on_triggers, record.on_random
        who = (
            f"{record.layer}: {len(record.rows):,}"
            if record.where
            else f"{record.layer}:{run.manifest.rule.name(record.rows[0])}"
        )
        tokens = [visible_token(run.corpus.form(token), run.corpus.spelling) for token in record.triggers]
        triggers = " ".join(tokens)
        random = f"{anywhere.loss.change:+.3f}" if anywhere is not None else ""
        yield (
            f"{who:>11} {_KINDS[kind_of(record)]:7} {triggers[:_WIDE]:{_WIDE}} {on.fired:>3}/{on.contexts:<3}  "
            f"{_change(on.trigger_logprob):31} {on.loss.before:7.3f}{on.loss.change:+8.3f}  {random:>6}  "
            f"{_BACK[record.comes_back]}"
        )
    yield ""
    for one in causal_summary(records):
        low, high = one.interval
        yield (
            f"{one.kind}: {one.neurons:,} measured; silenced, their triggers are likelier to follow for "
            f"{one.likelier:,} ({one.share:.0%}, {low:.0%}–{high:.0%}), less likely for {one.less_likely:,}; "
            f"mean change {one.trigger_change:+.3f} nats; loss {one.loss_change:+.4f}, "
            f"on random contexts {one.random_loss_change:+.4f}"
        )


def _change(of: Change) -> str:
    low, high = of.interval
    return f"{of.before:7.2f}{of.change:+7.3f} ({low:+.3f} {high:+.3f})"
