#!/usr/bin/env bash
# scikit-rf reads Touchstone 2 but not its [Begin Information] block, nor an option line whose reference resistance comes first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install scikit-rf==2.2.0
head='[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 1\n[Number of Frequencies] 1\n'
block='[Begin Information]\n[Manufacturer] none\n[End Information]\n'
printf "$head[Network Data]\n1 .5 0\n[End]\n" >plain.ts
printf "$head$block[Network Data]\n1 .5 0\n[End]\n" >information.ts
printf '# GHz S RI R 75\n1 .5 0\n' >usual.s1p
printf '# R 75 RI S GHz\n1 .5 0\n' >resistance-first.s1p
venv/bin/python - <<'PY'
import sys

import skrf

print("package: scikit-rf", skrf.__version__)
print("input: a 1-port of S11 = 0.5 with and without the optional [Begin Information] ... [End Information] of Touchstone 2,")
print("       and one in Touchstone 1 whose option line begins with R 75 (the specification lets its parts stand in any order)")
print("expected: all four are read, with 50, 50, 75, 75 ohm")
read = {}
for name in ("plain.ts", "information.ts", "usual.s1p", "resistance-first.s1p"):
    try:
        network = skrf.Network(name)
    except ValueError as error:
        read[name] = None
        print(f"seen, {name}: ValueError: {error}")
    else:
        read[name] = float(network.z0[0, 0].real)
        print(f"seen, {name}: S11 {network.s[0, 0, 0].real}, {read[name]:.0f} ohm")
print("why it matters: such files are valid; whoever meets one has to edit it by hand,")
print("                and the message speaks of a number, not of the keyword or the order")
expected = {"plain.ts": 50.0, "information.ts": None, "usual.s1p": 75.0, "resistance-first.s1p": None}
sys.exit(0 if read == expected else 1)
PY
