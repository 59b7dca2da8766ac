import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neuron_tui.store.neurons.ordering import stable_order

DTYPES = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_it_is_the_order_of_a_stable_argsort(dtype: type, data: st.DataObject) -> None:
    key = data.draw(arrays.arrays(dtype, st.integers(0, 40)))
    assert stable_order(key).tolist() == np.argsort(key, kind="stable").tolist()


def test_equal_keys_keep_their_order_and_nan_comes_last() -> None:
    key = np.array([1.0, np.nan, -0.0, 1.0, 0.0, -np.inf, -np.nan, -1.0])
    assert stable_order(key).tolist() == [5, 7, 2, 4, 0, 3, 1, 6]


@pytest.mark.parametrize("span", [10, 1 << 40, (1 << 63) - 1])
def test_many_keys_of_any_width_are_sorted_stably(span: int) -> None:
    key = np.random.default_rng(span).integers(-span, span, 20_000) // 7 * 7
    assert stable_order(key).tolist() == np.argsort(key, kind="stable").tolist()
