"""Reading `.ibs` files: pins, models for this machine, a linear driver; errors with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sirf.ami.ibis import read_ibis
from sirf.ami.model import AmiModel
from sirf.ami.shared_object import Binary, this_machine
from sirf.errors import AmiError

MODELS = Path(__file__).parent / "models"

TEXT = """[IBIS Ver] 7.2          | a comment
[File Name] chip.ibs
[Component] Test chip
[Package]
R_pkg 0.1 NA NA
[Pin] signal_name model_name R_pin
1 tx_p tx 0.1
2 tx_n tx 0.1
3 rx_p rx NA
4 rx_n rx NA
[Diff Pin] inv_pin vdiff tdelay_typ
1 2 NA NA
3 4 0.1V NA
[Repeater Pin] tx_non_inverting_pin
3 1
[Model] tx
Model_type Output
C_comp 0.2pF 0.15pF 0.25pF
[Algorithmic Model]
Executable Windows_VisualStudio_64 tx.dll ffe.ami
Executable Linux_gcc4.1.2_64 ffe.so ffe.ami
[End Algorithmic Model]
[Temperature Range] 25 100 0
[Voltage Range] 1.0 0.9 1.1
[Pulldown]
-1.0 -20mA -18mA -22mA
0.0 0 0 0
1.0 20mA NA 22mA
[Pullup]
-1.0 20mA 18mA 22mA
0 0 0 0
1.0 -20mA -18mA -22mA
[Ramp]
dV/dt_r 0.3/6p 0.3/8p 0.3/5p
dV/dt_f 0.3/8p 0.3/10p 0.3/7p
R_load = 50
[Model] rx
Model_type Input
C_comp 0.1pF NA NA
[Voltage Range] 1.0 NA NA
[Algorithmic Model]
Executable Windows_VisualStudio_64 rx.dll rx.ami
[End Algorithmic Model]
[End]
"""


@pytest.fixture
def chip(tmp_path: Path) -> Path:
    file = tmp_path / "chip.ibs"
    file.write_text(TEXT)
    return file


def test_pins_pairs_and_models(chip: Path) -> None:
    found = read_ibis(chip)
    component = found.components["Test chip"]
    assert [(pin.name, pin.signal, pin.model) for pin in component.pins][2] == ("3", "rx_p", "rx")
    assert dict(component.differential) == {"1": "2", "3": "4"}
    assert dict(component.repeaters) == {"3": "1"}
    assert found.version == "7.2"
    assert [(one.name, one.side) for one in found.models.values()] == [("tx", "tx"), ("rx", "rx")]
    assert found.model("TX").executables[1].binary == Binary("Linux", "x86_64", 64)


def test_a_system_may_carry_its_version_and_nothing_counts_behind_the_end(chip: Path) -> None:
    text = TEXT.replace("Linux_gcc4.1.2_64", "Linux2.6_gcc4.1.2_64").replace("Windows_", "Windows10_")
    chip.write_text(text + "[Model] late\nModel_type Input\n")
    found = read_ibis(chip)
    assert list(found.models) == ["tx", "rx"]
    binaries = [one.binary for one in found.model("tx").executables]
    assert binaries == [Binary("Windows", "x86_64", 64), Binary("Linux", "x86_64", 64)]


def test_a_linear_driver_in_three_corners(chip: Path) -> None:
    typical, slow, fast = (read_ibis(chip).model("tx").linear_driver(corner) for corner in ("typ", "slow", "fast"))
    assert (typical.amplitude, typical.resistance) == pytest.approx((0.5, 50.0))
    assert (typical.capacitance, typical.rise_time) == pytest.approx((0.2e-12, 7e-12))
    assert slow.rise_time == pytest.approx(9e-12)
    # NA of the slow pulldown takes the typical current
    assert slow.resistance == pytest.approx(0.5 * (0.45 / 9e-3 + 0.45 / 8.1e-3))
    assert fast.resistance == pytest.approx(1000 / 22)
    assert typical.transmitter().amplitude == 0.5
    shunt = typical.package().network(np.array([0.0, 10e9]))
    assert abs(shunt.s[1, 1, 0]) < abs(shunt.s[0, 1, 0]) == pytest.approx(1.0)


def test_the_model_of_this_machine_is_loaded(chip: Path, objects: Callable[[str], Path]) -> None:
    for file in (objects("ffe"), MODELS / "ffe.ami"):
        (chip.parent / file.name).write_bytes(file.read_bytes())
    if this_machine() != Binary("Linux", "x86_64", 64):
        pytest.skip("the example names 64-bit Linux")
    model = AmiModel(chip, model="tx", post1=-0.2)
    assert (model.file.name, model.so.name) == ("ffe.ami", "ffe.so")


def test_a_missing_platform_file_or_model_is_named(chip: Path) -> None:
    here = Binary("Linux", "x86_64", 64)
    found = read_ibis(chip)
    with pytest.raises(
        AmiError, match=r"chip.ibs line 37: \[Model\] rx must have an Executable for 64-bit x86_64 for Linux"
    ):
        found.algorithmic_model("rx", machine=here)
    with pytest.raises(AmiError, match=r"chip.ibs line 21: Executable must name files that exist, got ffe.ami"):
        found.algorithmic_model("tx", machine=here)
    with pytest.raises(AmiError, match=r"model must be given for chip.ibs, got none of its tx, rx"):
        found.algorithmic_model(machine=here)
    with pytest.raises(AmiError, match=r"model must be one of tx, rx in chip.ibs, got 'x'"):
        found.model("x")
    with pytest.raises(AmiError, match=r"\[Model\] rx must have \[Ramp\] for a linear driver"):
        found.model("rx").linear_driver()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[IBIS Ver] 7.2", "nothing", r"must begin with \[IBIS Ver\]"),
        ("C_comp 0.2pF 0.15pF", "C_comp much 0.15pF", "chip.ibs line 18: a number must stand here, got 'much'"),
        (
            "Executable Linux_gcc4.1.2_64 ffe.so ffe.ami",
            "Executable Linux_gcc_64",
            "line 21: Executable must name platform",
        ),
        ("C_comp 0.2pF 0.15pF 0.25pF", "C_comp NA", "line 18: a typical value must stand here, got NA"),
    ],
)
def test_broken_lines_are_named(chip: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    chip.write_text(TEXT.replace(old, new))
    with pytest.raises(AmiError, match=message):
        read_ibis(chip)
