#!/usr/bin/env bash
# scikit-rf puts the rows of [Mixed-Mode Order] where the pairs' ports stand: its own gmm2se then takes a common mode for a differential
# one, and which port of a pair is positive is lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install scikit-rf==2.2.0
# two equal wires without coupling, S = 0.5: port 1 to 3, port 2 to 4. The second file counts the far pair from port 4 to port 3,
# so the differential wave arrives with the other sign there
file() {
  printf '[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 4\n[Number of Frequencies] 1\n[Mixed-Mode Order] %s\n[Network Data]\n' "$2" >"$1"
  printf '1 0 0 %s 0 0 0 0 0\n%s 0 0 0 0 0 0 0\n0 0 0 0 0 0 .5 0\n0 0 0 0 .5 0 0 0\n[End]\n' "$3" "$3" >>"$1"
}
file near.ts 'D1,2 D3,4 C1,2 C3,4' .5
file far.ts 'D1,2 D4,3 C1,2 C4,3' -.5
venv/bin/python - <<'PY'
import sys

import numpy as np
import skrf

print("package: scikit-rf", skrf.__version__)
print("input: one pair of wires in two Touchstone 2 files, [Mixed-Mode Order] D1,2 D3,4 C1,2 C3,4 and D1,2 D4,3 C1,2 C4,3;")
print("       the specification's own example has D2,3 beside D6,5: the first port named is the positive one")
wires = np.zeros((1, 4, 4), dtype=complex)
wires[0, 0, 2] = wires[0, 2, 0] = wires[0, 1, 3] = wires[0, 3, 1] = 0.5
made = skrf.Network(f=[1], f_unit="GHz", s=wires, z0=50)
made.se2gmm(2)
print(f"expected: rows as its own se2gmm(2) makes them, modes {' '.join(made.port_modes)}, so that gmm2se(2) gives S31 = S42 = 0.5 back;")
print("          and one network from both files, for they describe one device")
near, far = skrf.Network("near.ts"), skrf.Network("far.ts")
same_device = np.allclose(near.s, far.s)
print(f"seen: modes {' '.join(near.port_modes)} in both; networks equal: {same_device}, and nothing left that tells D4,3 from D3,4")
back = near.copy()
back.gmm2se(2)
print(f"seen: near.ts after gmm2se(2): S31 {back.s[0, 2, 0].real:.1f}, S42 {back.s[0, 3, 1].real:.1f}, largest entry {abs(back.s).max():.1f}",
      f"at S{np.argmax(abs(back.s[0])) // 4 + 1}{np.argmax(abs(back.s[0])) % 4 + 1}; no warning")
print("why it matters: a mixed-mode file of two pairs is read without a word and turned into another device; with a pair counted the")
print("                other way, joined files differ in the polarity of every symbol")
wrong = not np.allclose(back.s, wires, atol=1e-9)
sys.exit(0 if list(near.port_modes) == list("DCDC") and wrong and not same_device else 1)
PY
