"""Differential transfer of a 4-port by scikit-rf: read the file, renumber, to mixed mode."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import sys
import time
from pathlib import Path

import numpy as np
import skrf

folder = Path(sys.argv[1])
start = time.process_time()
network = skrf.Network(str(folder / "pair.s4p"))
network.renumber([1, 2], [2, 1])
network.se2gmm(p=2)
answer = network.s[:, 1, 0]
seconds = time.process_time() - start
np.savez(folder / "answer.npz", answer=answer, seconds=seconds, version=skrf.__version__)
