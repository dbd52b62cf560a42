"""What long searches tell of how far they are: in order, up to the end, to one watcher, and to a bar with the time left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import pytest

import sirf
from sirf.execution import all_cores, stage, tell, watched_by
from tests.com.small import small_settings
from tests.plot.test_pictures import line

Told = list[tuple[str, float]]


def shares(told: Told) -> list[float]:
    return [share for _, share in told]


def test_stages_within_stages_share_their_part() -> None:
    told: Told = []
    with watched_by(lambda note, done, total: told.append((note, done / total))):
        with stage("first", 0, 2), stage("", 1, 2):
            tell("step", 1, 4)
        with stage("second", 1, 2):
            tell("step", 1, 2)
    tell("nobody listens", 1, 1)
    assert ("first, step", 0.3125) in told
    assert ("second, step", 0.75) in told
    assert shares(told) == sorted(shares(told))
    assert told[-1] == ("second", 1.0)


def test_com_tells_its_searches_in_order() -> None:
    channel = sirf.Channel(line(9.0), plane="die", name="board")
    told: Told = []
    with watched_by(lambda note, done, total: told.append((note, done / total))):
        sirf.com(channel, config=small_settings())
    notes = [note for note, _ in told]
    assert any("local search" in note for note in notes)
    assert any("full grid" in note for note in notes)
    assert all("package case 1 of 1" in note for note in notes if note)
    assert shares(told) == sorted(shares(told))
    assert told[-1][1] == 1.0


def test_the_equaliser_search_tells_where_it_is() -> None:
    channel = sirf.Channel(line(9.0), plane="die", name="board")
    told: Told = []
    with watched_by(lambda note, done, total: told.append((note, done / total))):
        link = sirf.Link(channel, standard="802.3ck-c2m").optimized()
    assert len(told) > 5
    assert all(0.0 <= share <= 1.0 for share in shares(told))
    assert shares(told)[-1] > 0.5
    assert link.equalizer_report is not None


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_bar_with_the_time_left_stands_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    script = (
        "from sirf.cli.output import progress\n"
        "from sirf.execution import tell\n"
        "import time\n"
        "with progress('search', watch=True, estimated=True):\n"
        "    for k in range(12):\n"
        "        tell('settings', k, 12)\n"
        "        time.sleep(0.15)\n"
    )
    seen = bytearray()

    def read(descriptor: int) -> bytes:
        data = os.read(descriptor, 4096)
        seen.extend(data)
        return data

    monkeypatch.setenv("TERM", "xterm")
    assert pty.spawn([sys.executable, "-c", script], read) == 0
    text = seen.decode(errors="replace")
    assert "settings" in text
    assert "0:00:01" in text  # some time is left, and says how much
    assert "left, an estimate" in text


def test_an_interrupt_of_this_process_alone_ends_its_workers() -> None:
    """Nothing waits for a minute of work that nobody wants any more."""
    workers: list[int] = []

    def interrupted() -> None:
        with all_cores(2) as pool:
            before = {child.pid for child in active_children()}
            pool.submit(time.sleep, 60.0)
            workers.extend(child.pid for child in active_children() if child.pid and child.pid not in before)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert workers or os.cpu_count() == 1 or sys.platform != "linux"
    for worker in workers:
        # the system is asked: a worker that the executor's thread has seen end counts as active until that thread goes on
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a worker waits for its parent's next word")
@pytest.mark.parametrize(
    "pool",
    [
        "from sirf.execution import all_cores; held = all_cores(2); pool = held.__enter__()",
        "from sirf.study.sweep.runner import _begin_worker, _context; from concurrent.futures import ProcessPoolExecutor; "
        "pool = ProcessPoolExecutor(2, mp_context=_context(), initializer=_begin_worker)",
    ],
)
def test_workers_end_with_a_parent_that_is_killed(pool: str) -> None:
    asked = "print(pool.submit(os.getpid).result(), flush=True); pool.submit(time.sleep, 60).result()"
    code = f"import os, time; {pool}; {asked}"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    if worker == parent.pid:
        # one core alone: there is no worker
        return
    ends = time.monotonic() + 20.0
    while _lives(worker) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(process: int) -> bool:
    """Whether a process runs: one that has ended may stand in the list until it is asked for its exit code."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX"
