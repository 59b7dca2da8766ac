"""How long a text takes: `python benchmarks/asking.py RUN [RUN...]`.

For each run, in a process of its own as the app has it: seconds from the start to the first answer, then for texts of
16, 64 and 200 tokens the median of five answers, with one neuron silenced, and of five looks at a token in a layer.
Beside it transformers' own forward pass of the same tokens in this process, the median of five, and how far its
log-probabilities are from what the answer says.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from neuron_tui.engine.model.locate import locate
from neuron_tui.store import open_run

TEXT = (
    "The history of the city begins with a settlement by the river, which grew when merchants from the north came to "
    "trade in salt and wool. "
)
LENGTHS = (16, 64, 200)
TIMES = 5


class Asked:
    """The engine's process for a run."""

    def __init__(self, run: str) -> None:
        command = [sys.executable, "-P", "-m", "neuron_tui.engine", "ask", run]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question: Any) -> dict[str, Any]:
        """The answer to a question; progress is left out."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"id": 1, **question}) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "refused" in said and "id" not in said:
                raise SystemExit(said["refused"])
            if "id" in said and "progress" not in said:
                return said
        raise SystemExit("the process ended")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def text_of(asked: Asked, tokens: int) -> tuple[str, list[int]]:
    """A text of at most so many tokens, and them."""
    words = (TEXT * (1 + tokens // 20)).split()
    for count in range(tokens - 1, 0, -1):
        text = " ".join(words[:count])
        said = read(asked, text)
        ids = [token["id"] for token in said["read"]["tokens"]] if "read" in said else []
        if 0 < len(ids) <= tokens:
            return text, ids
    raise SystemExit(f"no text of {tokens} tokens")


def read(asked: Asked, text: str, silence: tuple[tuple[int, int], ...] = ()) -> dict[str, Any]:
    """Have a text read."""
    return asked.ask(ask="read", text=text, silence=silence, mean=False, top=10)


def seconds(act: Callable[[], object]) -> float:
    """The median of a few times."""
    took = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return median(took)


def row(asked: Asked, whole: Any, last: int, tokens: int) -> tuple[int, list[float], float]:
    """Tokens of a text; seconds for it, with a neuron silenced, for a look, bare; how far log-probabilities differ."""
    text, ids = text_of(asked, tokens)
    said, sequence = read(asked, text)["read"]["next"], torch.tensor([ids])

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = whole(input_ids=sequence, use_cache=False).logits[0]
        return logits

    expected = forward().float().log_softmax(-1)
    pairs = [(one["logprob"], float(expected[place, one["id"]])) for place, come in enumerate(said) for one in come]
    look = {"layer": last, "position": len(ids) - 1, "targets": [ids[-1]]}
    took = [
        seconds(lambda: read(asked, text)),
        seconds(lambda: read(asked, text, ((last, 0),))),
        seconds(lambda: asked.ask(ask="writes", **look)),
        seconds(forward),
    ]
    return len(ids), took, max(abs(ours - theirs) for ours, theirs in pairs)


def main() -> None:
    """Print a row a run and length."""
    from transformers import AutoModelForCausalLM

    print("run              tokens   first  a text silenced  a look    bare  differs")
    for name in sys.argv[1:]:
        run = open_run(name)
        begun = time.perf_counter()
        asked = Asked(name)
        read(asked, "A first text.")
        first = time.perf_counter() - begun
        whole = AutoModelForCausalLM.from_pretrained(locate(run.manifest.model.name, False).folder).eval().float()
        for length in LENGTHS:
            tokens, took, differs = row(asked, whole, run.manifest.model.layers - 1, length)
            cells = " ".join(f"{value:{width}.3f}" for value, width in zip(took, (7, 8, 7, 7), strict=True))
            print(f"{run.name:16} {tokens:6} {first:7.2f} {cells} {differs:8.1e}", flush=True)
        asked.close()


if __name__ == "__main__":
    main()
