"""Small studies for tests: cheap links, every kind of axis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sirf.study.sweep import runner
from sirf.study.sweep.case import Case
from sirf.study.sweep.parts import Axis, Base, Sampling, Tolerance
from sirf.study.sweep.results import Results
from sirf.study.sweep.study import Study


def cheap(samples: int = 8, **changes: Any) -> Study:
    """Package substrate at two lengths with two tolerances, its equaliser held, loss and error ratio."""
    parts: dict[str, Any] = {
        "base": Base(path="cpo", standard="cei-112g-xsr", equalizer="fixed", crosstalk=False, step_mhz=80.0),
        "axes": (Axis("length_mm", (10.0, 20.0)),),
        "tolerances": (
            Tolerance(parameter="package_impedance", spread=0.03, relative=True),
            Tolerance(parameter="die_capacitance", spread=0.05, relative=True),
        ),
        "sampling": Sampling(samples=samples),
        "figures": ("ber", "insertion_loss_db"),
        "limits": {"ber": 1e-12},
        "title": "cheap",
    }
    return Study(**(parts | changes))


def evaluate_or_die(study: str, start: int, stop: int) -> list[Case]:
    """A worker that is killed while it computes case 5, whoever computes it."""
    if start <= 5 < stop:
        os.kill(os.getpid(), signal.SIGKILL)
    return EVALUATE(study, start, stop)


def evaluate_or_die_once(study: str, start: int, stop: int) -> list[Case]:
    """A worker that is killed while it computes case 5 for the first time."""
    marker = os.environ["SIRF_TEST_MARKER"]
    if start <= 5 < stop and not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return EVALUATE(study, start, stop)


EVALUATE = runner.evaluate


def fresh_sweep(file: Path, samples: int = 8) -> Results:
    """The cheap study swept by an interpreter of its own, which loads its kernels from the cache."""
    program = (
        "import sys\nfrom tests.study.sweep.studies import cheap\nfrom sirf.study.sweep.runner import sweep\n"
        "sweep(cheap(int(sys.argv[2])), results=sys.argv[1], workers=1)"
    )
    subprocess.run([sys.executable, "-c", program, str(file), str(samples)], check=True)
    return Results.load(file)
