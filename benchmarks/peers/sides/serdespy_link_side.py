"""Symbol errors through serdespy's receiver: its white noise, its FFE and its decisions at one sample a symbol."""

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

folder = Path(sys.argv[1])
given = np.load(folder / "errors.npz")
np.random.seed(1)  # noqa: NPY002  # its noise comes from NumPy's shared generator
times = []
for _ in range(3):
    begin = time.process_time()
    receiver = serdespy.Receiver(
        given["samples"], 1, 1.0, given["levels"], shift=False, main_cursor=float(given["main_cursor"])
    )
    receiver.noise(float(given["noise"]))
    receiver.slice_signal()
    receiver.FFE_BR(given["ffe"], int(given["ffe_main"]))
    # its decisions, with nothing fed back
    receiver.pam4_DFE_BR(np.zeros(1))
    times.append(time.process_time() - begin)
# the ends lack neighbours
wrong = (receiver.symbols_out != given["sent"])[100:-100]
np.savez(folder / "answer.npz", answer=[wrong.mean()], seconds=np.median(times), version=version("serdespy"))
