"""Other ways to get at FFN activations, against an extraction, on a CPU: one run, each way a process of its own.

    python -m benchmarks.peers --tokens 20000 --layers 2
    python -m benchmarks.peers --only disk --memory 1G          # a checkpoint larger than the memory that may be taken

The same made-up checkpoint of OPT-125m's shape (about 5% active), the same tokens, the same batches. Ways whose package
is not installed are left out and said: nnsight, transformer_lens, accelerate. Seconds leave out starting Python and
opening the model; the peak is the most memory that the process had resident.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.made_up import (
    OPT_125M,
    Shape,
    make_extractable,
    opened,
    pass_over,
    timed_extraction,
    timed_forward,
    write_checkpoint,
    zipf_corpus,
)

CPU = torch.device("cpu")
BATCH = 4096


def whole(folder: Path, **how: object) -> Any:
    """The checkpoint as transformers opens it."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **how).eval()


def bare(folder: Path, work: Any) -> float:
    """Transformers' decoder alone."""
    base = whole(folder).base_model
    timed_forward(base, replace(work, batches=work.batches[:1]))
    return timed_forward(base, work)


def hooks(folder: Path, work: Any) -> float:
    """Hooks on the activation function that keep its mask in memory."""
    base, masks = whole(folder).base_model, []
    for layer in base.decoder.layers:
        layer.activation_fn.register_forward_hook(lambda _, __, output: masks.append(output > 0))
    timed_forward(base, replace(work, batches=work.batches[:1]))
    masks.clear()
    return timed_forward(base, work)


def hooks_to_disk(folder: Path, work: Any) -> float:
    """The same, packed and written to a file a batch."""
    base, masks, written = whole(folder).base_model, [], [0]
    for layer in base.decoder.layers:
        layer.activation_fn.register_forward_hook(lambda _, __, output: masks.append(output > 0))

    def write() -> None:
        packed = np.packbits(torch.stack([mask.view(-1, mask.shape[-1]) for mask in masks]).numpy(), axis=-1)
        np.save(folder / f"masks-{written[0]}.npy", packed)
        written[0] += 1
        masks.clear()

    timed_forward(base, replace(work, batches=work.batches[:1]), write)
    return timed_forward(base, work, write)


def nnsight(folder: Path, work: Any) -> float:
    """A trace of each batch that saves the masks."""
    import nnsight as tracing

    traced, kept = tracing.NNsight(whole(folder).base_model), []
    begin = time.perf_counter()
    with torch.inference_mode():
        for ids in _ids(work):
            masks = None
            with traced.trace(input_ids=ids, use_cache=False):
                masks = tracing.save([])
                for layer in traced.decoder.layers:
                    masks.append(layer.activation_fn.output > 0)
            kept.append(masks)
    assert len(kept[0]) == len(work.model.layers)
    return time.perf_counter() - begin


def transformer_lens(folder: Path, work: Any) -> float:
    """TransformerLens's bridge, its cache of what the FFN's activation function gives, thresholded."""
    from transformer_lens.model_bridge import TransformerBridge

    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32)
    names = [f"blocks.{layer}.mlp.hook_post" for layer in range(len(work.model.layers))]
    kept = []
    begin = time.perf_counter()
    with torch.inference_mode():
        for ids in _ids(work):
            _, cache = bridge.run_with_cache(ids, names_filter=lambda name: name in names, return_type=None)
            kept.append([cache[name] > 0 for name in names])
    return time.perf_counter() - begin


def extraction(folder: Path, work: Any) -> float:
    """An extraction with everything on: counts, triggers, positions, values, contexts, effects, files."""
    timed_extraction(work, 1)  # compiled loops are read, memory is taken
    return timed_extraction(work, len(work.model.layers)).seconds


def _ids(work: Any) -> list[torch.Tensor]:
    tokens = torch.from_numpy(work.corpus.tokens.astype(np.int64))
    return [tokens[b.start : b.start + b.tokens].view(b.sequences, -1) for b in work.batches]


WAYS: dict[str, tuple[Callable[[Path, Any], float], str, str]] = {
    "bare": (bare, "transformers", "bare decoder forward: nothing is kept"),
    "hooks": (hooks, "transformers", "hooks, masks kept in memory"),
    "hooks-disk": (hooks_to_disk, "transformers", "hooks, masks packed and written"),
    "nnsight": (nnsight, "nnsight", "nnsight, masks kept in memory"),
    "lens": (transformer_lens, "transformer_lens", "TransformerLens's bridge, masks kept in memory"),
    "extraction": (extraction, "neuron_tui.engine", "extraction: exact counts of everything, and files"),
}


def there(package: str) -> bool:
    """Whether a package is installed."""
    return importlib.util.find_spec(package) is not None


def one_way(options: argparse.Namespace) -> None:
    """The body of a process: one way, timed."""
    from neuron_tui.engine.buffers import keep_freed_memory
    from neuron_tui.engine.job import peak_memory

    keep_freed_memory()
    folder = options.folder
    corpus = zipf_corpus(max(2, options.tokens // OPT_125M.context), OPT_125M.context, OPT_125M.vocabulary)
    model = opened(folder, tuple(sorted(folder.glob("*.safetensors"))))
    work = pass_over(model, corpus, OPT_125M.context, CPU, torch.float32, BATCH, False, folder)
    seconds = WAYS[options.way][0](folder, work)
    print(json.dumps({"seconds": seconds, "peak": peak_memory()}))


def in_memory(options: argparse.Namespace) -> None:
    """Print the table of all ways."""
    shape = replace(OPT_125M, layers=options.layers)
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_checkpoint(folder, shape, torch.float32, CPU, 0.05)
        make_extractable(folder, shape, 0)
        print("| way | seconds | of bare | peak, MB |\n| --- | ---: | ---: | ---: |")
        for way, (_, package, what) in WAYS.items():
            if not there(package):
                print(f"| {what} | {package} is not installed | | |", flush=True)
                continue
            done = _child(["--way", way, "--folder", name, "--tokens", str(options.tokens)])
            if "seconds" not in done:
                print(f"| {what} | failed: {done['failed']} | | |", flush=True)
                continue
            found[way] = done
            row = f"{done['seconds']:.1f} | {done['seconds'] / found['bare']['seconds']:.2f} | {done['peak'] >> 20}"
            print(f"| {what} | {row} |", flush=True)


def from_disk(options: argparse.Namespace) -> None:
    """A checkpoint larger than the memory that may be taken: an extraction against accelerate's offload to disk."""
    shape = Shape("large", options.layers, 2048, 32, context=512)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_checkpoint(folder, shape, torch.float32, CPU, 0.05)
        text = make_extractable(folder, shape, options.tokens + shape.context)
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        print(f"A checkpoint of {size / 1e9:.1f} GB, {options.memory} of memory allowed, {options.tokens:,} tokens.\n")
        print("| way | seconds | peak, MB | planned, MB |\n| --- | ---: | ---: | ---: |")
        begin = time.perf_counter()
        command = ["extract", name, "--corpus", f"d={text}", "--tokens", str(options.tokens), "--name", "x"]
        command += ["--runs-dir", f"{name}/runs", "--device", "cpu", "--memory", options.memory]
        subprocess.run([sys.executable, "-m", "neuron_tui.engine", *command], check=True, capture_output=True)
        seconds = time.perf_counter() - begin
        usage = json.loads((folder / "runs" / "x" / "run.json").read_text())["usage"]
        peaks = f"{usage['host'] >> 20} | {usage['planned_host'] >> 20}"
        print(f"| extraction, the whole command | {seconds:.1f} | {peaks} |", flush=True)
        if not there("accelerate"):
            print("| offload | accelerate is not installed | | |")
            return
        done = _child(
            ["--way", "offload", "--folder", name, "--tokens", str(options.tokens), "--memory", options.memory]
        )
        print(f"| accelerate's offload to disk, bare forward | {done['seconds']:.1f} | {done['peak'] >> 20} | |")


def offloaded(options: argparse.Namespace) -> None:
    """The body of a process: the bare forward with layers that come from the disk for every batch."""
    from neuron_tui.engine.job import peak_memory

    gigabytes = float(options.memory.removesuffix("G"))
    kept = options.folder / "offload"
    base = whole(
        options.folder, device_map="auto", max_memory={"cpu": int(gigabytes * 1e9)}, offload_folder=kept
    ).base_model
    corpus = zipf_corpus(max(2, options.tokens // 512), 512, OPT_125M.vocabulary)
    tokens = torch.from_numpy(corpus.tokens.astype(np.int64)).view(-1, 512)
    begin = time.perf_counter()
    with torch.inference_mode():
        for ids in tokens.split(BATCH // 512):
            base(input_ids=ids, use_cache=False)
    print(json.dumps({"seconds": time.perf_counter() - begin, "peak": peak_memory()}))


def _child(arguments: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.peers", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no word"])[-1][:120]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=20_480)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--only", choices=("memory", "disk"))
    parser.add_argument("--memory", default="1G")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way == "offload":
        offloaded(options)
    elif options.way:
        one_way(options)
    else:
        if options.only != "disk":
            in_memory(options)
        if options.only != "memory":
            from_disk(options)


if __name__ == "__main__":
    main()
