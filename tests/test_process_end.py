"""How the process of a command ends: as `sys.exit` ends it, without taking its memory apart."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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


@pytest.mark.skipif(sys.platform != "linux", reason="a device that takes nothing")
def test_a_full_disk_is_no_success() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, "-m", "sirf", "--version"], stdout=full, check=False)
    assert done.returncode != 0
