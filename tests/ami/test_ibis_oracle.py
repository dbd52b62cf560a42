"""Our reader of `.ibs` files against that of PyIBIS-AMI, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf.ami.export import export_link
from sirf.ami.ibis import Executable, IbisFile, IbisModel, read_ibis
from tests.ami.links import link
from tests.ami.test_ibis import TEXT

SCRIPT = """
import json, logging, sys
logging.disable(logging.CRITICAL)
from pyibisami.ibis.parser import parse_ibis_file
message, found = parse_ibis_file(open(sys.argv[1], encoding="latin-1").read())
assert message == "Success!", message
tables = ("pulldown", "pullup", "gnd_clamp", "power_clamp")
models = {}
for name, one in found["models"].items():
    raw = one._subDict
    models[name] = {
        "type": one.mtype, "c_comp": raw.get("c_comp"), "voltage_range": raw["voltage_range"], "ramp": raw.get("ramp"),
        "tables": {key.replace("_", " "): raw[key] for key in tables if key in raw},
        "executables": [list(line) for line in one._ami_executables],
    }
pins = {name: {pin: mod for pin, (mod, _) in one.pins.items()} for name, one in found["components"].items()}
selectors = {name: [pair[0] for pair in pairs] for name, pairs in found["model_selectors"].items()}
print(json.dumps({"version": found["ibis_ver"], "pins": pins, "models": models, "selectors": selectors}))
"""

RICH = """| every spelling that a vendor's file has
[IBIS Ver]   6.1
[Comment Char] !_char
[File Name]  rich.ibs
[File Rev]   0.2
[Date]       today
[Source]     by hand ! from nothing
[Component]  Rich_112G
[Manufacturer] Nobody
[Package]
R_pkg 0.1 0.05 0.2
L_pkg 0.3nH NA NA
C_pkg 0.1pF NA NA
[Pin] signal_name model_name R_pin L_pin C_pin
A1 TX+ drivers 0.1 0.2nH 0.1pF
A2 TX- drivers NA NA NA
B1 DQ<0> rx_io
B2 VDD POWER
B3 VSS GND
B4 spare NC
[Diff_Pin] inv_pin vdiff tdelay_typ tdelay_min tdelay_max
A1 A2 NA NA NA NA
[Model Selector] drivers
fast the quick one
slow the other ! here
[Model] fast
Model_type Output
Polarity Non-Inverting
Vmeas = 0.45
Cref = 0
Rref = 50
C_comp 350.0fF 0.3pF 4e-13
[Algorithmic Model]
Executable Linux_gcc4.1.2_64 bin/fast_lin64.so fast.ami
Executable Linux2.6_gcc_32 fast_lin32.so fast.ami
Executable Windows10_VisualStudio2019_64 fast_w64.dll fast.ami
Executable Solaris5.10_cc_64 fast_sun.so fast.ami
[End Algorithmic Model]
[Temperature_Range] 50.0 100 0
[Voltage Range] 0.9V 850m 950.0m
[Pulldown]
-0.9 -18.0mA -16mA -20.5mA
0.0 0.0 0 0
0.45 9000uA NA 0.0102
0.9 18.0mA 16mA 20.5mA
[Pullup]
-0.9 18.0m NA NA
0.0 0.0 NA NA
0.9 -18.0m NA NA
[GND Clamp]
-0.9 -1.0nA NA NA
0.9 0.0 NA NA
[POWER Clamp]
-0.9 2.5pA NA NA
0.9 0.0 NA NA
[Ramp]
R_load = 50
dV/dt_r 0.27/5.0p 0.25/6.5ps 0.29/4e-12
dV/dt_f 270m/5.5p NA NA
[Model] slow
Model_type 3-state
C_comp 1pF 0.8pF 1.2pF
[Voltage Range] 1.8 1.62 1.98
[Pulldown]
-1.8 -36mA -30mA -40mA
1.8 36mA 30mA 40mA
[Pullup]
-1.8 36mA 30mA 40mA
1.8 -36mA -30mA -40mA
[Ramp]
dV/dt_r 0.5/0.1ns 0.4/0.12ns 0.6/0.09ns
dV/dt_f 0.5/0.1ns 0.4/0.12ns 0.6/0.09ns
[Rising Waveform]
R_fixture = 50
V_fixture = 0.0
0.0ns 0.1 0.1 0.1
0.1ns 0.4 0.4 0.4
[Model] rx_io
Model_type I/O
Vinl = 0.3
Vinh = 0.6
C_comp 0.2pF NA 0.25pF
[Voltage Range] 0.9 NA NA
[Algorithmic Model]
Executable_Tx Linux_gcc_64 io_tx.so io_tx.ami
Executable_Rx Linux_gcc_64 io_rx.so io_rx.ami
[AMI Test Configuration] first
AMI_Parameters_File io.ami
[End Algorithmic Model]
[Pulldown]
-0.9 -18mA NA NA
0.9 18mA NA NA
[Pullup]
-0.9 18mA NA NA
0.9 -18mA NA NA
[GND Clamp]
-0.9 -18mA NA NA
0.9 0.0 NA NA
[Ramp]
dV/dt_r 0.27/5p NA NA
dV/dt_f 0.27/5p NA NA
[End]
[Model] behind_the_end
Model_type Input
"""


def theirs_of(python: str, file: Path) -> dict[str, Any]:
    done = subprocess.run([python, "-c", SCRIPT, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def triple(values: list[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values * 3 if len(values) == 1 else values)


def machine_of(one: Executable) -> tuple[str | None, str, str, str, str]:
    """Theirs keeps the version in the names of systems that it does not run on."""
    return one.side or None, one.binary.system.lower(), str(one.binary.bits), one.so, one.ami


def check_model(ours: IbisModel, theirs: dict[str, Any]) -> None:
    assert ours.type == theirs["type"]
    assert ours.c_comp == pytest.approx(triple(theirs["c_comp"]))
    assert ours.voltage_range == pytest.approx(triple(theirs["voltage_range"]))
    assert set(ours.tables) == set(theirs["tables"])
    for name, rows in theirs["tables"].items():
        volts, current = ours.tables[name]
        np.testing.assert_allclose(volts, [row[0] for row in rows], rtol=1e-12)
        np.testing.assert_allclose(current.T, np.array([triple(row[1]) or () for row in rows]), rtol=1e-12)
    assert bool(ours.ramp) == bool(theirs["ramp"])
    for edge, slopes in ours.ramp.items():
        other = theirs["ramp"]["rising" if edge == "r" else "falling"]
        # a corner of NA is None there, and the typical one here
        expected = [other[0] if value is None else value for value in (other + [None] * 2)[:3]]
        assert [volts / seconds for volts, seconds in slopes] == pytest.approx(expected)
    assert [machine_of(one) for one in ours.executables] == [tuple(one) for one in theirs["executables"]]


def check_file(ours: IbisFile, theirs: dict[str, Any]) -> None:
    assert float(ours.version) == theirs["version"]
    assert list(ours.models) == list(theirs["models"])
    for name, model in ours.models.items():
        check_model(model, theirs["models"][name])
    assert {name: list(names) for name, names in ours.selectors.items()} == theirs["selectors"]
    for name, component in ours.components.items():
        # power, ground and open pins are left out there
        pins = {f"{one.name}({one.signal})": one.model for one in component.pins}
        signals = {pin: model for pin, model in pins.items() if model not in ("POWER", "GND", "NC")}
        assert signals == theirs["pins"][name]


def chip(tmp_path: Path) -> Path:
    """The file of the reader's own tests, with what the other reader needs besides."""
    text = TEXT.replace("[Package]", "[Manufacturer] Nobody\n[Package]").replace(
        "R_pkg 0.1 NA NA", "R_pkg 0.1 NA NA\nL_pkg 0 NA NA\nC_pkg 0 NA NA"
    )
    text = text.replace("model_name R_pin", "model_name R_pin L_pin C_pin")
    file = tmp_path / "chip.ibs"
    file.write_text(
        text.replace("[Model] rx\nModel_type Input", "[Model] rx\nModel_type Input\nVinl = 0.3\nVinh = 0.6")
    )
    return file


def rich(tmp_path: Path) -> Path:
    file = tmp_path / "rich.ibs"
    file.write_text(RICH)
    return file


def exported(tmp_path: Path) -> Path:
    export_link(link(crosstalk=0.0), tmp_path / "own")
    return tmp_path / "own" / "sirf.ibs"


@pytest.mark.parametrize("made", [chip, rich, exported])
def test_both_readers_find_the_same_in_a_file(made: Any, tmp_path: Path, pyibis_python: str) -> None:
    file = made(tmp_path)
    check_file(read_ibis(file), theirs_of(pyibis_python, file))
