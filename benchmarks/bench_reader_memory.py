"""Memory and time to read a large 4-port, beside scikit-rf in the same run: each reader in a process of its own.

python benchmarks/bench_reader_memory.py [--points 1000000] [--strict]

Peak memory is that of the whole process, the result included. Asked: at most 3 times the file, under half of scikit-rf's memory
and time, and under 1 GB for 1,000,000 points. Every 97th matrix is compared with what was written before anything is reported.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

POINTS_AT_ONCE = 2000
STEP_HZ = 1e5
EVERY = 97
LIMIT_PER_BYTE, LIMIT_RATIO, LIMIT_MB = 3.0, 0.5, 1000.0

READER = """
import json, sys, time
import numpy as np
def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
if sys.argv[1] == "sirf":
    from sirf.channel.touchstone import read_touchstone as read
else:
    from skrf import Network as read
    import warnings
    warnings.simplefilter("ignore")
start = time.process_time()
network = read(sys.argv[2])
took, peak = time.process_time() - start, peak_mb()
np.save(sys.argv[3], network.s[::int(sys.argv[4])])
print(json.dumps({"seconds": took, "peak_mb": peak, "points": len(network.s)}))
"""


def matrices(start: int, count: int) -> NDArray[np.complex128]:
    """Matrices (count, 4, 4) of the points from `start` on: any numbers with twelve digits and more."""
    angle = 0.37 * (np.arange(start, start + count)[:, None] + 0.011 * np.arange(16)[None, :])
    return np.asarray(0.5 * np.exp(1j * angle), dtype=np.complex128).reshape(count, 4, 4)


def write(path: Path, points: int) -> None:
    """A 4-port as analysers write it: one row of the matrix a line, twelve digits after the point."""
    with path.open("w") as file:
        file.write("# Hz S RI R 50\n")
        for start in range(0, points, POINTS_AT_ONCE):
            s = matrices(start, min(POINTS_AT_ONCE, points - start))
            rows = np.stack((s.real, s.imag), axis=-1).reshape(len(s), 4, 8).tolist()
            for number, point in enumerate(rows, start=start):
                lines = [" ".join(f"{value:.12e}" for value in row) for row in point]
                file.write(f"{number * STEP_HZ:.1f} " + "\n ".join(lines) + "\n")


def measured(reader: str, file: Path, folder: Path, points: int) -> dict[str, float]:
    """Time in s and peak in MB of one reader, its answer checked."""
    kept = folder / f"{reader}.npy"
    command = [sys.executable, "-c", READER, reader, str(file), str(kept), str(EVERY)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert answer["points"] == points, answer
    found = np.load(kept)
    expected = np.concatenate([matrices(start, 1) for start in range(0, points, EVERY)])
    assert np.abs(found - expected).max() < 1e-12
    return {key: float(answer[key]) for key in ("seconds", "peak_mb")}


def main() -> int:
    """Print memory and time; with --strict, 1 when a limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "large.s4p"
        write(file, options.points)
        size = file.stat().st_size / 2**20
        measured("sirf", file, folder, options.points)  # compiles
        ours = measured("sirf", file, folder, options.points)
        theirs = measured("scikit-rf", file, folder, options.points)
    print(f"file        {size:8.0f} MiB, {options.points} points of 4 ports")
    for label, values in (("sirf", ours), ("scikit-rf", theirs)):
        print(
            f"{label:<11} {values['peak_mb']:8.0f} MiB peak ({values['peak_mb'] / size:.2f} of the file), "
            f"{values['seconds']:.2f} s of processor time"
        )
    memory, seconds = ours["peak_mb"] / theirs["peak_mb"], ours["seconds"] / theirs["seconds"]
    print(f"ratio       {memory:.2f} of the memory, {seconds:.2f} of the time; asked {LIMIT_RATIO} each")
    missed = memory > LIMIT_RATIO or seconds > LIMIT_RATIO or ours["peak_mb"] > LIMIT_PER_BYTE * size
    missed |= options.points >= 1_000_000 and ours["peak_mb"] > LIMIT_MB
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
