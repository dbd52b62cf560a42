"""How the process of a command ends: as `sys.exit` ends it, without taking its memory apart."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sirf import __main__ as entry
from sirf.__main__ import leave

SCRIPT = """
import atexit
import sys
import threading

class Kept:
    def __del__(self):
        print("taken apart")

kept = Kept()
atexit.register(print, "exit handler")
from sirf import __main__ as entry

def late():
    # until the last line of the script is done
    threading.main_thread().join()
    print("thread done")

if "thread" in sys.argv:
    threading.Thread(target=late).start()
sys.argv = ["sirf", *sys.argv[1].split()]
entry.run()
"""


def _ended(words: str, how: str = "plain") -> tuple[int, list[str]]:
    """Exit code and last lines of a process that runs a command."""
    command = [sys.executable, "-c", SCRIPT, words, how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(("words", "code"), [("--version", 0), ("fec --ber 2", 2), ("fec --ber 1e-4", 0)])
def test_exit_handlers_run_and_memory_is_left_to_the_system(words: str, code: int) -> None:
    found, lines = _ended(words)
    assert found == code
    assert lines[-1] == "exit handler"


def test_a_thread_that_still_works_is_waited_for() -> None:
    found, lines = _ended("--version", "thread")
    assert found == 0
    assert lines[-3:] == ["thread done", "exit handler", "taken apart"]


def test_a_profiler_sees_the_usual_end() -> None:
    sys.setprofile(lambda *event: None)
    try:
        with pytest.raises(SystemExit) as end:
            leave(3)
    finally:
        sys.setprofile(None)
    assert end.value.code == 3


def test_a_pipe_gets_all_that_is_printed() -> None:
    command = [sys.executable, "-m", "sirf", "fec", "--ber", "1e-4", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0]["line_ber"] == 1e-4


needs_full_device = pytest.mark.skipif(sys.platform != "linux", reason="a device that takes nothing")


@needs_full_device
# the streams of the process: written at once, or held back and written at the end
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["--version", "--help", "study", "fec --ber 1e-4", "fec --ber 1e-4 --json -"])
def test_a_full_disk_is_said_in_one_sentence(words: str, unbuffered: str) -> None:
    command = [sys.executable, "-m", "sirf", *words.split()]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert said == "sirf: output must be written whole, got No space left on device. Make room, or write it elsewhere."
    # nor does the interpreter complain of the stream as it ends
    assert "Error" not in done.stderr


@needs_full_device
def test_an_error_without_room_for_its_message_keeps_its_code() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, "-m", "sirf", "fec", "--ber", "2"], stderr=full, check=False)
    assert done.returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors by a shell")
@pytest.mark.parametrize(("words", "code"), [("--version", 0), ("materials --json -", 0), ("fec --ber 2", 2)])
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_streams_that_the_caller_closed_are_done_without(words: str, code: int, closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m sirf {words} {closed}"], capture_output=True, check=False
    )
    assert done.returncode == code
    assert b"internal error" not in done.stderr


def test_a_missed_limit_keeps_its_code_where_the_reader_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        """A pipe that is written when the command is done, and whose reader has left by then."""

        def flush(self) -> None:
            if not self.closed:
                raise BrokenPipeError

        def fileno(self) -> int:
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(entry, "_outcome", lambda arguments: 1)
    monkeypatch.setattr(sys, "stdout", Closed())
    assert entry.main([]) == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_files_are_written_though_the_reader_of_the_text_has_left(tmp_path: Path, unbuffered: str) -> None:
    file = tmp_path / "fec.json"
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    # more text than a pipe or a buffer holds back
    command = [sys.executable, "-m", "sirf", "fec", "--json", str(file), *["--ber", "1e-4"] * 200]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(file.read_text(encoding="utf-8"))) == 200
