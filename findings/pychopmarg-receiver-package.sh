#!/usr/bin/env bash
# PyChOpMarg turns the receiver's die but not the two lines of its package: equal devices at both ends of an ideal wire are no mirror image.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install PyChOpMarg==3.4.0
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import skrf
from pychopmarg.com import COM
from pychopmarg.config.ieee_8023dj import IEEE_8023dj as parameters

print("package: PyChOpMarg", version("pychopmarg"), "with scikit-rf", skrf.__version__)
frequency = np.arange(8001) * 10e6
wire = np.zeros((frequency.size, 2, 2), dtype=complex)
wire[:, 0, 1] = wire[:, 1, 0] = np.exp(-2j * np.pi * frequency * 1e-9)
channel = skrf.Network(f=frequency, f_unit="Hz", s=wire, z0=100)
print("input: an ideal 100 ohm wire of 1 ns between the devices of the package's own IEEE_8023dj, which are equal at both ends:")
print(f"       lines of {parameters.z_c} ohm, {parameters.z_p[0]} and {parameters.z_pB} mm; dies {parameters.C_d[0]} and {parameters.C_d[1]} nF")
com = COM(parameters, {"THRU": [channel], "FEXT": [], "NEXT": []})
near, far = com.sPkgTx, com.sPkgRx
print("expected: the receiver's device is the transmitter's seen from its other side (802.3 Annex 93A.1.2: die, long line, short line, board,")
print("          and back), so that the whole is symmetric: S11 = S22, and the reflections of the two devices agree side by side")
die_side = np.abs(near.s[:, 0, 0] - far.s[:, 1, 1]).max()
whole, mirrored = near**far, near**near.flipped()
to_40_ghz = slice(1, 4001)
change = np.abs(20 * np.log10(np.abs(whole.s[to_40_ghz, 1, 0] / mirrored.s[to_40_ghz, 1, 0]))).max()
print(f"seen: reflections at the die differ by up to {die_side:.3f}, S11 of the whole differs from S22 by up to",
      f"{np.abs(whole.s[:, 0, 0] - whole.s[:, 1, 1]).max():.3f}, the loss up to 40 GHz from that of the mirror image by {change:.2f} dB")
print("why it matters: a user who compares COM between tools finds a difference on every channel whose package has two unlike lines,")
print("                and looks for it in the search or the noise, while it is the order of two pieces")
sys.exit(0 if die_side > 0.01 and np.abs(far.s[:, 1, 0] - near.s[:, 0, 1]).max() > 0.001 else 1)
PY
