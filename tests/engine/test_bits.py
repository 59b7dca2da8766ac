"""Bits of a layer: what is packed comes back, wherever it is packed, wherever it is kept."""

from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neuron_tui.engine.counting.bits import ActiveBits, DeviceBits, pack, pack_rows, unpack_rows

ACTIVITY = hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 200)))


def unpack(words: np.ndarray, neurons: int) -> np.ndarray:
    """Undo `pack`: (B, W) words into (B, N) bools."""
    packed = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(packed, axis=1, count=neurons, bitorder="little").view(np.bool_)


@given(ACTIVITY)
def test_unpacking_undoes_packing(active: np.ndarray) -> None:
    np.testing.assert_array_equal(unpack(pack(active), active.shape[1]), active)


@given(ACTIVITY)
def test_bit_b_of_word_w_is_neuron_64w_plus_b_and_the_rest_is_zero(active: np.ndarray) -> None:
    words = pack(active)
    for row, values in enumerate(active):
        expected = [
            sum(1 << b for b in range(64) if w * 64 + b < len(values) and values[w * 64 + b])
            for w in range(words.shape[1])
        ]
        assert words[row].tolist() == expected


@given(ACTIVITY)
def test_packing_on_a_device_gives_the_same_words_and_unpacking_undoes_it(active: np.ndarray) -> None:
    words = pack_rows(torch.from_numpy(active).T.contiguous())
    np.testing.assert_array_equal(words.numpy().view(np.uint64), pack(active).T)
    unpacked = unpack_rows(words).numpy() != 0
    np.testing.assert_array_equal(unpacked[: active.shape[1]], active.T)
    assert not unpacked[active.shape[1] :].any()


def test_bits_in_a_file_are_those_in_memory(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    active = draw.random((30, 70)) < 0.3
    kept = [ActiveBits(70, 30), ActiveBits(70, 30, tmp_path / "bits")]
    for bits in kept:
        bits.put(0, pack(active[:12]).T)
        bits.put(12, pack(active[12:]).T)
    np.testing.assert_array_equal(kept[0].words, kept[1].words)
    there = DeviceBits(70, 30, torch.device("cpu"))
    there.put(0, torch.from_numpy(np.ascontiguousarray(pack(active).T).view(np.int64)))
    for word in range(2):
        np.testing.assert_array_equal(there.row(word), kept[0].row(word))
    np.testing.assert_array_equal(unpack(kept[0].words.T, 70), active)
