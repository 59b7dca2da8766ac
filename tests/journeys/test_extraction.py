"""An extraction from an empty runs directory to a report: typed in, estimated, watched, opened while it goes on."""

import re

from neuron_tui.store.runs.job import job_status
from tests.journeys.conftest import LAYERS, SMALL, TOKENS, Home, Texts, hold
from tests.journeys.terminal import CLEAR, DOWN, ENTER, TAB


@SMALL
def test_from_no_runs_to_a_report(size: tuple[int, int], home: Home, texts: Texts) -> None:
    (home.folder / "tiny-opt").symlink_to(texts.model)
    for path in texts.corpus:
        (home.folder / path.name).symlink_to(path)
    terminal = home.start(size)
    terminal.wait_for("There are no runs yet.")

    # The form, filled by keys alone.
    terminal.press("n")
    terminal.wait_for("New extraction")
    terminal.retype("./tiny-opt")
    terminal.wait_for(f"a checkpoint directory, {LAYERS} layers")
    terminal.press(TAB * 3, "\x12\x12\x12", "long.txt")  # ctrl+r takes away the three texts that are there
    terminal.press("\x0e", "letters.txt")  # ctrl+n
    terminal.wait_for(lambda screen: screen.count(" kB ") == 2)
    terminal.press(DOWN, CLEAR, str(TOKENS), DOWN, CLEAR, "first")
    terminal.press("\x05")  # ctrl+e
    terminal.wait_for("free)")
    said = " ".join(terminal.text().split())
    assert f"{TOKENS:,} tokens: long 30k in 1 document, letters 30k in 1 document" in said
    assert f"{LAYERS} layers × 64 neurons, context 64, float32" in said
    terminal.press("\x13")  # ctrl+s

    # The job, held where one layer is there and others are not.
    folder = home.runs / "first"
    terminal.wait_for(lambda _: (status := job_status(folder)) is not None and status.job.place >= 1)
    hold(folder)
    terminal.footer("go on", "open")
    status = job_status(folder)
    assert status is not None and status.condition == "paused" and 1 <= status.job.place < LAYERS
    terminal.wait_for(f"{status.job.place}/{LAYERS}")

    # The run, opened on what is there, and the layers that come.
    terminal.press(ENTER)
    terminal.wait_for(f"Neurons · {64 * status.job.place}")
    terminal.press("P")
    terminal.press("/", "layer:0 ", ENTER)
    terminal.wait_for(f"Neurons · 64 of {64 * LAYERS} · ")

    # Two neurons, and a report of them.
    terminal.press("mjm")
    terminal.wait_for(lambda screen: screen.count("◆") == 2)
    terminal.press("x")
    terminal.wait_for("Export 2 marked neurons")
    terminal.retype("report.html")
    terminal.press(ENTER)
    terminal.wait_for("2 neurons written")
    report = (home.folder / "report.html").read_text(encoding="utf-8")
    assert report.count('<section class="neuron"') == 2
    assert len(set(re.findall(r'<section class="neuron" id="(n\d+-\d+)"', report))) == 2

    assert not terminal.too_wide()
    terminal.press("q")
    terminal.wait_for("complete")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
