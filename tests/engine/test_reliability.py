"""A few trials of the campaigns on hostile models and texts (tests/reliability), and who an engine ends with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from tokenizers import Tokenizer, models, normalizers

from neuron_tui.engine.corpus.encoding import encoded
from neuron_tui.engine.model.normaliser import refuse_growth
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.process import ASKED_BY
from tests.reliability import configurations, inputs


def test_no_absurd_configuration_gives_other_numbers_or_a_bad_end() -> None:
    assert configurations.run(times=8, seed=7, families=("gpt_neo", "phi3")) == []


_QUICK = (
    *("integers as weights", "a weight in two shards", "index that names '..'", "tokenizer_config.json is a fifo"),
    *("pickle of weights on no device", "normaliser that doubles 40 times"),
    *("table of a normaliser that is broken", "expression that takes for ever", "no word for what is unknown"),
    *("text below that is a fifo", "gzip of 10 GB, little wanted", "links in a circle"),
    *("a text that is cut while it is read", "a text that grows without end", "names that act on terminals"),
)


def test_bad_inputs_have_a_clear_end() -> None:
    cases = [case for case in inputs.CASES if case.name in _QUICK]
    assert len(cases) == len(_QUICK)
    assert inputs.run(cases) == []


def test_a_normaliser_is_refused_for_what_it_makes_of_text_and_not_for_its_rules() -> None:
    def refuse(*rules: normalizers.Normalizer) -> None:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence(list(rules))  # type: ignore[assignment]
        refuse_growth("m", tokenizer)

    apart = [normalizers.Replace(letter, letter * 10) for letter in "abcdef"]  # each letter becomes ten, none more
    refuse(normalizers.NFKD(), normalizers.Prepend("▁"), normalizers.Replace(" ", "▁"), *apart)
    with pytest.raises(CheckpointError, match="model m: its tokeniser's normaliser makes over 20 characters"):
        refuse(normalizers.Replace("a", "bbbbb"), normalizers.Replace("b", "aaaaa"))


def test_a_tokeniser_that_fails_is_named_and_stderr_is_there_again(capfd: pytest.CaptureFixture[str]) -> None:
    words = Tokenizer(models.WordLevel({"a": 0}, unk_token="none"))  # type: ignore[call-arg]
    with pytest.raises(CheckpointError, match="the model's tokeniser fails on the text"):
        encoded(words, ["a", "b"])
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


_CHILD = """
import sys
from neuron_tui.engine.asked_by import end_with_whoever_asks
end_with_whoever_asks()
print("busy", flush=True)
while True: pass
"""
_PARENT = f"""
import subprocess, sys, time
from neuron_tui.tui.jobs.engine_process import ending_with_us
child = subprocess.Popen([sys.executable, "-c", {_CHILD!r}], env=ending_with_us())
time.sleep(600)
"""


def test_an_engine_that_somebody_waits_for_ends_with_them_however_they_end() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None and parent.stdout.readline() == b"busy\n"
        parent.kill()
        assert parent.stdout.read() == b""  # the engine has closed it too: it is gone


def test_an_engine_whose_asker_is_gone_already_does_not_begin() -> None:
    gone = os.environ | {ASKED_BY: "1"}
    done = subprocess.run([sys.executable, "-c", _CHILD], env=gone, capture_output=True, check=False, timeout=60)
    assert done.returncode in (130, -signal.SIGTERM) and done.stdout == b""
