"""What a run says of its layers, in plain Python from brute-force records [§3-5, Fig. 1-5, 12-15]."""

from __future__ import annotations

from typing import Any

from .brute_force import Record

BINS = {
    "1": (5, 10, 20, 50, 200, 1000, 2000),
    "2": (50, 100, 200, 500, 1000, 2000, 5000),
    "3": (50, 100, 200, 500, 1000, 5000, 20000),
}
ORDERS = ("1", "2", "3")


def layers(records: dict[tuple[int, int], Record]) -> list[dict[str, Any]]:
    """The per-layer summary of a run that holds all layers, as `info --json` prints it."""
    found: list[dict[str, Any]] = []
    detected: list[dict[str, set[tuple[int, ...]]]] = []
    for layer in sorted({layer for layer, _ in records}):
        neurons = [record for (at, _), record in sorted(records.items()) if at == layer]
        alive = [record for record in neurons if record["count"] > 0]
        detected.append({n: {g for r in neurons for g in covered(r, n)} for n in ORDERS})
        here, below = detected[-1], detected[:-1]
        ever = {n: set().union(*(level[n] for level in below)) for n in ORDERS}
        previous = below[-1] if below else {n: set() for n in ORDERS}
        found.append(
            {
                "layer": layer,
                "neurons": len(neurons),
                "dead": len(neurons) - len(alive),
                "mean_frequency_alive": sum(r["frequency"] for r in alive) / len(alive) if alive else None,
                "detectors": {n: sum(r["triggers"][n]["detector"] for r in neurons) for n in ORDERS},
                "covered": {n: len(here[n]) for n in ORDERS},
                "covered_cumulative": {n: len(here[n] | ever[n]) for n in ORDERS},
                "new_overall": {n: len(here[n] - ever[n]) for n in ORDERS},
                "new_to_previous": {n: len(here[n] - previous[n]) for n in ORDERS},
                "covering_histogram": {n: histogram(alive, n) for n in ORDERS},
                "suppressing": sum(r["effect"]["suppresses_triggers"] is True for r in neurons),
                "positional": {
                    kind: {strength: count(neurons, kind, strength) for strength in ("strong", "weak")}
                    for kind in ("oscillatory", "both", "one", "other")
                },
            }
        )
    return found


def covered(record: Record, n: str) -> set[tuple[int, ...]]:
    """The n-grams that a neuron detects."""
    return {tuple(gram["ids"]) for gram in record["triggers"][n]["covered"]}


def histogram(neurons: list[Record], n: str) -> list[int]:
    """Neurons by length of their covering, those that have one."""
    bins = [0] * (len(BINS[n]) + 1)
    for record in neurons:
        covering = record["triggers"][n]["covering"]
        if covering:
            bins[sum(covering > last for last in BINS[n])] += 1
    return bins


def count(neurons: list[Record], kind: str, strength: str) -> int:
    """Neurons of one positional type and strength; summaries speak of types only where there are any."""
    profiles = [record["position"] for record in neurons if record["position"]]
    return sum(p["type"] == kind and p["strength"] == strength for p in profiles)
