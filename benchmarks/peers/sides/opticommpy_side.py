"""Dispersion of a fibre through OptiCommPy."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from optic.models.channels import linearFiberChannel
from optic.utils import parameters

folder = Path(sys.argv[1])
given = np.load(folder / "fibre.npz")
fibre = parameters()
fibre.L, fibre.alpha, fibre.D = float(given["km"]), float(given["loss_db_per_km"]), float(given["dispersion"])
fibre.Fc, fibre.Fs = 299_792_458.0 / float(given["wavelength"]), float(given["rate"])
field = np.sqrt(given["power"]).astype(complex)
linearFiberChannel(field, fibre)
times = []
for _ in range(5):
    begin = time.process_time()
    answer = np.abs(linearFiberChannel(field, fibre).ravel()) ** 2
    times.append(time.process_time() - begin)
np.savez(folder / "answer.npz", answer=answer, seconds=np.median(times), version=version("OptiCommPy"))
