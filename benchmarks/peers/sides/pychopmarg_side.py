"""COM of a workbook through PyChOpMarg."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pychopmarg.com import COM
from pychopmarg.excel import get_com_params

# it names every line of the workbook that it leaves aside
warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
given = np.load(folder / "com.npz")
settings = get_com_params(Path(str(given["workbook"])))
times = []
for _ in range(3):
    begin = time.process_time()
    margin = COM(settings, {"THRU": [Path(str(given["through"]))], "FEXT": [], "NEXT": []})
    margin.n_procs = 1
    answer = margin()
    times.append(time.process_time() - begin)
np.savez(folder / "answer.npz", answer=[answer], seconds=np.median(times), version=version("PyChOpMarg"))
