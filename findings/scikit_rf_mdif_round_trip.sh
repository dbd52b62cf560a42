#!/usr/bin/env bash
# scikit-rf writes MDIF of three and more ports with column heads that go on without a mark; its own reader takes them for data.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install scikit-rf==2.2.0
venv/bin/python - <<'PY'
import sys
import numpy as np
import skrf
from skrf.io.mdif import Mdif
from skrf.networkSet import NetworkSet

print("package: scikit-rf", skrf.__version__)
s = 0.1 * np.ones((2, 3, 3), dtype=complex)
network = skrf.Network(f=[1, 2], f_unit="GHz", s=s, z0=50, name="three")
NetworkSet([network]).write_mdif("three.mdf")
print("input: a set of one 3-port, written by NetworkSet.write_mdif with its defaults")
print("expected: Mdif('three.mdf') gives the network back")
try:
    back = Mdif("three.mdf").networks[0]
except ValueError as error:
    print("seen: ValueError:", error)
    print("why it matters: a file that one tool wrote cannot be read by the same version of it; two ports can")
else:
    print("seen: read, largest difference", np.abs(back.s - s).max())
    sys.exit(1)
PY
