"""Claims on several runs that belong together: named models of different size, checkpoints of one training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from neuron_tui.store.findings.labelled_run import LabelledRun, notes_on
from neuron_tui.store.findings.paper.claim import Finding, Judgement, because_of, verdict_of
from neuron_tui.store.findings.paper.needs import LACKING, Enough, Need

Group = Sequence[LabelledRun]


@dataclass(frozen=True, slots=True)
class GroupClaim:
    """A claim of the paper on runs that belong together; `groups` finds them among those there are."""

    name: str
    says: str
    reference: str
    needs: tuple[Need, ...]
    groups: Callable[[Group], Iterable[Group]]
    judge: Callable[[Group], Judgement]

    def check(self, runs: Group, enough: Enough) -> list[Finding]:
        """Judge every group among some runs; raises RunDamagedError."""
        return [self._check(group, enough) for group in self.groups(runs)]

    def _check(self, group: Group, enough: Enough) -> Finding:
        blind = lacking_of(group, ("sequences",), enough) if "sequences" in self.needs else []
        if blind:
            judged, lacking = Judgement(None, ""), blind
        else:
            judged = self.judge(group)
            lacking = lacking_of(group, [need for need in self.needs if need not in judged.despite], enough)
        label, verdict = ", ".join(one.label for one in group), verdict_of(judged.holds, lacking)
        because = because_of(lacking, judged.because)
        return Finding(label, self.name, self.says, self.reference, verdict, because, judged.numbers)


def lacking_of(runs: Group, needs: Sequence[Need], enough: Enough) -> list[str]:
    """What several runs lack of some needs, and the same text if they have not that, in sentences."""
    lacking: dict[str, list[str]] = {}
    for need in needs:
        for one in runs:
            if said := LACKING[need](one, enough):
                lacking.setdefault(f"{said[0].lower()}{said[1:]}", []).append(one.label)
    lacks = [f"{', '.join(labels)}: {said}" for said, labels in lacking.items()]
    if len({one.run.manifest.corpus.file.sha256 if one.run.manifest.corpus else "" for one in runs}) > 1:
        told = [note for note in notes_on(runs) if note.startswith("The runs differ")]
        lacks += [f"It takes the same text for all. {' '.join(told)}"]
    return lacks
