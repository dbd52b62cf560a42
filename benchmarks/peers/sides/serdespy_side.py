"""Differential transfer of a 4-port by serdespy: read the file with scikit-rf, then `four_port_to_diff`."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import sys
import time
from importlib.metadata import version
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
import serdespy
import skrf

folder = Path(sys.argv[1])
start = time.process_time()
network = skrf.Network(str(folder / "pair.s4p"))
answer = serdespy.four_port_to_diff(network, np.array([[0, 1], [2, 3]]), 50, 50)[0]
seconds = time.process_time() - start
np.savez(folder / "answer.npz", answer=np.asarray(answer).ravel(), seconds=seconds, version=version("serdespy"))
