"""The process that loads a model: run as a script by `sirf.ami.host`, with the standard library alone.

It is foreign code that runs here. Commands come as JSON lines on standard input, answers go out on what was standard output;
what the model prints itself goes to standard error, where the host reads it. Waveforms lie in a file that both map.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import os
import signal
import sys

# nothing of `typing`: to import it takes a seventh of the start
DOUBLE = ctypes.sizeof(ctypes.c_double)
PR_SET_PDEATHSIG = 1
Long, Double, Pointer, Text = ctypes.c_long, ctypes.c_double, ctypes.c_void_p, ctypes.c_char_p


class Model:
    """One instance of a shared object: its functions, its memory handle, the shared waveforms."""

    def __init__(self, file: str, shared: str, size: int) -> None:
        descriptor = os.open(shared, os.O_RDWR)
        # the file is mapped, and needs no descriptor
        self.map = mmap.mmap(descriptor, size)
        os.close(descriptor)
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        # all symbols at once: what is missing is said when it is loaded, not in the middle of a run
        self.library = ctypes.CDLL(file, mode=os.RTLD_NOW | os.RTLD_LOCAL)
        self.handle, self.resolve_handle = Pointer(None), Pointer(None)
        self.init, self.getwave, self.close, self.resolve, self.resolve_close = (
            getattr(self.library, name, None)
            for name in ("AMI_Init", "AMI_GetWave", "AMI_Close", "AMI_Resolve", "AMI_Resolve_Close")
        )
        self._declare()

    def _declare(self) -> None:
        text_out, handle_out = ctypes.POINTER(Text), ctypes.POINTER(Pointer)
        if self.init is not None:
            self.init.argtypes = [Pointer, Long, Long, Double, Double, Text, text_out, handle_out, text_out]
        if self.getwave is not None:
            self.getwave.argtypes = [Pointer, Long, Pointer, text_out, Pointer]
        if self.resolve is not None:
            self.resolve.argtypes = [Double, Double, Text, text_out, handle_out, text_out]
        for function in (self.close, self.resolve_close):
            if function is not None:
                function.argtypes = [Pointer]
        for function in (self.init, self.getwave, self.close, self.resolve, self.resolve_close):
            if function is not None:
                function.restype = Long

    def symbols(self) -> list[str]:
        """Names of the functions that the shared object has."""
        found = (
            ("AMI_Init", self.init),
            ("AMI_GetWave", self.getwave),
            ("AMI_Close", self.close),
            ("AMI_Resolve", self.resolve),
            ("AMI_Resolve_Close", self.resolve_close),
        )
        return [name for name, function in found if function is not None]

    def run_init(
        self, rows: int, aggressors: int, interval: float, bit_time: float, parameters: str
    ) -> dict[str, object]:
        """AMI_Init on the impulse matrix at the start of the shared memory; an earlier instance is closed first."""
        assert self.init is not None
        # a new instance takes the place of the one before
        self.run_close()
        out, message, handle = Text(None), Text(None), Pointer(None)
        result = self.init(
            self.base,
            rows,
            aggressors,
            interval,
            bit_time,
            parameters.encode(),
            ctypes.byref(out),
            ctypes.byref(handle),
            ctypes.byref(message),
        )
        self.handle = handle
        return {"result": result, "out": _text(out), "message": _text(message)}

    def run_getwave(self, samples: int, clocks: int) -> dict[str, object]:
        """AMI_GetWave on the waveform at the start of the shared memory, clock times `clocks` doubles behind it."""
        assert self.getwave is not None
        out = Text(None)
        result = self.getwave(self.base, samples, self.base + clocks * DOUBLE, ctypes.byref(out), self.handle)
        return {"result": result, "out": _text(out)}

    def run_resolve(self, interval: float, bit_time: float, parameters: str) -> dict[str, object]:
        """AMI_Resolve, then AMI_Resolve_Close where there is one.

        Two numbers, sample interval and bit time, then text in, text out, handle and message, as AMI_Init has them: an assumption
        by analogy. The function is of IBIS 6.1 (BIRD155.2), whose text was not at hand; the open discussions of it (ibis-macro
        list, 2013) and PyIBIS-AMI say what it is for, none has its prototype.
        """
        assert self.resolve is not None
        out, message, handle = Text(None), Text(None), Pointer(None)
        result = self.resolve(
            interval, bit_time, parameters.encode(), ctypes.byref(out), ctypes.byref(handle), ctypes.byref(message)
        )
        answer = {"result": result, "out": _text(out), "message": _text(message)}
        # its memory is given back at once: all it said has been copied
        if self.resolve_close is not None and handle.value:
            self.resolve_close(handle)
        return answer

    def run_close(self) -> dict[str, object]:
        """AMI_Close of an open instance; result None where nothing was open or the function is missing."""
        result = None
        if self.handle.value and self.close is not None:
            result = self.close(self.handle)
        self.handle = Pointer(None)
        return {"result": result}


def _text(pointer: ctypes.c_char_p) -> str | None:
    value = pointer.value
    return None if value is None else value.decode("utf-8", errors="replace")


def _resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not say."""
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        # SIGKILL with the parent: no model outlives the run that opened it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _quiet_core() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        # no core file of a crash: it would hold the waveforms
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve commands until standard input ends."""
    _die_with_parent()
    _quiet_core()
    # the model owns standard output from here on: it is sent where standard error goes
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    # Ctrl-C is the parent's
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    flush = ctypes.CDLL(None).fflush
    flush.argtypes = [Pointer]
    model: Model | None = None
    for line in sys.stdin:
        command = json.loads(line)
        name, arguments = command[0], command[1:]
        answer: dict[str, object]
        if name == "load":
            try:
                model = Model(*arguments)
                answer = {"symbols": model.symbols()}
            except OSError as error:
                answer = {"error": str(error)}
        elif name == "memory":
            answer = {"bytes": _resident()}
        else:
            assert model is not None
            answer = getattr(model, f"run_{name}")(*arguments)
        # what the model has printed goes out with the answer that belongs to it
        flush(None)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
