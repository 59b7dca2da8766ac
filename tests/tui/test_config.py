import json
from pathlib import Path

import pytest

from neuron_tui.store.runs.options import OPTIONS
from neuron_tui.tui.config import SETTABLE, Config, ConfigError, config_path, describe, form_defaults, read_config


def write(text: str) -> Path:
    path = config_path()
    path.write_text(text)
    return path


def test_without_a_file_everything_holds_by_itself():
    assert read_config().config == Config()


def test_a_file_sets_what_it_names_and_leaves_the_rest():
    write(
        'theme = "light"\nmouse = false\nverify = false\n'
        '[defaults]\ntokens = 5000000\ncorpus = ["wiki=/data/wiki.jsonl"]\n'
    )
    config = read_config().config
    assert (config.theme, config.mouse, config.verify) == ("light", False, False)
    begins = form_defaults(config.defaults)
    assert (begins.typed["tokens"], begins.corpus) == ("5,000,000", ("wiki=/data/wiki.jsonl",))
    assert begins.typed["model"] == form_defaults({}).typed["model"] == "pocket-opt"


def test_keys_may_be_named_with_and_without_quotation_marks():
    write('[keys]\nexplorer.filter = "ctrl+f"\n"runs.open" = "o"\n')
    assert read_config().config.keys == {"explorer.filter": "ctrl+f", "runs.open": "o"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('theme = "dark"\n\ncolour = "red"\n', "unknown key 'colour'; known are theme, mouse, verify, author, keys"),
        ('[defaults]\ndtype = "float32"\ntoken = 5\n', "defaults.token: unknown key 'token'; known are model, corpus"),
        ("[defaults]\ntokens = 0\n", "defaults.tokens: at least 1"),
        ("[defaults]\ntokens = true\n", "defaults.tokens: a text or a number"),
        ('[defaults]\nlayers = "5-2"\n', "defaults.layers: 5-2 is no range"),
        ('[defaults]\ndevice = "tpu"\n', "defaults.device: auto, cpu, cuda"),
        ('[defaults]\ndtype = "int8"\n', "defaults.dtype: one of auto, float32"),
        ("[keys]\nexplorer.filter = 3\n", "keys.explorer.filter: "),
        ('mouse = "no"\n', "mouse: "),
        ('[defaults]\ncorpus = [\n  "a",\n  3,\n]\n', "defaults.corpus: a list of texts"),
        ('[shortcuts]\na = "b"\n', "unknown key 'shortcuts'"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_key(text: str, says: str):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        read_config()
    assert str(caught.value).startswith(f"{path}: {says}")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("name", SETTABLE)
def test_every_option_may_be_set_as_its_example_says(name: str):
    example = [OPTIONS[name].example] if name == "corpus" else OPTIONS[name].example
    write(f"[defaults]\n{name} = {json.dumps(example)}\n")
    assert read_config().config.defaults == {name: example}


def test_the_page_lists_every_setting():
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert describe() in page, "put into docs/configuration.md what neuron_tui.tui.config.describe() gives"


def test_what_is_no_toml_is_named_with_its_line():
    write('theme = "dark"\nmouse = \n')
    with pytest.raises(ConfigError, match="line 2"):
        read_config()


def test_a_file_that_is_no_text_is_refused():
    config_path().write_bytes(b"theme = \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_config()
