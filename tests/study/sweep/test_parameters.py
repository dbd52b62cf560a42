"""Parameters: each one moves the physics it names, in the direction that is known, and nominal values change nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.channel.path.elements import Trace
from sirf.channel.weave import WeaveRoute, load_weave
from sirf.errors import ConfigError, SirfError
from sirf.link import Link
from sirf.optics import Ring, load_optics
from sirf.study.sweep.copper_parameters import material_changed
from sirf.study.sweep.frozen import found, get, mapped, replaced
from sirf.study.sweep.inputs import Inputs
from sirf.study.sweep.parameters import PARAMETERS, changed_link, parameter_of

FREQUENCY = np.array([0.0, 10e9, 26.5625e9])
BOARD = Inputs(path=sirf.paths.pluggable(rate_class="100g"))
LIGHT = Inputs(optics=load_optics("cpo-silicon-ring"))


def loss_db(inputs: Inputs) -> float:
    assert inputs.path is not None
    path = inputs.path if inputs.length_m is None else inputs.path.with_length(inputs.length_m)
    return float(-20.0 * np.log10(np.abs(path.network(FREQUENCY).s[-1, 1, 0])))


@pytest.mark.parametrize("name", [name for name, one in PARAMETERS.items() if one.root in ("path", "optics")])
def test_the_nominal_value_changes_nothing(name: str) -> None:
    parameter = PARAMETERS[name]
    base = LIGHT if parameter.root == "optics" else BOARD
    nominal = parameter.nominal(base)
    if nominal is None:
        with pytest.raises(ConfigError, match="must belong to"):
            parameter.apply(base, 1.0)
        return
    changed = parameter.apply(base, nominal)
    if parameter.root == "path":
        assert loss_db(changed) == pytest.approx(loss_db(base), abs=1e-9)
    else:
        assert changed.optics is not None
        assert base.optics is not None
        assert changed.optics.received_oma_dbm == pytest.approx(base.optics.received_oma_dbm, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("length_mm", 300.0),
        ("df", 0.004),
        ("roughness_um", 0.8),
        ("temperature_c", 85.0),
        ("line_width_um", 100.0),
        ("skew_ps_per_m", 60.0),
    ],
)
def test_what_is_known_to_lose_more_does(name: str, value: float) -> None:
    assert loss_db(PARAMETERS[name].apply(BOARD, value)) > loss_db(BOARD) + 0.05


def test_a_study_draws_places_on_the_glass_cloth() -> None:
    """At 0 both lines see the same, at a quarter of a period they differ most; an angle averages that away."""
    assert BOARD.path is not None
    cloth = WeaveRoute(weave=load_weave("1078"), pair_pitch=300e-6, width=127e-6, positions=(0.25, 0.25))
    path = mapped(BOARD.path, Trace, lambda trace: dataclasses.replace(trace, route=cloth))
    woven = Inputs(path=path)
    position, angle = PARAMETERS["weave_position"], PARAMETERS["weave_angle_deg"]
    assert position.nominal(woven) == 0.25
    even = position.apply(woven, 0.0)
    assert loss_db(even) == pytest.approx(loss_db(BOARD), abs=1e-9)
    assert loss_db(woven) > loss_db(BOARD) + 1.0
    assert loss_db(angle.apply(woven, 5.0)) < loss_db(BOARD) + 0.1


def test_die_and_package_move_the_return_loss() -> None:
    for name in ("die_capacitance", "package_impedance"):
        changed = PARAMETERS[name].apply(BOARD, 1.1).path
        assert changed is not None
        assert BOARD.path is not None
        difference = np.abs(changed.network(FREQUENCY).s[-1, 0, 0] - BOARD.path.network(FREQUENCY).s[-1, 0, 0])
        assert difference > 1e-3


def test_light_follows_laser_power_and_responsivity() -> None:
    assert LIGHT.optics is not None
    nominal = LIGHT.optics.received_oma_dbm
    power = PARAMETERS["laser_power_dbm"]
    value = power.nominal(LIGHT)
    assert value is not None
    brighter = power.apply(LIGHT, value + 1.0).optics
    assert brighter is not None
    assert brighter.received_oma_dbm == pytest.approx(nominal + 1.0, abs=1e-9)
    detuned = PARAMETERS["ring_detuning_error"].apply(LIGHT, 0.3).optics
    assert detuned is not None
    assert detuned.received_oma_dbm != pytest.approx(nominal, abs=0.05)


def test_a_link_takes_changes_and_held_settings() -> None:
    link = Link(sirf.paths.cpo(rate_class="100g").to_channel(), standard="802.3ck-c2m")
    inputs = PARAMETERS["transmitter_snr_db"].apply(Inputs(), 25.0)
    inputs = PARAMETERS["ctle_g_dc_db"].apply(inputs, -3.0)
    inputs = PARAMETERS["tx_ffe_-1"].apply(inputs, -0.1)
    changed = changed_link(link, inputs)
    assert changed.transmitter.snr_db == 25.0
    assert changed.limits.g_dc_db == (-3.0,)
    assert dict(changed.limits.tx_ffe)[-1] == (-0.1,)
    assert changed_link(link, Inputs()) is link


def test_any_number_of_a_segment_has_a_place() -> None:
    parameter = parameter_of("path.host board.line.width")
    nominal = parameter.nominal(BOARD)
    assert nominal is not None
    changed = parameter.apply(BOARD, 0.8 * nominal)
    assert changed.path is not None
    lines = [trace.line for trace in found(changed.path, Trace)]
    assert [hasattr(line, "width") and line.width == 0.8 * nominal for line in lines].count(True) == 1
    with pytest.raises(ConfigError, match="host board"):
        parameter_of("path.none.line.width").apply(BOARD, 1.0)
    with pytest.raises(ConfigError, match="got 'wid' in"):
        parameter_of("path.host board.line.wid").apply(BOARD, 1.0)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'roughness_um'"):
        parameter_of("roughnes")


def test_values_outside_physics_are_the_values_own_sentence() -> None:
    with pytest.raises(SirfError, match="dk"):
        PARAMETERS["dk"].apply(BOARD, 0.5)


def test_a_material_takes_the_place_of_all_laminates() -> None:
    assert BOARD.path is not None
    lossy = material_changed(BOARD.path, "fr4")
    assert loss_db(Inputs(path=lossy)) > 1.5 * loss_db(BOARD)
    with pytest.raises(ConfigError, match="must belong to a path with a laminate, got cpo"):
        material_changed(sirf.paths.cpo(rate_class="100g"), "fr4")


@dataclasses.dataclass(frozen=True)
class Leaf:
    value: float


@dataclasses.dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]


def test_frozen_values_are_changed_by_copy() -> None:
    tree = Tree((Leaf(1.0), Leaf(2.0)))
    assert replaced(tree, "leaves.1.value", 5.0) == Tree((Leaf(1.0), Leaf(5.0)))
    assert get(tree, "leaves.0.value") == 1.0
    assert mapped(tree, Leaf, lambda leaf: leaf) is tree
    with pytest.raises(ConfigError, match="Count from 0"):
        get(tree, "leaves.2")
    with pytest.raises(ConfigError, match="Name one of leaves"):
        replaced(tree, "leafs", ())


def test_a_ring_is_detuned_by_parts_of_its_own_line_width() -> None:
    """Upwards for a positive error: by 0.3 of the width, to the digit."""

    def detuning(error: float) -> float:
        optics = PARAMETERS["ring_detuning_error"].apply(LIGHT, error).optics
        assert optics is not None
        ring = optics.path.modulator
        assert isinstance(ring, Ring)
        return ring.detuning / ring.linewidth

    assert detuning(0.3) - detuning(0.0) == pytest.approx(0.3, rel=1e-9)
    assert detuning(-0.2) - detuning(0.0) == pytest.approx(-0.2, rel=1e-9)
