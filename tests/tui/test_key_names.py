"""Keys of the settings: what they may be, what they may not, and that the app obeys them."""

import asyncio
from pathlib import Path

import pytest

from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.config import Config, ConfigError, ConfigFile
from neuron_tui.tui.key_names import keymap, named_keys
from tests.tui.driving import Person


def settings(**keys: str) -> ConfigFile:
    """Settings in which keys, `_` for the dot of their names, are given others."""
    return ConfigFile(Path("config.toml"), Config(keys={name.replace("_", ".", 1): key for name, key in keys.items()}))


@pytest.mark.parametrize(
    ("typed", "pressed"),
    [("/", "slash"), ("G", "G"), ("f2", "f2"), ("ctrl+f", "ctrl+f"), ("n, ctrl+n", "n,ctrl+n"), ("space", "space")],
)
def test_a_key_is_a_character_a_name_or_one_with_a_modifier(typed: str, pressed: str) -> None:
    assert keymap(settings(team_help=typed)) == {"team.help": pressed}


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"explorer_find": "x"}, "unknown name of a key 'explorer.find'"),
        ({"explorer_next": "pagedwon"}, "'pagedwon' is no key"),
        ({"explorer_next": " , "}, "no key is named"),
        ({"explorer_next": "s"}, "s is for explorer.sort already"),
        ({"runs_sort": "v"}, "v is for runs.check already"),
        ({"neuron_chart": "k"}, "k is for list.up already"),
        ({"team_help": "f5", "team_back": "f5"}, "f5 is for team."),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(keys: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        keymap(settings(**keys))


def test_two_keys_may_change_places() -> None:
    assert keymap(settings(explorer_next="s", explorer_sort="n")) == {"explorer.next": "s", "explorer.sort": "n"}


def test_the_name_of_a_key_says_what_it_does() -> None:
    assert all(key.does and key.keys for key in named_keys().values())


def test_the_app_obeys_and_says_so(runs: Path) -> None:
    async def act() -> None:
        app = NeuronTuiApp(runs, None, settings(runs_sort="f5", runs_filter="ctrl+f"))
        async with app.run_test(size=(120, 60)) as pilot:
            person = Person(pilot, app)
            await person.sees("ctrl+f filter")
            await person.press("s")
            assert "Sort by" not in person.screen()
            await person.press("f5")
            await person.sees("Sort by")
            await person.press("escape", "?")
            await person.sees("f5         sorts by a column")

    asyncio.run(act())
