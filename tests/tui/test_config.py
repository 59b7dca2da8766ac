from pathlib import Path

import pytest

from neuron_tui.tui.config import Config, ConfigError, config_path, line_of, read_config


def write(text: str) -> Path:
    path = config_path()
    path.write_text(text)
    return path


def test_without_a_file_everything_holds_by_itself():
    assert read_config().config == Config()


def test_a_file_sets_what_it_names_and_leaves_the_rest():
    write('theme = "light"\nmouse = false\n[defaults]\ntokens = 5000000\ncorpus = ["wiki=/data/wiki.jsonl"]\n')
    config = read_config().config
    assert (config.theme, config.mouse) == ("light", False)
    assert (config.defaults.tokens, config.defaults.corpus) == (5_000_000, ["wiki=/data/wiki.jsonl"])
    assert config.defaults.model == Config().defaults.model


def test_keys_may_be_named_with_and_without_quotation_marks():
    write('[keys]\nexplorer.filter = "ctrl+f"\n"runs.open" = "o"\n')
    assert read_config().config.keys == {"explorer.filter": "ctrl+f", "runs.open": "o"}


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ('theme = "dark"\n\ncolour = "red"\n', 3, "'colour'"),
        ('# settings\n[defaults]\ndtype = "float32"\ntoken = 5\n', 4, "'token'"),
        ("[defaults]\ntokens = 0\n", 2, "tokens"),
        ('[defaults]\ndevice = "tpu"\n', 2, "device"),
        ("[keys]\nexplorer.filter = 3\n", 2, "explorer.filter"),
        ('mouse = "no"\n', 1, "mouse"),
        ('[defaults]\ncorpus = [\n  "a",\n  3,\n]\n', 2, "corpus"),
        ('[shortcuts]\na = "b"\n', 1, "'shortcuts'"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(text: str, line: int, name: str):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        read_config()
    assert str(caught.value).startswith(f"{path}, line {line}: ") and name in str(caught.value)
    assert caught.value.exit_code == 3


def test_what_is_no_toml_is_named_with_its_line():
    write('theme = "dark"\nmouse = \n')
    with pytest.raises(ConfigError, match="line 2"):
        read_config()


def test_a_file_that_is_no_text_is_refused():
    config_path().write_bytes(b"theme = \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_config()


def test_the_line_of_a_key_is_looked_for_in_its_own_table():
    text = 'theme = "a"\n[defaults]\ntokens = 1\n[keys]\ntokens = "x"\n'
    assert line_of(text, ("keys", "tokens")) == 5
    assert line_of(text, ("defaults", "tokens")) == 3
    assert line_of(text, ("defaults", "model")) == 2
    assert line_of(text, ("mouse",)) is None
