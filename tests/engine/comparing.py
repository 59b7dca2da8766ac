"""Whether a record that the program gives is the one that brute force gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from .brute_force import Record

STORED = 50
"""How much of the ranking, and of the promoted and suppressed tokens, a run holds."""

NEAR = 1e-4


def assert_same(found: Record, expected: Record) -> None:
    """Integers and texts exactly, floats within 1e-4; `top` and the effects as far as they are stored."""
    name = f"neuron {expected['layer']}:{expected['neuron']}"
    assert found.keys() == expected.keys(), name
    for key in (
        "layer",
        "neuron",
        "rule",
        "tokens",
        "count",
        "dead",
        "bos_count",
        "domains",
        *({"first_active"} & expected.keys()),
    ):
        assert found[key] == expected[key], f"{name}: {key}"
    assert list(found["domains"]) == list(expected["domains"]), name
    assert found["frequency"] == pytest.approx(expected["frequency"], abs=1e-12), name
    assert found["triggers"].keys() == expected["triggers"].keys(), name
    for n, triggers in expected["triggers"].items():
        wanted = triggers | {"top": triggers["top"][:STORED]}
        assert found["triggers"][n] == wanted, f"{name}: triggers {n}"
    _assert_same_effect(found["effect"], expected["effect"], name)
    _assert_same_position(found["position"], expected["position"], name)
    if expected["values"] is not None:
        assert_same_values(found, expected)


def assert_same_values(found: Record, expected: Record) -> None:
    """Histograms and what there is exactly, values to 1e-5 of themselves, numbers of the weights within 1e-4."""
    name = f"neuron {expected['layer']}:{expected['neuron']}"
    own, wanted = found["values"], expected["values"]
    assert own["histogram"] == wanted["histogram"], f"{name}: histogram"
    for key in ("max", "mean_active"):
        assert_near([own[key]], [wanted[key]], f"{name}: {key}")
    assert found["weights"].keys() == expected["weights"].keys(), name
    for key, number in expected["weights"].items():
        assert_near([found["weights"][key]], [number], f"{name}: {key}", rel=1e-4, at_least=NEAR)
    if "highest" in expected:
        assert len(found["highest"]) == len(expected["highest"]), f"{name}: highest contexts"
        for context, known in zip(found["highest"], expected["highest"], strict=True):
            assert_near(context, known, f"{name}: highest contexts")


def assert_near(
    found: Sequence[float | None],
    expected: Sequence[float | None],
    what: str,
    rel: float = 1e-5,
    at_least: float = 1e-6,
) -> None:
    """None in the same places, and numbers near each other."""
    assert [number is None for number in found] == [number is None for number in expected], what
    there = [[number for number in numbers if number is not None] for numbers in (found, expected)]
    assert there[0] == pytest.approx(there[1], rel=rel, abs=at_least), what


def _assert_same_effect(found: dict[str, Any], expected: dict[str, Any], name: str) -> None:
    assert found.keys() == expected.keys(), name
    for kind in ("promoted", "suppressed"):
        wanted = expected[kind][:STORED]
        own = {entry["id"]: entry for entry in expected[kind]}
        ids = [entry["id"] for entry in found[kind]]
        assert len(ids) == len(set(ids)) == len(wanted), f"{name}: {kind}"
        # Scores that are equal but for rounding may stand in either order: rank by rank the scores agree.
        scores = [entry["score"] for entry in found[kind]]
        assert scores == pytest.approx([entry["score"] for entry in wanted], abs=NEAR), f"{name}: {kind}"
        assert scores == pytest.approx([own[i]["score"] for i in ids], abs=NEAR), f"{name}: {kind}"
        assert [entry["text"] for entry in found[kind]] == [own[i]["text"] for i in ids], f"{name}: {kind}"
    assert found["suppresses_triggers"] == expected["suppresses_triggers"], name
    if expected["trigger_score"] is None:
        assert found["trigger_score"] is None, name
    else:
        assert found["trigger_score"] == pytest.approx(expected["trigger_score"], abs=NEAR), name


def _assert_same_position(found: dict[str, Any] | None, expected: dict[str, Any] | None, name: str) -> None:
    if found is None or expected is None:
        assert found is expected, f"{name}: position"
        return
    assert found.keys() == expected.keys(), name
    assert (found["type"], found["strength"]) == (expected["type"], expected["strength"]), f"{name}: position"
    assert found["mutual_information"] == pytest.approx(expected["mutual_information"], abs=NEAR), name
    assert found["frequency"] == pytest.approx(expected["frequency"], abs=1e-12), name
