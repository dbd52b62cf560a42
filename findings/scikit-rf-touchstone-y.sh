#!/usr/bin/env bash
# scikit-rf undoes the normalisation of Y, G and H in Touchstone 1 files as if they were Z: every entry is multiplied by R.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install scikit-rf==2.2.0
# one network four times: 50 ohm in series, then 50 ohm to ground. Touchstone 1 holds matrices normalised by R: Z/R, Y R,
# h11/R h12 h21 h22 R, and g11 R g12 g21 g22/R; two ports stand in the order 11 21 12 22
printf '# GHz Z RI R 50\n1 2 0 1 0 1 0 1 0\n2 2 0 1 0 1 0 1 0\n' >z.s2p
printf '# GHz Y RI R 50\n1 1 0 -1 0 -1 0 2 0\n2 1 0 -1 0 -1 0 2 0\n' >y.s2p
printf '# GHz H RI R 50\n1 1 0 -1 0 1 0 1 0\n2 1 0 -1 0 1 0 1 0\n' >h.s2p
printf '# GHz G RI R 50\n1 .5 0 .5 0 -.5 0 .5 0\n2 .5 0 .5 0 -.5 0 .5 0\n' >g.s2p
venv/bin/python - <<'PY'
import sys

import numpy as np
import skrf

print("package: scikit-rf", skrf.__version__)
print("input: 50 ohm in series and 50 ohm to ground, as Z, Y, H and G in Touchstone 1 files with R 50")
print("expected: S11 0.2, S21 0.4, S12 0.4, S22 -0.2 from all four, by the chain matrix [[2, 50], [0.02, 1]]")
expected = np.array([[0.2, 0.4], [0.4, -0.2]])
right = {}
for name in "zyhg":
    s = skrf.Network(f"{name}.s2p").s[0].real
    right[name] = np.allclose(s, expected, atol=1e-6)
    print(f"seen, {name.upper()}: S11 {s[0, 0]:.4f}, S21 {s[1, 0]:.4f}, S12 {s[0, 1]:.4f}, S22 {s[1, 1]:.4f}")
print("why it matters: such files are valid and are read without a word; Y is off by R squared, 50 ohm read as 20 milliohm")
sys.exit(0 if right == {"z": True, "y": False, "h": False, "g": False} else 1)
PY
