"""What an extraction can be told, as values, as text and as arguments: each is read back as it was written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store.errors import InputError, UsageError
from neuron_tui.store.runs.manifest import RunOptions
from neuron_tui.store.runs.option_texts import OptionTexts, from_arguments, plain_text, read_option, texts_of
from neuron_tui.store.runs.options import OPTIONS, ExtractionOptions
from neuron_tui.store.wording import read_size, show_size

NEEDED: dict[str, Any] = {"model": "pocket-opt", "name": "x", "corpus": ("a=builtin:math",)}

CHOSEN = st.builds(
    lambda **values: ExtractionOptions(**NEEDED, **values),
    tokens=st.none() | st.integers(1, 10**15),
    context_length=st.none() | st.integers(2, 10**6),
    layers=st.none() | st.sets(st.integers(0, 99), min_size=1).map(lambda layers: tuple(sorted(layers))),
    device=st.sampled_from(["auto", "cpu", "cuda", "cuda:7"]),
    dtype=st.sampled_from(OPTIONS["dtype"].choices),
    batch_tokens=st.none() | st.integers(1, 10**9),
    memory=st.none() | st.integers(0, 1 << 50),
    keep_activations=st.sampled_from(OPTIONS["keep_activations"].choices),
    allow_pickle=st.booleans(),
    overwrite=st.booleans(),
)


@given(CHOSEN)
def test_options_come_back_from_their_arguments_and_their_text(options: ExtractionOptions) -> None:
    assert from_arguments(options.arguments()).read() == options
    assert texts_of(options).read() == options


def test_what_is_as_it_would_be_by_itself_is_no_argument() -> None:
    assert ExtractionOptions(**NEEDED).arguments() == ("pocket-opt", "--corpus", "a=builtin:math", "--name", "x")


@pytest.mark.parametrize("name", [name for name, option in OPTIONS.items() if name != "corpus"])
def test_an_empty_text_and_the_plain_one_leave_an_option_as_it_is(name: str) -> None:
    field = ExtractionOptions.model_fields[name]
    if not field.is_required():
        assert read_option(name, "  ") == read_option(name, plain_text(name)) == field.default


@pytest.mark.parametrize(
    ("values", "option", "error"),
    [
        ({"tokens": 0}, "tokens", UsageError),
        ({"context_length": 1}, "context-length", UsageError),
        ({"layers": (-1,)}, "layers", UsageError),
        ({"dtype": "int8"}, "dtype", UsageError),
        ({"device": "tpu"}, "device", UsageError),
        ({"corpus": ()}, "corpus", UsageError),
        ({"model": "\udcff"}, "model", InputError),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_option(
    values: dict[str, Any], option: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as refused:
        ExtractionOptions(**NEEDED | values)
    assert refused.value.option == option


def test_a_text_that_cannot_be_read_is_refused_with_its_option() -> None:
    with pytest.raises(UsageError, match=r"--layers is '5-2': 5-2 is no range") as refused:
        OptionTexts({"model": "m", "name": "x", "layers": "5-2"}, ("a.txt",)).read()
    assert refused.value.option == "layers"


def test_the_path_of_an_unknown_person_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ExtractionOptions(**NEEDED | {"corpus": ("t=~nobody-of-that-name/x.txt",)})
    assert options.arguments()[2] == f"t={tmp_path}/~nobody-of-that-name/x.txt"


def test_run_json_keeps_its_names_and_opens_without_options_that_came_later() -> None:
    kept = {"corpus", "tokens", "context_length", "layers", "dtype", "keep_activations", "batch_tokens"}
    values = {"corpus": ["a"], "tokens": None, "context_length": 8, "layers": [0], "dtype": "float32"}
    options = RunOptions.model_validate(values | {"keep_activations": "auto", "batch_tokens": 1})
    assert kept <= set(options.model_dump())


@pytest.mark.parametrize(("text", "size"), [("8G", 8 << 30), ("1.5T", 3 << 39), ("500 MiB", 500 << 20), ("1000", 1000)])
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert read_size(text) == size
    assert read_size(show_size(size)) == size
