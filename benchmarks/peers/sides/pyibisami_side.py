"""AMI_GetWave through PyIBIS-AMI."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pyibisami.ami.model import AMIModel, AMIModelInitializer

folder = Path(sys.argv[1])
given = np.load(folder / "wave.npz")
interval, samples = float(given["interval"]), int(given["samples_per_ui"])
start = AMIModelInitializer({"root_name": "ffe", "taps": {"pre1": -0.1, "main": 0.7, "post1": -0.2}})
start.channel_response, start.row_size = given["impulse"], len(given["impulse"])
start.sample_interval, start.bit_time = interval, interval * samples
model = AMIModel(str(given["so"]))
model.initialize(start)
begin = time.process_time()
answer = model.getWave(given["wave"])[0]
seconds = time.process_time() - begin
np.savez(folder / "answer.npz", answer=answer, seconds=seconds, version=version("pyibis-ami"))
