#!/usr/bin/env bash
# serdespy asks for the ports of a 4-port (port_def) and never reads the answer: every file is taken as ports 1, 3 in and 2, 4 out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install serdespy==1.0 scikit-rf==2.2.0 numpy==2.4.6 scipy==1.17.1 matplotlib==3.11.1 2>pip.log || { cat pip.log; exit 1; }
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import serdespy
import skrf

print("package: serdespy", version("serdespy"), "with scikit-rf", skrf.__version__)
f = np.linspace(0, 20e9, 401)
through = 0.5 * np.exp(-2j * np.pi * f * 1e-9)


def pair(ports_in, ports_out):
    """Two equal matched wires without coupling."""
    s = np.zeros((f.size, 4, 4), dtype=complex)
    for near, far in zip(ports_in, ports_out, strict=True):
        s[:, near, far] = s[:, far, near] = through
    return skrf.Network(f=f, f_unit="Hz", s=s, z0=50)


def seen(network, port_def):
    h = serdespy.four_port_to_diff(network, np.array(port_def), 50, 50)[0]
    return float(np.abs(h[1]))


print("input: two equal wires of 6 dB, once with ports 1, 3 in and 2, 4 out, once with ports 1, 2 in and 3, 4 out; port_def as documented,")
print("       [[TX1, RX1], [TX2, RX2]] from 0")
print("expected: the same transfer function (0.25 between 50 ohm at both ends) for both files, each with its own port_def")
odd = seen(pair((0, 2), (1, 3)), [[0, 1], [2, 3]])
halves = seen(pair((0, 1), (2, 3)), [[0, 2], [1, 3]])
without = seen(pair((0, 1), (2, 3)), [[0, 1], [2, 3]])
print(f"seen: ports 1, 3 in: {odd:.4f}; ports 1, 2 in: {halves:.4f} with its port_def, {without:.4f} with that of the other file")
print("why it matters: both orders are common in published channels; the second reads as no connection at all, and no word is said")
sys.exit(0 if abs(odd - 0.25) < 1e-6 and halves < 1e-6 and halves == without else 1)
PY
