"""The parts of `benchmarks/gpu.py`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from benchmarks.made_up import (
    OPT_6B7,
    OPT_66B,
    OPT_125M,
    Shape,
    bare_model,
    pass_over,
    timed_extraction,
    timed_forward,
    write_checkpoint,
    zipf_corpus,
)
from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.engine.job import peak_memory

Found = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
TINY = Shape("tiny", 2, 128, 4, vocabulary=2000, context=64)
ON = 0.07
"""Share of the activations that are above 0."""


def same_integers(options: argparse.Namespace, _: object) -> Found:
    """Extract the built-in model and a planted one on both, and compare every dataset."""
    rows = []
    for name, source, tokens in _sources(options):
        cpu = _extracted(options, name, source, tokens, "cpu", "float32")
        for dtype in ("float32", "bfloat16", "float16"):
            run = _extracted(options, name, source, tokens, options.device, dtype)
            rows.append({"model": Path(name).name, "dtype": dtype, **_differences(cpu, run)})
    return {"rows": rows, "notes": ["Against the CPU in float32. Bits of all layers; counts are those that follow."]}


def _sources(options: argparse.Namespace) -> Iterator[tuple[str, tuple[str, ...], int]]:
    yield "pocket-opt", ("builtin:prose", "builtin:code"), 3_000 if options.small else 40_000
    try:
        from tests.engine import planted
    except ImportError:
        return
    folder = options.folder / "planted"
    folder.mkdir()
    planted.write_checkpoint(folder)
    draw = random.Random(0)
    (folder / "letters.txt").write_text(" ".join(draw.choices(planted.LETTERS, k=20_000)))
    yield str(folder), (str(folder / "letters.txt"),), 0


def _extracted(
    options: argparse.Namespace, model: str, corpus: tuple[str, ...], tokens: int, device: str, dtype: str
) -> Path:
    request = ExtractionRequest(
        model=model,
        corpus=corpus,
        name=f"{Path(model).name}-{dtype}",
        runs_dir=Path(tempfile.mkdtemp(dir=options.folder)),
        device=device,
        dtype=dtype,
        tokens=tokens or None,
        keep_activations="always",
    )
    return extract(request)


def _differences(one: Path, other: Path) -> Found:
    bits = of_bits = integers = of_integers = 0
    largest = 0.0
    for path in sorted((one / "layers").iterdir()):
        with h5py.File(path) as file, h5py.File(other / "layers" / path.name) as second:
            names: list[str] = []
            file.visititems(lambda name, item, names=names: names.append(name) if hasattr(item, "shape") else None)
            for name in names:
                values, others = file[name][()], second[name][()]
                if name == "activations":
                    bits += int(np.bitwise_count(values ^ others).sum())
                    of_bits += values.size * 64
                elif values.shape == others.shape and values.dtype.kind in "iu":
                    integers += int((values != others).sum())
                    of_integers += values.size
                elif name in ("effect/promoted_score", "effect/suppressed_score") and values.shape == others.shape:
                    both = np.isfinite(values) & np.isfinite(others)
                    largest = max(largest, float(np.abs(values[both] - others[both]).max(initial=0)))
    return {
        "bits that differ": bits,
        "of bits": of_bits,
        "stored integers that differ": integers,
        "of integers": of_integers,
        "largest difference of an effect": largest,
    }


def matrix_rate(options: argparse.Namespace, findings: Any) -> Found:
    """Measure products of large matrices, and copies."""
    device, dtype = torch.device(options.device), _dtype(options)
    rows = []
    sizes = [(512, 512, 512)] if options.small else [(8192, 8192, 8192), *_layer_products()]
    for m, k, n in sizes:
        a, b = (torch.randn(size, device=device, dtype=dtype) for size in ((m, k), (k, n)))
        seconds = _best(lambda a=a, b=b: a @ b, device)
        rows.append({"product": f"{m} x {k} x {n}", "dtype": str(dtype), "TFLOP/s": 2 * m * k * n / seconds / 1e12})
    findings.facts["matrix rate, TFLOP/s"] = rows[0]["TFLOP/s"]
    numbers = torch.zeros((1 << 22) if options.small else (1 << 30), device=device, dtype=torch.uint8)
    target = torch.empty_like(numbers)
    seconds = _best(lambda: target.copy_(numbers), device)
    findings.facts["copy, GB/s read and written"] = 2 * len(numbers) / seconds / 1e9
    return {"rows": rows}


def _layer_products() -> list[tuple[int, int, int]]:
    return [(32768, shape.width, 4 * shape.width) for shape in (OPT_125M, OPT_6B7, OPT_66B)]


def _best(work: Callable[[], object], device: torch.device) -> float:
    times = []
    for _ in range(4):
        _wait(device)
        begin = time.perf_counter()
        for _ in range(5):
            work()
        _wait(device)
        times.append((time.perf_counter() - begin) / 5)
    return min(times)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _dtype(options: argparse.Namespace) -> torch.dtype:
    return torch.float32 if options.device == "cpu" else torch.float16


@contextmanager
def _work(options: argparse.Namespace, shape: Shape, batch_tokens: int) -> Iterator[Any]:
    folder = options.folder / shape.name
    device, dtype = torch.device(options.device), _dtype(options)
    model = write_checkpoint(folder, shape, dtype, device, ON)
    corpus = zipf_corpus(max(2, options.tokens // shape.context), shape.context, shape.vocabulary)
    try:
        yield pass_over(model, corpus, shape.context, device, dtype, batch_tokens, False, folder)
    finally:
        shutil.rmtree(folder)
        if device.type == "cuda":
            torch.cuda.empty_cache()


def extraction_of(shape: Shape) -> Callable[[argparse.Namespace, Any], Found]:
    """The part that times a shape."""

    def timed(options: argparse.Namespace, findings: Any) -> Found:
        used = replace(TINY, name=shape.name) if options.small else shape
        device = torch.device(options.device)
        with _work(options, used, 256 if options.small else 32768) as work:
            base = bare_model(used, device, work.dtype)
            timed_forward(base, replace(work, batches=work.batches[:2]))  # warm up
            bare = timed_forward(base, work)
            del base
            if device.type == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats(device)
            found = timed_extraction(work, used.layers)
            peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
            positions, rate = work.corpus.positions, findings.facts.get("matrix rate, TFLOP/s")
            kinds, resources = found.by_kind, work.resources
            done = used.flops(positions, last_written=False)
            facts = {
                "layers": used.layers,
                "positions": positions,
                "active, %": 100 * found.on,
                "bare forward, s": bare,
                "bare forward, tokens/s through these layers": positions / bare,
                "bare forward, share of the matrix rate": _share(used.flops(positions), bare, rate),
                "extraction, s": found.seconds,
                "extraction, tokens/s through these layers": positions / found.seconds,
                "extraction / bare forward": found.seconds / bare,
                **{f"- {kind}, s": seconds for kind, seconds in kinds.items()},
                "counting / forward": kinds["count"] / kinds["forward"],
                "forward with seeing, share of the matrix rate": _share(done, kinds["forward"], rate),
                "peak on the device, GB": None if peak is None else peak / 1e9,
                "planned there, GB": resources.device_bytes / 1e9,
                "peak of the process so far, GB": peak_memory() / 1e9,
                "planned here, GB": resources.host_bytes / 1e9,
                **_projected(used, kinds, positions),
            }
            return {
                "rows": [{"what": what, "value": value} for what, value in facts.items()],
                "notes": [f"Residual stream: {resources.residual}; bits on the device: {resources.bits_on_device}."],
            }

    return timed


def _share(operations: float, seconds: float, rate: float | None) -> float | None:
    return None if rate is None else operations / 1e12 / seconds / rate


def _projected(used: Shape, kinds: dict[str, float], positions: int) -> Found:
    """Hours of the whole OPT-66b on the texts that the paper took, from the layers that were measured."""
    if used.name != OPT_66B.name:
        return {}
    whole = replace(used, layers=OPT_66B.layers)
    layers = whole.layers / used.layers
    forward = kinds["forward"] * whole.flops(positions) / used.flops(positions, last_written=False)
    grows, stays = forward + layers * kinds["count"], layers * (kinds["read"] + kinds["effects"])
    return {
        f"projected: {whole.layers} layers, {tokens // 10**6}M tokens, hours": (grows * tokens / positions + stays)
        / 3600
        for tokens in (5_000_000, 20_000_000)
    }


def peers(options: argparse.Namespace, _: object) -> Found:
    """Time hooks that keep masks, and nnsight where it is installed, on the same batches."""
    shape = TINY if options.small else replace(OPT_125M, layers=4)
    device, rows = torch.device(options.device), []
    with _work(options, shape, 256 if options.small else 32768) as work:
        base = bare_model(shape, device, work.dtype)
        timed_forward(base, replace(work, batches=work.batches[:2]))
        bare = timed_forward(base, work)
        rows.append({"who": "bare forward", "seconds": bare, "of bare": 1.0})
        masks: list[torch.Tensor] = []
        hooks = [
            layer.activation_fn.register_forward_hook(lambda _, __, output: masks.append((output > 0).cpu()))
            for layer in base.decoder.layers
        ]
        seconds = timed_forward(base, work, masks.clear)
        rows.append({"who": "hooks that keep masks, a batch at a time", "seconds": seconds, "of bare": seconds / bare})
        for hook in hooks:
            hook.remove()
        del base
        found = timed_extraction(work, shape.layers)
        rows.append({"who": "extraction, everything on", "seconds": found.seconds, "of bare": found.seconds / bare})
    missing = [] if importlib.util.find_spec("nnsight") else ["nnsight is not installed here."]
    return {"rows": rows, "notes": missing}


def halved_batches(options: argparse.Namespace, _: object) -> Found:
    """Extract with batches that the device has no memory for."""
    shape = TINY if options.small else replace(OPT_6B7, layers=1)
    with _work(options, shape, 1 << 30) as work:
        found = timed_extraction(work, 1)
    asked = min(1 << 30, work.corpus.positions)
    return {"rows": [{"batches of": asked, "cut to": found.most_tokens, "seconds": found.seconds}]}


def tests_on_device(options: argparse.Namespace, _: object) -> Found:
    """Run the engine's tests with the device in the CPU's place."""
    names = ["test_brute_force", "test_planted", "test_rules", "test_by_tensors", "test_going_on", "test_tiles"]
    files = [str(ROOT / "tests" / "engine" / f"{name}.py") for name in names[: 1 if options.small else None]]
    limit = max(30.0, options.until - time.monotonic() - 10)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default", *files]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NEURON_TUI_TEST_DEVICE": options.device},
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    tail = "\n".join(done.stdout.splitlines()[-25:])
    return {"notes": [f"pytest ended with {done.returncode}.", f"```\n{tail}\n```"]}


PARTS: dict[str, tuple[Callable[[argparse.Namespace, Any], Found], float]] = {
    "Same integers": (same_integers, 0.7),
    "Matrix rate": (matrix_rate, 0.1),
    "OPT-6.7b, 2 layers": (extraction_of(replace(OPT_6B7, layers=2)), 1.0),
    "OPT-66b, 2 layers": (extraction_of(replace(OPT_66B, layers=2)), 1.5),
    "OPT-125m, 12 layers": (extraction_of(OPT_125M), 0.8),
    "Batches that are halved": (halved_batches, 0.5),
    "Peers": (peers, 0.5),
    "Engine's tests": (tests_on_device, 1.0),
}
"""Parts in the order of their worth, with the minutes that each may take."""
