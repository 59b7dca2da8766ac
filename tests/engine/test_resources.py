"""What an extraction takes of memory and disk is decided before it starts, and kept to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from neuron_tui.engine.resources import Resources, Sizes, plan_resources

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
GB = 1 << 30

OPT_125M = Sizes(
    positions=1_000_000,
    width=768,
    rows=3072,
    layers=12,
    layer_weights=7_087_872,
    held=2,
    batch_tokens=4096,
    context_length=2048,
    vocabulary=50272,
    domains=3,
    dtype=torch.float32,
    keep_activations=False,
)
OPT_66B = replace(
    OPT_125M,
    positions=5_000_000,
    width=9216,
    rows=36864,
    layers=64,
    layer_weights=1_019_000_000,
    batch_tokens=32768,
    dtype=torch.float16,
)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The free memory of a GPU that there is not, to be set."""
    free = [80 * GB]
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free[0], free[0]))
    return free


def test_with_plenty_of_memory_nothing_is_done_twice_or_spilled() -> None:
    plan = plan_resources(OPT_125M, CPU, 100 * GB, 1000 * GB)
    assert (plan.residual, plan.bits_in_file, plan.kept) == ("memory", False, True)
    assert plan.overlaps and plan.reads_ahead and plan.holds_unembedding
    assert not plan.by_tensors and not plan.device_bytes


def test_less_memory_never_plans_a_higher_peak_and_spills_step_by_step() -> None:
    plans = [plan_resources(OPT_125M, CPU, memory, 1000 * GB) for memory in range(0, 12 * GB, GB // 4)]
    peaks = [plan.host_bytes for plan in plans]
    assert peaks == sorted(peaks)
    assert (plans[0].residual, plans[0].bits_in_file, plans[0].overlaps) == ("file", True, False)
    assert (plans[0].batch_tokens, plans[-1].batch_tokens) == (2048, 4096)
    assert (plans[-1].residual, plans[-1].bits_in_file) == ("memory", False)
    assert not plans[0].reads_ahead and not plans[0].holds_unembedding
    for plan, memory in zip(plans, range(0, 12 * GB, GB // 4), strict=True):
        assert plan.host_bytes <= max(memory + GB, plans[0].host_bytes)  # the process itself is beside it


def test_a_layer_is_not_written_beside_the_next_one_where_its_bits_are_spilled_and_kept() -> None:
    assert not plan_resources(replace(OPT_125M, keep_activations=True), CPU, 0, 1000 * GB).overlaps


def test_the_residual_stream_is_kept_where_the_disk_has_room() -> None:
    plans = [plan_resources(OPT_125M, CPU, None, disk * GB) for disk in (0, 10, 100)]
    assert [plan.kept for plan in plans] == [False, False, True]
    assert plans[0].scratch_bytes == 0 < plans[2].scratch_bytes < 0.5 * 100 * GB
    assert "goes on from the last layer whose output was kept" in plans[2].describe()
    assert "passes through the layers again" in plans[0].describe()


@pytest.mark.parametrize(
    ("free", "residual", "bits"), [(141, "device", True), (80, "memory", True), (24, "memory", False)]
)
def test_a_card_takes_what_fits_it(free: int, residual: str, bits: bool, card: list[int]) -> None:
    card[0] = free * GB
    plan = plan_resources(OPT_66B, GPU, 500 * GB, 1000 * GB)
    assert (plan.residual, plan.bits_on_device, plan.by_tensors) == (residual, bits, True)
    assert plan.device_bytes <= 0.9 * free * GB
    assert plan.batch_tokens == 32768


def test_a_small_card_gets_small_batches(card: list[int]) -> None:
    card[0] = 12 * GB
    plan = plan_resources(OPT_66B, GPU, 500 * GB, 1000 * GB)
    assert OPT_66B.context_length <= plan.batch_tokens < 32768
    assert plan.device_bytes <= 0.9 * 12 * GB
    assert not plan.bits_in_file


def test_what_does_not_fit_the_host_either_goes_to_the_disk(card: list[int]) -> None:
    card[0] = 24 * GB
    plan = plan_resources(OPT_66B, GPU, 20 * GB, 4000 * GB)
    assert plan.residual == "file" and plan.bits_in_file


def test_processes_share_the_stream_and_the_bits() -> None:
    sizes: Any = replace(OPT_66B, dtype=torch.float32)
    alone, shared = (plan_resources(replace(sizes, ranks=ranks), CPU, 4000 * GB, 0) for ranks in (1, 8))
    assert shared.host_bytes < alone.host_bytes - 0.8 * sizes.residual


def test_the_plan_is_told_in_words() -> None:
    told = Resources("memory", host_bytes=1_200_000_000, disk_bytes=55_600_000).describe()
    assert told == (
        "Peak memory about 1.2 GB here (residual stream in memory, bits in memory); disk about 55.6 MB.\n"
        "After an interruption it passes through the layers again"
    )
