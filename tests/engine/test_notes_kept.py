"""What becomes of people's notes on a run that is extracted anew."""

from pathlib import Path

import pytest

from neuron_tui.engine.extraction import extract
from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.notes.notes_file import read_notes_for

from .cases import Case, build, request
from .checkpoints import Shape, words


def _text(folder: Path) -> tuple[str, ...]:
    (folder / "text.txt").write_text(words(1, 60), encoding="utf-8")
    return (str(folder / "text.txt"),)


@pytest.mark.parametrize("other", [False, True], ids=["the same model", "another model"])
def test_an_overwritten_run_keeps_notes_on_the_same_model_and_sets_others_aside(tmp_path: Path, other: bool) -> None:
    small, wide = (
        Case(Shape(layers=1, width=16, heads=2, neurons=neurons, context=16), "fast", 280, _text) for neurons in (6, 8)
    )
    folders = [tmp_path / name for name in ("small", "wide")]
    for case, folder in zip((small, wide), folders, strict=True):
        folder.mkdir()
        build(case, folder)
    texts = _text(tmp_path)
    run = extract(request(small, folders[0], texts, tmp_path / "runs"))
    note = open_run(run).notes_file.put(0, 5, "", author="Ann", label="weather", text="rain\nand wind")
    case, folder = (wide, folders[1]) if other else (small, folders[0])
    told: list[str] = []
    again = request(case, folder, texts, tmp_path / "runs").model_copy(update={"overwrite": True})
    assert extract(again, announce=told.append) == run
    opened = open_run(run)
    assert list(opened.notes) == ([] if other else [note])
    assert check_run(run) == []
    said = [line for line in told if "notes" in line]
    assert said == (
        [f"The notes here are on neurons of another model, {folders[0]}. They are in notes.before.jsonl now."]
        if other
        else []
    )
    if other:
        lines = (run / "notes.before.jsonl").read_bytes().splitlines()
        assert read_notes_for(opened.manifest, opened.name, lines, "aside") == [note]
