"""docs/app.md and docs/configuration.md name the keys and settings that there are, with what they are by themselves.

`python -m tests.tui.test_docs_keys` prints the table of keys that docs/configuration.md must hold.
"""

import re
import tomllib
from pathlib import Path

import pytest

from neuron_tui.tui.actions import shown_key
from neuron_tui.tui.config import SETTABLE, Config, ConfigFile, config_path, read_config
from neuron_tui.tui.key_names import _bindings, _owners, keymap, named_keys

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "configuration.md").read_text(encoding="utf-8")
APP = (DOCS / "app.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


SECTIONS = {
    "Runs": ("runs", "list"),
    "New extraction": ("form",),
    "Counting again": ("counting",),
    "A run: layers, neurons, the neuron": ("explorer", "neurons", "list"),
    "In the neuron": ("neuron", "list"),
    "Labels and notes": ("note",),
    "Which neurons fire on it": ("firing", "list"),
    "A text, read by the model": ("live", "grid", "list"),
    "The causal table": ("causal", "measure", "list"),
    "Similar neurons": ("similar", "list"),
    "Position team": ("team", "list"),
    "Figures": ("figures",),
    "Comparison": ("compare", "tokens", "list"),
    "The paper's claims": ("paper", "list"),
    "Taking reports home": ("export", "form"),
}
"""Sections of docs/app.md with tables of keys, and the first parts of the names that these have."""

ARROWS = {"←": "left", "→": "right", "↑": "up", "↓": "down", "F2": "f2"}


def table() -> list[str]:
    """A row a key: its name, the keys that do it, what it does."""
    return [
        f"| `{key.name}` | {' '.join(f'`{shown_key(one)}`' for one in key.keys)} | {key.does} |"
        for key in named_keys().values()
    ]


def test_the_keys_are_those_of_the_app() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| `[a-z]+\.[a-z_0-9]+` \|", line)]
    assert rows == table(), "put into docs/configuration.md what `python -m tests.tui.test_docs_keys` prints"


@pytest.mark.parametrize("title", SECTIONS)
def test_the_keys_of_a_screen_are_those_it_has(title: str) -> None:
    section = re.split(r"^#+ ", APP.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    named = {
        ARROWS.get(key, key)
        for row in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
        for key in re.findall(r"`([^`]+)`", row)
    }
    there = {
        shown_key(one) for key in named_keys().values() if key.name.split(".")[0] in SECTIONS[title] for one in key.keys
    }
    assert named
    assert named - there <= {"tab"}


def test_every_section_with_keys_is_looked_at() -> None:
    parts = re.split(r"^#+ (.*)$", APP, flags=re.MULTILINE)
    assert {title for title, text in zip(parts[1::2], parts[2::2], strict=True) if "| key |" in text} == set(SECTIONS)


def test_every_key_of_the_app_has_a_name() -> None:
    nameless = [
        f"{owner.__name__}: {binding.key}" for owner in _owners() for binding in _bindings(owner) if not binding.id
    ]
    assert not nameless


def test_every_place_where_keys_are_is_explained() -> None:
    places = {name.split(".")[0] for name in named_keys()}
    assert set(re.findall(r"`([a-z]+)\.…`", PAGE)) == places


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_taken_as_they_stand(example: str) -> None:
    config_path().write_text(example)
    file = read_config()
    assert isinstance(file, ConfigFile)
    keymap(file)


def test_the_first_example_is_all_there_is() -> None:
    config_path().write_text(EXAMPLES[0])
    assert read_config().config.model_dump(exclude={"keys"}) != Config().model_dump(exclude={"keys"})
    named = tomllib.loads(EXAMPLES[0])
    assert set(named) == set(Config.model_fields)
    assert set(named["defaults"]) == set(SETTABLE)


if __name__ == "__main__":
    print("\n".join(table()))
