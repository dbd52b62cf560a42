"""A whole link as PyBERT runs it: channel from a file, a transmitter's AMI_GetWave, its own receiver, eyes, jitter."""

# mypy: ignore-errors
# the packages of this side are in an environment of its own

import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
import numpy as np
from pybert.pybert import PyBERT
from pyibisami.ami.model import AMIModel

warnings.simplefilter("ignore")
# PyBERT 11.1.0 decodes msg without asking whether the model left it NULL, as it may: without this it stops here
left_null = AMIModel.msg
AMIModel.msg = property(lambda self: left_null.fget(self) or b"")

folder = Path(sys.argv[1])
given = np.load(folder / "link.npz")
link = PyBERT(run_simulation=False, gui=False)
link.bit_rate, link.nspui = float(given["rate"]) / 1e9, int(given["samples_per_ui"])
link.nbits, link.eye_bits = int(given["symbols"]), int(given["symbols"]) - 4000
link.inter_sel, link.ch_file = "single", str(folder / "channel.s2p")
link.tx_ami_file, link.tx_dll_file = str(given["ami"]), str(given["so"])
link.tx_use_ami = link.tx_use_getwave = True
begin = time.process_time()
link.simulate(initial_run=True, update_plots=False)
seconds = time.process_time() - begin
loss = np.interp(0.5 * float(given["rate"]), link.ch_s2p_pre.f, np.abs(link.ch_s2p_pre.s[:, 1, 0]))
np.savez(folder / "answer.npz", answer=np.array([loss]), seconds=seconds, version=version("pipbert"))
