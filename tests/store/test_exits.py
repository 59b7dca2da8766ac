import subprocess
import sys
from pathlib import Path

import pytest

from neuron_tui.store import errors
from neuron_tui.store import process as exits
from neuron_tui.store.process import guard, guarded


def raising(error: BaseException) -> int:
    def command() -> None:
        raise error

    return guard(command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("what\nto do"), 2),
        (errors.QueryError("what", "query", 2), 2),
        (errors.CorpusError("what"), 3),
        (errors.CheckpointError("what"), 3),
        (errors.RunNotFoundError("what"), 3),
        (errors.NeuronNotFoundError("what"), 3),
        (errors.RunConflictError("what"), 3),
        (errors.DiskFullError("what"), 3),
        (errors.RunDamagedError("what"), 4),
        (errors.RunPartialError("what"), 4),
        (errors.RunBusyError("what"), 4),
    ],
)
def test_each_error_has_the_exit_code_of_the_contract_and_its_message_alone(
    error: errors.NeuronTuiError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{error}\n"
    assert "what" in err


def test_an_interruption_is_130_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert raising(KeyboardInterrupt("finished layers are kept")) == 130
    assert capsys.readouterr().err == "finished layers are kept\n"


def test_a_fault_of_ours_is_1_one_line_and_a_traceback_in_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exits, "log_file", lambda: tmp_path / "log" / "neuron-tui.log")
    assert raising(ZeroDivisionError("odd")) == 1
    log = tmp_path / "log" / "neuron-tui.log"
    assert capsys.readouterr().err == f"a fault in neuron-tui (ZeroDivisionError): details are in {log}\n"
    assert "Traceback (most recent call last)" in log.read_text()
    assert "ZeroDivisionError: (a message of 3 characters, left out: it may hold text)" in log.read_text()
    raising(RecursionError("again"))
    assert log.read_text().count("Traceback") == 2


def test_a_fault_that_cannot_be_logged_is_still_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(exits, "log_file", lambda: tmp_path / "file" / "neuron-tui.log")
    assert raising(ZeroDivisionError("odd")) == 1
    told = capsys.readouterr().err
    assert "ZeroDivisionError: (a message of 3 characters, left out: it may hold text) in test_exits.py, line" in told


def test_a_message_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    raising(errors.InputError("no file \x1b[31m\x07x\u202e\nline two"))
    assert capsys.readouterr().err == "no file \\x1b[31m\\x07x\\u202e\nline two\n"


def test_what_a_command_returns_is_its_exit_code() -> None:
    assert guard(lambda: 4) == 4
    assert guard(lambda: None) == 0
    with pytest.raises(SystemExit) as ended:
        guarded(lambda code: code)(3)
    assert ended.value.code == 3


def test_a_reader_that_stops_early_is_no_error() -> None:
    script = (
        "from neuron_tui.store.process import guard\n"
        "import sys\n"
        "sys.exit(guard(lambda: [print('x' * 1000) for _ in range(10_000)] and 0))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
