"""Differential transfer of a 4-port file through SignalIntegrity."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SignalIntegrity.Lib as si

folder = Path(sys.argv[1])
begin = time.process_time()
file = si.sp.SParameterFile(str(folder / "pair.s4p"), 50.0)
system = si.p.SystemSParametersNumericParser(file.f())
# mixed-mode converters on both sides: their ports are +, -, differential and common
system.AddLines(
    [
        f"device pair 4 file {folder / 'pair.s4p'}",
        "device left 4 mixedmode",
        "device right 4 mixedmode",
        "connect pair 1 left 1",
        "connect pair 3 left 2",
        "connect pair 2 right 1",
        "connect pair 4 right 2",
        "port 1 left 3 2 right 3 3 left 4 4 right 4",
    ]
)
answer = np.array(system.SParameters().Response(2, 1))
seconds = time.process_time() - begin
np.savez(folder / "answer.npz", answer=answer, seconds=seconds, version=version("SignalIntegrity"))
