"""One running instance of a model, in a process of its own.

Loading a vendor's shared object is running foreign code with the rights of this user. It is kept in a separate process without
the parent's environment, in a folder of its own, and ends with it; a crash, a hang or printing there is one sentence here.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from sirf._arrays import Float
from sirf.ami import worker
from sirf.ami.shared_object import check_runs_here
from sirf.errors import AmiError

TIME_LIMIT = 60.0
"""Seconds that one call may take, unless the model is given another limit."""
GUARD = 64
"""Doubles between waveform and clock times that no model may write to."""
MARK = -7.25e300
PRINTED = 4096
"""Bytes of what a model prints that are kept."""
CLOCK_ROOM = 4
"""Clock times that fit for each that is expected: the interface has no argument for the room."""


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What a call of a model gave: its result, AMI_parameters_out and msg, as text."""

    result: int | None
    out: str | None = None
    message: str | None = None


class Instance:
    """A shared object loaded in a process; a context manager that closes it.

    `samples` is the largest waveform or impulse matrix in doubles, `clocks` the most clock times of a call. `environment`
    is all the environment that the process has; `folder` where it works (a new one by default, removed at the end).
    `time_limit` in s holds for each call.

    Raises `AmiError` for a shared object of another machine, one that does not load, and one without AMI_Init.
    """

    def __init__(
        self,
        so: str | Path,
        *,
        samples: int,
        clocks: int = 0,
        name: str = "",
        time_limit: float = TIME_LIMIT,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.file = Path(so).resolve()
        self.name = name or self.file.name
        self.time_limit = time_limit
        # before it is loaded: a shared object of another machine ends the process without a word
        check_runs_here(self.file)
        if os.name != "posix":
            raise AmiError(f"{self.name} must run on Linux or macOS, got {sys.platform}. Use one of these.")
        # a folder of its own, in memory where there is such a place: waveforms go to and fro through it
        self._own = Path(tempfile.mkdtemp(prefix="sirf-ami-", dir=_memory_folder()))
        self._process: subprocess.Popen[bytes] | None = None
        self._printed, self._printed_bytes, self._waiting = b"", 0, ""
        try:
            self._map(samples, clocks)
            self._start(environment or {}, folder or self._own)
            answer = self._call("load", str(self.file), str(self._own / "waves"), self._size, doing="loading")
            if "error" in answer:
                raise AmiError(f"{self.name} must load, got: {answer['error']}. Give what it needs, or another build.")
            self.symbols: tuple[str, ...] = tuple(answer["symbols"])
            if "AMI_Init" not in self.symbols:
                raise AmiError(f"{self.name} must have the function AMI_Init, got none. Is it an IBIS-AMI model?")
        # any failure on the way leaves no process and no folder behind
        except BaseException:
            self.kill()
            raise

    def _map(self, samples: int, clocks: int) -> None:
        # more clock times than symbols: the interface tells the model nothing of the room
        self.samples, self._clock_count = samples, CLOCK_ROOM * clocks + GUARD
        self._clock_start = samples + GUARD
        total = self._clock_start + self._clock_count + GUARD
        self._size = total * worker.DOUBLE
        # a file that both processes map: waveforms are not copied through a pipe
        with open(self._own / "waves", "w+b") as file:
            file.truncate(self._size)
            self._memory = mmap.mmap(file.fileno(), self._size)
        self._values: Float = np.frombuffer(self._memory, dtype=np.float64)
        self.wave: Float = self._values[:samples]
        # marked places on both sides of what the model may write to
        self._guards = (self._values[samples : samples + GUARD], self._values[total - GUARD :])
        self._clocks = self._values[self._clock_start : self._clock_start + self._clock_count]
        for guard in self._guards:
            guard[:] = MARK

    def _start(self, environment: Mapping[str, str], folder: Path) -> None:
        # isolated and without site packages: it starts in a few hundredths of a second
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", worker.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # the environment that the caller names, and nothing of the parent's
            env=dict(environment),
            cwd=folder,
            # a group of its own: what the model itself starts ends with it
            start_new_session=True,
            bufsize=0,
        )
        self._selector = selectors.DefaultSelector()
        for stream, what in ((self._process.stdout, "answer"), (self._process.stderr, "printed")):
            assert stream is not None
            # a model that prints without end must not block the answer
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, what)
        self._line = b""

    @property
    def pid(self) -> int:
        """Number of the model's process, for what measures it."""
        if self._process is None:
            raise AmiError(f"{self.name} must be open to have a process, got a closed instance. Open it again.")
        return self._process.pid

    @property
    def has_getwave(self) -> bool:
        """Whether the shared object has AMI_GetWave."""
        return "AMI_GetWave" in self.symbols

    @property
    def printed(self) -> str:
        """The beginning of what the model wrote to standard output or standard error."""
        self._drain()
        return self._printed.decode("utf-8", errors="replace").strip()

    @property
    def printed_bytes(self) -> int:
        """How much it wrote there in all."""
        self._drain()
        return self._printed_bytes

    def init(
        self, matrix: Float | None, *, sample_interval: float, bit_time: float, parameters: str
    ) -> tuple[Float, ModelReply]:
        """AMI_Init on `matrix` (columns, rows): the through response first, one column for each aggressor; V/s.

        Gives the matrix that comes back and the answer. Raises `AmiError` where the model fails.
        """
        given = np.atleast_2d(np.zeros((1, 1)) if matrix is None else matrix)
        columns, rows = given.shape
        # columns one after the other, as the interface has them
        self.wave[: columns * rows] = given.reshape(-1)
        answer = self._answer(
            "init", rows, columns - 1, sample_interval, bit_time, parameters, doing="AMI_Init", size=columns * rows
        )
        return self.wave[: columns * rows].reshape(columns, rows).copy(), answer

    def resolve(self, *, sample_interval: float, bit_time: float, parameters: str) -> ModelReply:
        """AMI_Resolve; `AmiError` where the function is missing or fails."""
        if "AMI_Resolve" not in self.symbols:
            raise AmiError(f"{self.name} must have AMI_Resolve, got none though its file promises it. Ask the vendor.")
        return self._answer("resolve", sample_interval, bit_time, parameters, doing="AMI_Resolve", size=0)

    def start_getwave(self, samples: int) -> None:
        """Send the first `samples` of `wave` into AMI_GetWave and return at once; `finish_getwave` waits for them."""
        if not self.has_getwave:
            raise AmiError(f"{self.name} must have AMI_GetWave, got none though its file promises it. Ask the vendor.")
        # a model without clock times leaves the mark at the front as it is, and all that follows
        if self._clocks[0] != -1.0:
            self._clocks[:] = -1.0
        self._sent = samples
        # right behind this block too: a shorter one leaves room that is none of its own
        self._values[samples : samples + GUARD] = MARK
        self._send("getwave", samples, self._clock_start, doing="AMI_GetWave")

    def finish_getwave(self) -> tuple[Float, ModelReply]:
        """Clock times (k,) in s from the start of the run and the answer; the waveform is in `wave`."""
        answer = self._checked(self._receive(), size=self._sent)
        # the end is marked by -1; a tick may lie before the first sample
        count = 0
        if self._clocks[0] != -1.0:
            # the first -1 ends the times; where none is left the model has filled the room
            ends = self._clocks == -1.0
            count = int(np.argmax(ends)) if ends.any() else len(self._clocks)
        return self._clocks[:count].copy(), answer

    def getwave(self, wave: Float) -> tuple[Float, Float, ModelReply]:
        """One call of AMI_GetWave: the waveform (n,) that comes back, clock times (k,) in s, the answer."""
        self.wave[: len(wave)] = wave
        self.start_getwave(len(wave))
        clocks, answer = self.finish_getwave()
        return self.wave[: len(wave)].copy(), clocks, answer

    def memory(self) -> int:
        """Bytes that the process holds."""
        return int(self._call("memory", doing="memory")["bytes"])

    def close_model(self) -> int | None:
        """AMI_Close of the open instance; its result, None where the function is missing or nothing is open."""
        result = self._call("close", doing="AMI_Close")["result"]
        return None if result is None else int(result)

    def close(self) -> None:
        """AMI_Close, then the end of the process; what fails here is no more than the end of a run that is over."""
        # a process that has ended has nothing to close
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(AmiError):
                self.close_model()
        self.kill()

    def kill(self) -> None:
        """End the process at once and remove its folder."""
        process = self._process
        if process is not None:
            # the whole group, and no matter if it has gone
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            self._selector.close()
            self._process = None
        shutil.rmtree(self._own, ignore_errors=True)

    def __enter__(self) -> Instance:
        """The instance itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; at once after an error."""
        if kind is None:
            self.close()
        else:
            self.kill()

    def __del__(self) -> None:
        """An instance that nobody closed ends here."""
        with contextlib.suppress(Exception):
            self.kill()

    def _answer(self, name: str, *arguments: Any, doing: str, size: int) -> ModelReply:
        # behind what this call may write to
        self._values[size : size + GUARD] = MARK
        return self._checked(self._call(name, *arguments, doing=doing), size=size)

    def _checked(self, answer: dict[str, Any], *, size: int) -> ModelReply:
        doing, message = self._waiting, answer.get("message")
        # looked at after every call: the one that wrote beyond is named
        if any(np.any(guard != MARK) for guard in (*self._guards, self._values[size : size + GUARD])):
            raise AmiError(
                f"{self.name} must keep to its waveform, got writing beyond its end in {doing}. Ask the vendor."
            )
        # zero is failure in the interface
        if not answer["result"]:
            said = message or self.printed or "no message"
            raise AmiError(
                f"{self.name} must accept its settings, got failure of {doing}: {said.strip()}. Change them."
            )
        return ModelReply(int(answer["result"]), answer.get("out"), message)

    def _call(self, name: str, *arguments: Any, doing: str) -> dict[str, Any]:
        self._send(name, *arguments, doing=doing)
        return self._receive()

    def _send(self, name: str, *arguments: Any, doing: str) -> None:
        process = self._process
        if process is None:
            raise AmiError(f"{self.name} must be open for {doing}, got a closed instance. Open it again.")
        self._waiting = doing
        assert process.stdin is not None
        # a process that has died says so when its answer is awaited
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps([name, *arguments]).encode() + b"\n")

    def _receive(self) -> dict[str, Any]:
        """The next answer; kills the process where it is late, says how it ended where it has."""
        # for the whole call, however many pieces its answer comes in
        end = time.monotonic() + self.time_limit
        while b"\n" not in self._line:
            left = end - time.monotonic()
            if left <= 0:
                said = self._said()
                self.kill()
                raise AmiError(
                    f"{self.name} must answer within {self.time_limit:g} s, got none from {self._waiting}{said}. "
                    "It was ended; give a longer time_limit, or ask the vendor."
                )
            for key, _ in self._selector.select(left):
                if not self._read(key.data, key.fileobj):  # type: ignore[arg-type]  # both are pipes
                    self._ended()
        line, _, self._line = self._line.partition(b"\n")
        return dict(json.loads(line))

    def _read(self, what: str, stream: IO[bytes]) -> bool:
        data = stream.read(1 << 16)
        if not data:
            if what == "answer":
                return False
            self._selector.unregister(stream)
            return True
        # an answer may come in pieces
        if what == "answer":
            self._line += data
        else:
            self._printed_bytes += len(data)
            # the beginning only: some models print with every block
            self._printed += data[: max(PRINTED - len(self._printed), 0)]
        return True

    def _drain(self) -> None:
        """Take what the model has printed by now; nothing from one that is closed."""
        if self._process is None:
            return
        for key, _ in self._selector.select(0):
            if key.data == "printed":
                self._read("printed", key.fileobj)  # type: ignore[arg-type]

    def _ended(self) -> None:
        process = self._process
        assert process is not None
        self._drain()
        # its own words first: they tell more than a signal's number
        code = process.wait()
        said = self._said()
        self.kill()
        if code < 0:
            how = f"a crash with signal {-code} ({signal.Signals(-code).name})"
        else:
            how = f"the end of its process with code {code}"
        raise AmiError(f"{self.name} must keep running, got {how} in {self._waiting}{said}. Ask the vendor.")

    def _said(self) -> str:
        return f"; it printed {self.printed[-200:]!r}" if self.printed else ""


def _memory_folder() -> str | None:
    """Where files live in memory, if the system has such a place."""
    place = "/dev/shm"
    return place if os.path.isdir(place) and os.access(place, os.W_OK) else None
