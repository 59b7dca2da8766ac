"""Absurd configurations of every family: a clear refusal in seconds and little memory, or transformers' own numbers.

`python -m tests.reliability.configurations --times N [--seed S]` tries N changes of config.json, drawn without repeats
from all changes of one place (`mutations`), and two at once beyond them; each as the command `extract` in a process of
its own. A run that comes of it is held against hooks on transformers' own model of the same folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
os.environ |= {"TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from neuron_tui.engine.model.activity import Activations, active, watched
from neuron_tui.engine.model.families import FAMILIES
from neuron_tui.engine.model.refused import REFUSED
from neuron_tui.store import open_run
from neuron_tui.store.neurons.run import Run
from tests.engine.random_families import CONTEXT, VOCABULARY, layers_of, make
from tests.reliability.forked import Ended, command, forked, refusal_in
from tests.reliability.mutations import Change, changes

MOST_SECONDS, MOST_MEMORY = 20.0, 1 << 30
"""What a trial may take on a machine that others use too, and bytes above a warm process."""

_LETTERS = "".join(chr(ord("A") + place) for place in range(VOCABULARY - 10)) + "0123456789"
"""A token each: some of them signs, none of them white space."""

_TEXT = "".join(_LETTERS[3 + place * 7919 % (VOCABULARY - 3)] for place in range(2 * CONTEXT + 9))
_NAMING_THEIR_END = ("qwen2", "qwen3")
"""Families whose tokenisers of transformers make up an end of text, where there is none."""

_IDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}


@dataclass(frozen=True, slots=True)
class Trial:
    """Changes of the configuration of a family."""

    family: str
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        return f"{self.family}: {', '.join(map(str, self.changes))}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a trial ended, and why if it `failed`.

    It was `refused`, its numbers are `equal` to those of transformers, or it was read `alone`: transformers ends in an
    error, and the numbers are those of the configuration without the change.
    """

    kind: str
    why: str = ""


class Models:
    """A tiny random checkpoint of every family, with a tokeniser, in a folder; and a text."""

    def __init__(self, folder: Path, families: tuple[str, ...]) -> None:
        self.folder, self.text = folder, folder / "text.txt"
        self.text.write_text(_TEXT)
        self.configs: dict[str, dict[str, Any]] = {}
        for family in families:
            make(folder / family, family, _IDS)
            tokenizer = Tokenizer(models.BPE({letter: place for place, letter in enumerate(_LETTERS)}, []))
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
            own = {"eos_token": "C", "pad_token": "A", "unk_token": "D"} if family in _NAMING_THEIR_END else {}
            PreTrainedTokenizerFast(tokenizer_object=tokenizer, **own).save_pretrained(folder / family)
            self.configs[family] = json.loads((folder / family / "config.json").read_text())

    def trials(self) -> list[Trial]:
        """Every change of one place, of every family."""
        every = (*FAMILIES, *sorted(REFUSED)[::20], "gemma3", "own")
        return [Trial(family, (one,)) for family, config in self.configs.items() for one in changes(config, every)]

    def write(self, trial: Trial, folder: Path) -> None:
        """The checkpoint with its configuration changed."""
        shutil.copytree(self.folder / trial.family, folder, copy_function=os.link)
        config = deepcopy(self.configs[trial.family])
        for change in trial.changes:
            change.apply(config)
        (folder / "config.json").unlink()
        (folder / "config.json").write_text(json.dumps(config))


def judge(models_: Models, trial: Trial, scratch: Path) -> Verdict:
    """Extract a run of the changed checkpoint, and see what came of it."""
    folder, runs = scratch / "model", scratch / "runs"
    models_.write(trial, folder)
    arguments = ["extract", str(folder), "--corpus", str(models_.text), "--name", "x", "--runs-dir", str(runs)]
    try:
        ended = forked(lambda: command(arguments), 3 * MOST_SECONDS)
        if why := _badly(ended):
            return Verdict("failed", why)
        if ended.code:
            return Verdict("refused", ended.said.strip())
        seen = forked(lambda: _against_transformers(folder, runs / "x"), 3 * MOST_SECONDS)
        if seen.answer == "":
            return Verdict("equal")
        if seen.answer is not None:
            return Verdict("failed", seen.answer)
        plain = models_.folder / trial.family  # transformers itself ends in an error: the field must not matter
        seen = forked(lambda: _against_transformers(plain, runs / "x"), 3 * MOST_SECONDS)
        return Verdict("alone") if seen.answer == "" else Verdict("failed", f"numbers of its own: {seen.said[:300]}")
    finally:
        shutil.rmtree(scratch)


def _badly(ended: Ended) -> str:
    """Why an end is none of those that there may be; empty if it is one."""
    lines = refusal_in(ended)
    if ended.code is None:
        return f"did not end in {3 * MOST_SECONDS:.0f} s"
    if ended.seconds > MOST_SECONDS:
        return f"took {ended.seconds:.0f} s: {ended.said[-200:]}"
    if ended.memory > max(MOST_MEMORY, _announced(ended) if ended.code == 0 else 0):
        return f"took {ended.memory >> 20} MB: {ended.said[-200:]}"
    if ended.code not in (0, 3):
        return f"ended with {ended.code}: {ended.said[-1500:]}"
    if ended.code and not 1 <= len(lines) <= 2:
        return f"said {len(lines)} lines: {ended.said[:400]}"
    if ended.code and ("allocat" in ended.said or "MemoryError" in ended.said):
        return f"refused only for want of memory: {ended.said[:300]}"
    return ""


def _announced(ended: Ended) -> int:
    """Bytes of memory that a run said it would take."""
    told = re.search(r"Peak memory about ([\d.]+) (MB|GB)", ended.said)
    return 0 if told is None else int(float(told[1]) * {"MB": 1e6, "GB": 1e9}[told[2]])


@torch.inference_mode()
def _against_transformers(checkpoint: Path, run_folder: Path) -> str:
    """What differs between a run's counts and what hooks on transformers' own model of a checkpoint see; in words."""
    torch.manual_seed(1)
    with warnings.catch_warnings(action="ignore"):
        whole: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32, local_files_only=True).eval()
    run = open_run(run_folder)
    family, layers = FAMILIES[run.manifest.model.model_type], layers_of(whole)
    if sorted(run.layers) != list(range(len(layers))):
        return f"{len(run.layers)} layers, and transformers has {len(layers)}"
    tokens, counted = run.corpus.tokens().astype(np.int64), torch.from_numpy(run.corpus.counted())
    seen: list[list[Activations]] = [[] for _ in layers]
    with ExitStack() as watching:
        for layer, found in zip(layers, seen, strict=True):
            watching.enter_context(watched(layer, family, found.append))
        for start, stop in pairwise(run.corpus.sequence_starts().tolist()):
            whole(torch.from_numpy(tokens[start:stop])[None], use_cache=False)
    for index, found in enumerate(seen):
        if why := _other_counts(run, index, found, counted):
            return f"layer {index}: {why}"
    return ""


def _other_counts(run: Run, index: int, found: list[Activations], counted: torch.Tensor) -> str:
    rule = run.manifest.rule
    joined = Activations(
        torch.cat([one.pre for one in found])[counted],
        None if found[0].linear is None else torch.cat([one.linear for one in found])[counted],  # type: ignore[misc]
        torch.cat([one.value for one in found])[counted],
    )
    bits = active(rule, joined)
    if bits.shape[1] != run.manifest.rows:
        return f"{run.manifest.rows} rows, and transformers has {bits.shape[1]}"
    unsure = torch.zeros_like(joined.pre, dtype=torch.bool)
    for values in (joined.pre, joined.linear, joined.value):
        if values is not None:
            unsure |= ~(values.abs() > 1e-5 * max(1e-3, float(values.abs().max())))
    doubt = unsure.sum(0).repeat_interleave(rule.poles).numpy()
    with run.layers[index].open() as file:
        counts = file.read("count").sum(axis=1)
    wrong = np.abs(counts - bits.sum(0).numpy()) > doubt
    return f"{int(wrong.sum())} of {len(wrong)} counts differ from transformers'" if wrong.any() else ""


def run(
    times: int, seed: int, only: str = "", told: bool = False, families: Sequence[str] = tuple(sorted(FAMILIES))
) -> list[str]:
    """Try so many changes; returns what failed, in words. `only`: changes whose words hold that text."""
    torch.set_num_threads(1)
    disable_progress_bar()  # type: ignore[no-untyped-call]
    tally: dict[str, Counter[str]] = {}
    failed: list[str] = []
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        models_ = Models(Path(folder), tuple(families))
        _warm(models_)
        number = 0
        for number, trial in enumerate(_drawn(models_, times, seed, only), start=1):
            verdict = judge(models_, trial, Path(folder) / f"trial-{number}")
            tally.setdefault(trial.changes[0].at[-1], Counter())[verdict.kind] += 1
            if verdict.kind == "failed":
                failed.append(f"{trial}: {verdict.why}")
                print(f"FAILED {failed[-1]}", flush=True)
            elif told:
                print(f"{verdict.kind} {trial}: {verdict.why}", flush=True)
            if number % 250 == 0:
                print(f"... {number:,} tried, {len(failed)} failed", flush=True)
    for field, counts in sorted(tally.items()):
        print(f"  {field}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}")
    sums = sum(tally.values(), Counter())
    kinds = ", ".join(f"{sums[kind]:,} {kind}" for kind in ("refused", "equal", "alone"))
    print(f"{number:,} configurations: {len(failed)} failed ({kinds}; seed {seed}, {time.monotonic() - begin:.0f} s)")
    return failed


def _drawn(models_: Models, times: int, seed: int, only: str) -> Iterator[Trial]:
    draw = random.Random(seed)
    every = [trial for trial in models_.trials() if only in str(trial)]
    draw.shuffle(every)
    yield from every[:times]
    for first in draw.choices(every, k=max(0, times - len(every))):
        others = [trial for trial in draw.choices(every, k=200) if trial.family == first.family]
        yield Trial(first.family, (*first.changes, *(others[0].changes if others else ())))


def _warm(models_: Models) -> None:
    """Have everything imported and compiled that a trial needs: each is forked from this process."""
    with tempfile.TemporaryDirectory() as runs:
        for family in models_.configs:
            place = ["--corpus", str(models_.text), "--name", family, "--runs-dir", runs]
            assert command(["extract", str(models_.folder / family), *place]) == 0, family
            assert _against_transformers(models_.folder / family, Path(runs) / family) == ""


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="changes whose words hold this text")
    parser.add_argument("--told", action="store_true", help="print every trial")
    asked = parser.parse_args()
    return 1 if run(asked.times, asked.seed, asked.only, asked.told) else 0


if __name__ == "__main__":
    sys.exit(main())
