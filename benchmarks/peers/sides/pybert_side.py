"""AMI_GetWave as PyBERT runs it: `pybert.utility.ibisami.run_ami_model`, with its 40 bits a call for the responses."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
import numpy as np
from pybert.utility.ibisami import run_ami_model
from pyibisami.ami.model import AMIModel
from pyibisami.ami.parser import AMIParamConfigurator

# PyBERT 11.1.0 decodes msg without asking whether the model left it NULL, as it may: without this it stops here
left_null = AMIModel.msg
AMIModel.msg = property(lambda self: left_null.fget(self) or b"")

folder = Path(sys.argv[1])
given = np.load(folder / "wave.npz")
interval, samples = float(given["interval"]), int(given["samples_per_ui"])
settings = AMIParamConfigurator(Path(str(given["ami"])).read_text())
for name, value in (("pre1", -0.1), ("main", 0.7), ("post1", -0.2)):
    settings.set_param_val(["Model_Specific", "taps", name], value)
begin = time.process_time()
answer = run_ami_model(
    str(given["so"]), settings, True, interval * samples, interval, given["impulse"] * interval, given["wave"]
)[0]
seconds = time.process_time() - begin
np.savez(folder / "answer.npz", answer=answer, seconds=seconds, version=version("pipbert"))
