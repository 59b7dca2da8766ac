"""All neurons of a run as columns: what lists, filters and summaries work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Bools, Floats, Ints
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.neurons.layer import Layer
from neuron_tui.store.neurons.run import Run

Column = npt.NDArray[Any]

_CODES = {"position/type": TYPES, "position/strength": STRENGTHS}
_VALUES = ("values/max", "values/sum", "weights/norm", "weights/cosine", "weights/kurtosis", "weights/token_frequency")
_ABSENT = {
    **dict.fromkeys(("position/mutual_information", *_VALUES), np.float64(np.nan)),
    **dict.fromkeys(_CODES, np.uint8(0)),
}
"""What stands for a column that a run without full-length sequences, or of an earlier version, does not have."""

MEASURES = ("max", "mean", "norm", "cosine", "kurtosis", "tokenfreq")
"""What filters and lists call the values and the columns of the weights."""

_WEIGHTS = {
    **{key: f"weights/{key}" for key in ("norm", "cosine", "kurtosis")},
    "tokenfreq": "weights/token_frequency",
}

LISTED = (
    *("count", "position/mutual_information", "position/type", "position/strength", "effect/trigger_score"),
    *(f"triggers/{n}/covered" for n in ORDERS),
    *("triggers/1/covering", "triggers/1/first"),
)
"""Datasets behind what a list of neurons shows at first: `load` them before anything is drawn."""


class NeuronTable:
    """Columns over the R neurons of a run's finished layers, by layer, then neuron.

    A column is read when it is first asked for, from any thread, which raises RunDamagedError; `load` reads some ahead.
    Whole numbers have the smallest signed dtype that holds a column and its negative, so a model of 2.4 million neurons
    takes some 10 MB a column.
    """

    def __init__(self, run: Run) -> None:
        """A table of the layers that are finished now; nothing is read yet."""
        self._layers = tuple(run.layers.values())
        self._neurons, self._tokens = run.manifest.rows, run.manifest.tokens
        self._columns: dict[str, Column] = {}
        self._lock = RLock()
        self.total: Mapping[int, Ints] = _ByOrder(self, "total")
        self.covering: Mapping[int, Ints] = _ByOrder(self, "covering")
        self.covered: Mapping[int, Ints] = _ByOrder(self, "covered")
        self.first: Mapping[int, Ints] = _ByOrder(self, "first")

    def __len__(self) -> int:
        return len(self._layers) * self._neurons

    def load(self, *names: str) -> None:
        """Read the columns behind some datasets of the layers, all in one go; those that are there cost nothing."""
        with self._lock:
            missing = [name for name in dict.fromkeys(names) if name not in self._columns]
            if not missing:
                return
            parts: dict[str, list[Column]] = {name: [] for name in missing}
            for layer in self._layers:
                data = layer.columns(*missing)
                for name in missing:
                    values = data[name] if name in data else np.full(self._neurons, _ABSENT[name])
                    self._refuse_impossible(layer, name, values)
                    parts[name].append(_narrowed(values.sum(axis=1) if name == "count" else values))
            for name in missing:
                self._columns[name] = np.concatenate(parts[name]) if parts[name] else np.empty(0, np.int8)

    def _refuse_impossible(self, layer: Layer, name: str, values: Column) -> None:
        """Raise RunDamagedError for numbers that sums and orders made of the column could not stand."""
        if name in _CODES and values.max(initial=0) >= len(_CODES[name]):
            raise damaged(layer.path, f"`{name}` holds an unknown code")
        if values.dtype.kind == "i" and values.min(initial=0) < (-1 if name.endswith("/first") else 0):
            raise damaged(layer.path, f"`{name}` holds {values.min():,}")
        if name == "count" and values.max(initial=0) > self._tokens:
            raise damaged(layer.path, f"`{name}` is more than the tokens of the run")

    def column(self, name: str) -> Column:
        """The column behind a dataset, (R,): active counted positions of all domains for `count`."""
        if name not in self._columns:
            self.load(name)
        return self._columns[name]

    @property
    def layer(self) -> Ints:
        """Each neuron's layer."""
        return self._kept("layer", lambda: np.repeat(_narrowed([layer.index for layer in self._layers]), self._neurons))

    @property
    def neuron(self) -> Ints:
        """Each neuron's index in its layer."""
        return self._kept("neuron", lambda: np.tile(np.arange(self._neurons, dtype=np.int32), len(self._layers)))

    @property
    def count(self) -> Ints:
        """Active counted positions."""
        return self.column("count")

    @property
    def frequency(self) -> Floats:
        """Active share of the counted positions."""
        return self._kept("frequency", lambda: self.count / max(self._tokens, 1))

    @property
    def bos_count(self) -> Ints:
        """Sequences whose BOS is active."""
        return self.column("bos_count")

    @property
    def mutual_information(self) -> Floats:
        """Mutual information of activity and position in nats; NaN where the run has no positional statistics [§5]."""
        return self.column("position/mutual_information")

    @property
    def type(self) -> npt.NDArray[np.uint8]:
        """Positional type as a code of TYPES [§5]."""
        return self.column("position/type")

    @property
    def strength(self) -> npt.NDArray[np.uint8]:
        """Strength of the positional type as a code of STRENGTHS."""
        return self.column("position/strength")

    @property
    def trigger_score(self) -> Floats:
        """Mean score over the covered tokens of a token detector; NaN for other neurons [§4.4]."""
        return self.column("effect/trigger_score")

    @property
    def max(self) -> Floats:
        """Highest value where active; NaN if never, or if the run keeps no values."""
        return self.column("values/max")

    @property
    def mean(self) -> Floats:
        """Mean of the values where active; NaN if never, or if the run keeps no values."""
        return self._kept(
            "mean", lambda: np.where(self.count > 0, self.column("values/sum"), np.nan) / self.count.clip(1)
        )

    def measure(self, key: str) -> Floats:
        """The column of one of `MEASURES`; NaN where it is not defined, or if the run is of an earlier version."""
        match key:
            case "max":
                return self.max
            case "mean":
                return self.mean
        return self.column(_WEIGHTS[key])

    @property
    def dead(self) -> Bools:
        """Never active on a counted position [§3]: the definition that lists, filters and summaries use."""
        return self._kept("dead", lambda: self.count == 0)

    def detector(self, n: int) -> Bools:
        """Detectors of n-grams [§4]."""
        mask: Bools = self.covered[n] > 0
        return mask

    @property
    def suppressing(self) -> Bools:
        """Token detectors with a negative trigger score [§4.4]."""
        mask: Bools = (self.trigger_score < 0) & self.detector(1)  # NaN compares false
        return mask

    @property
    def positional(self) -> Bools:
        """Neurons with a positional type [§5]."""
        mask: Bools = self.type > 0
        return mask

    def _kept(self, name: str, make: Callable[[], Column]) -> Column:
        with self._lock:
            if name not in self._columns:
                self._columns[name] = make()
        return self._columns[name]


class _ByOrder(Mapping[int, Ints]):
    """A column for each n of the n-grams, keyed 1, 2, 3."""

    def __init__(self, table: NeuronTable, name: str) -> None:
        self._table, self._name = table, name

    def __getitem__(self, n: int) -> Ints:
        if n not in ORDERS:
            raise KeyError(n)
        return self._table.column(f"triggers/{n}/{self._name}")

    def __iter__(self) -> Iterator[int]:
        return iter(ORDERS)

    def __len__(self) -> int:
        return len(ORDERS)


def read_table(run: Run) -> NeuronTable:
    """The table of a run's finished layers; its columns are read when they are first asked for."""
    return NeuronTable(run)


def _narrowed(values: npt.ArrayLike) -> Column:
    """Signed whole numbers in the smallest dtype that holds them and their negatives; others as they are."""
    values = np.asarray(values)
    if values.dtype.kind != "i":
        return values
    largest = max(int(values.max(initial=0)), -int(values.min(initial=0)))
    return values.astype(next(d for d in (np.int8, np.int16, np.int32, np.int64) if largest <= np.iinfo(d).max))
