"""Whole screens as text, compared with those in `pictures`; `pytest --renew` writes them anew, to be looked at."""

from pathlib import Path

import pytest

from tests.tui.driving import Person, drive

PICTURES = Path(__file__).parent / "pictures"

SCREENS: dict[str, tuple[tuple[str, ...], tuple[int, int]]] = {
    "explorer-80": ((), (80, 24)),
    "explorer-120": ((), (120, 36)),
    "explorer-200": ((), (200, 60)),
    "neuron-80": (("down", "enter"), (80, 24)),
    "neuron-curve-120": (("down", "down", "enter", "c"), (120, 36)),
    "figures-120": (("F",), (120, 36)),
    "claims-120": (("C",), (120, 36)),
}
"""Keys that lead to a screen from the run's neurons, and its columns and lines."""


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_looks_as_it_did(name: str, runs: Path, renew: bool) -> None:
    keys, size = SCREENS[name]
    looks: list[str] = []

    async def look(person: Person) -> None:
        for key in ("", *keys):
            if key:
                await person.press(key)
            await person.settled()
            await person.until(lambda: person.app.idle and not getattr(person.app.screen, "under_way", False))
        looks.append("\n".join(line.rstrip() for line in person.lines()) + "\n")

    drive(runs, look, run=runs / "whole", size=size)
    picture = PICTURES / f"{name}.txt"
    if renew:
        picture.write_text(looks[0], "utf-8")
    assert looks[0] == picture.read_text("utf-8")


def test_there_is_a_picture_for_each_screen_and_no_other() -> None:
    assert {path.stem for path in PICTURES.iterdir()} == set(SCREENS)
