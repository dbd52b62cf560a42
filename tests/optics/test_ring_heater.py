"""A ring held by its heater: drift, self-heating and the loop against equations integrated in time, and what a link sees."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf import optics
from sirf._arrays import Float
from sirf._data import data_path
from sirf.errors import PhysicsError
from sirf.optics.ring_heater import controlled
from sirf.system.architecture import load_architecture
from sirf.system.energy import energy_pj_per_bit

RING = optics.Ring(detuning=25e9, shift=7.6e9, linewidth=80e9, floor_db=20.0, insertion_loss_db=0.5)
POWER = 2e-3
FAST = optics.RingHeater(
    drift=12e9, temperature_span=40.0, ambient_rate=1e4, heater_power=2.3e-14, spread=400e9, absorbed=0.3,
    thermal_bandwidth=10e6, loop_bandwidth=0.1e6, lock_error=0.0, symbol_rate=10e9,
)  # fmt: skip
"""Heat and loop a thousand times faster than real ones, so that a short run shows them."""


def integrated(ring: optics.Ring, heater: optics.RingHeater, *, ambient_rate: float, light: float, steps: int) -> Float:
    """Deviation of the detuning in Hz, a step a symbol: heat, integrating loop and the Lorentzian itself, written out here.

    `ambient_rate` in K/s lowers the resonance; random symbols vary the lost light by ± `light` W.
    """
    step = 1.0 / heater.symbol_rate
    pole = 2.0 * np.pi * heater.thermal_bandwidth
    passing = 10.0 ** (-ring.insertion_loss_db / 10.0)
    depth = 1.0 - 10.0 ** (-ring.floor_db / 10.0)

    def shift(detuning: float) -> float:
        """Hz that the light at this detuning moves the ring."""
        x = 2.0 * detuning / ring.linewidth
        return float(heater.absorbed / heater.heater_power * POWER * passing * depth / (1.0 + x * x))

    flank = (shift(ring.detuning + 1e6) - shift(ring.detuning - 1e6)) / 2e6
    # the integrator's gain puts the closed loop's pole where `loop_bandwidth` says
    gain = 2.0 * np.pi * heater.loop_bandwidth * (1.0 - flank)
    signs = np.random.default_rng(3).choice([-1.0, 1.0], steps)
    random = heater.absorbed / heater.heater_power * light * signs
    heat, held = shift(ring.detuning), 0.0
    start, ambient = heat, 0.0
    found = np.empty(steps)
    for n in range(steps):
        error = ambient + heat - start
        found[n] = error
        heat += step * pole * (shift(ring.detuning + error) + random[n] + held - heat)
        held -= step * gain * error
        ambient += step * ambient_rate * heater.drift
    return found


def test_a_ramp_of_the_ambient_leaves_the_loops_tracking_error() -> None:
    _, control = controlled(FAST, RING, POWER)
    seen = integrated(RING, FAST, ambient_rate=FAST.ambient_rate, light=0.0, steps=200_000)
    assert control.tracking == pytest.approx(seen[-1], rel=2e-3)
    # a slower loop follows less well; without light only the loop holds
    slow, dark = (dataclasses.replace(FAST, **one) for one in ({"loop_bandwidth": 0.05e6}, {"absorbed": 0.0}))
    assert controlled(slow, RING, POWER)[1].tracking == pytest.approx(2.0 * control.tracking)
    assert controlled(dark, RING, POWER)[1].tracking == pytest.approx(12e9 * 1e4 / (2.0 * np.pi * 0.1e6))


def test_random_symbols_make_the_ring_wander() -> None:
    """White light heats through two poles: k² variance pi f_th / (rate (1 + feedback)) whatever the loop's pole."""
    _, control = controlled(FAST, RING, POWER)
    full = 0.5 * POWER * 10.0**-0.05
    seen = integrated(RING, FAST, ambient_rate=0.0, light=full, steps=700_000)
    assert control.wander == pytest.approx(float(seen[20_000:].std()), rel=0.04)
    assert control.error == pytest.approx(3.0 * control.wander + control.tracking)


def test_self_heating_is_the_lost_light_and_pushes_a_laser_above_away() -> None:
    ring, control = controlled(FAST, RING, POWER)
    lost = POWER * (10.0**-0.05 - float(RING.curve(np.zeros(1))[0]))
    assert control.self_heating == pytest.approx(0.3 * lost / 2.3e-14)
    assert control.drift == pytest.approx(480e9)
    assert control.power == pytest.approx(2.3e-14 * 0.5 * (400e9 + 480e9) - 0.3 * lost)
    step = 1e6
    flank = [
        0.3 * POWER / 2.3e-14 * float(dataclasses.replace(RING, detuning=25e9 + side).curve(np.zeros(1))[0])
        for side in (-step, step)
    ]
    assert control.feedback == pytest.approx(1.0 + (flank[1] - flank[0]) / (2.0 * step), rel=1e-6)
    assert ring.detuning == RING.detuning + control.error
    # the error has the sign that leaves less slope
    slopes = [
        abs(float(np.diff(one.curve(np.array([-1e-4, 1e-4])))[0]))
        for one in (ring, dataclasses.replace(RING, detuning=RING.detuning - control.error))
    ]
    assert slopes[0] < slopes[1]


def test_a_laser_below_the_resonance_runs_away_in_strong_light() -> None:
    below = dataclasses.replace(RING, detuning=-25e9)
    assert controlled(FAST, below, 1e-4)[1].feedback < 1.0
    with pytest.raises(PhysicsError, match="running away"):
        controlled(FAST, below, 5.0 * POWER)


def through(lock_error: float) -> tuple[float, float]:
    """Slow outer OMA in W and symbol error ratio of the shipped ring with its heater."""
    preset = optics.load_optics("cpo-silicon-ring-heater")
    assert preset.path.heater is not None
    heater = dataclasses.replace(preset.path.heater, lock_error=lock_error)
    path = dataclasses.replace(preset.path, heater=heater)
    span = optics.Span.alone(path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=preset.agc_db)
    link = sirf.Link(span, standard="optical-53g").optimized()
    link = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=1e-14))
    light = span.powers()
    return float(light[-1] - light[0]), sirf.statistical_eye(link, phases=1).ser


def test_what_the_loop_leaves_costs_light_and_errors() -> None:
    amplitudes, ratios = zip(*(through(error) for error in (0.0, 3e9, 12e9)), strict=True)
    assert amplitudes[0] > amplitudes[1] > amplitudes[2]
    assert ratios[0] < ratios[1] < ratios[2]
    # the ring alone, moved by hand, is the same link
    plain = optics.load_optics("cpo-silicon-ring").path
    held = optics.load_optics("cpo-silicon-ring-heater").path
    control = held.ring_control
    assert control is not None
    assert isinstance(plain.modulator, optics.Ring)
    moved = dataclasses.replace(plain.modulator, detuning=plain.modulator.detuning + control.error)
    by_hand = dataclasses.replace(plain, modulator=moved)
    drive = np.linspace(-0.3, 0.3, 7)
    assert held.transmitted(drive) == pytest.approx(by_hand.transmitted(drive), rel=1e-12)
    f = np.array([1e9, 30e9])
    assert held.small_signal(f) == pytest.approx(by_hand.small_signal(f), rel=1e-12)


def test_more_light_heats_the_ring_and_spares_the_heater() -> None:
    path = optics.load_optics("cpo-silicon-ring-heater").path
    assert isinstance(path.source, optics.Laser)
    brighter = dataclasses.replace(path, source=dataclasses.replace(path.source, power=2.0 * path.source.power))
    assert path.ring_control is not None
    assert brighter.ring_control is not None
    assert brighter.ring_control.self_heating == pytest.approx(2.0 * path.ring_control.self_heating)
    assert brighter.tuning_power < path.tuning_power


def test_several_wavelengths_add_the_filters_heater() -> None:
    grid = optics.load_optics("oci-gen1").path.wavelengths
    assert grid is not None
    path = optics.load_optics("cpo-silicon-ring-heater").path
    both = dataclasses.replace(path, wavelengths=grid)
    assert both.tuning_power == pytest.approx(path.tuning_power + 0.5 * grid.tuning_power)
    assert dataclasses.replace(both, heater=None).tuning_power == grid.tuning_power


def test_energy_of_a_chain_holds_the_heater(tmp_path: Path) -> None:
    shipped = data_path("architectures", "cpo-linear.toml").read_text(encoding="utf-8")
    file = tmp_path / "cpo-linear-heater.toml"
    text = shipped.replace('optics = "cpo-silicon-ring"', 'optics = "cpo-silicon-ring-heater"')
    file.write_text(
        text.replace('id = "cpo-linear"', 'id = "cpo-linear-heater"\ncosts = "cpo-linear"', 1), encoding="utf-8"
    )
    found = energy_pj_per_bit(load_architecture(str(file)), 10.0, data_rate=106.25e9)
    (tuning,) = (part for part in found.parts if part.block == "tuning")
    power = optics.load_optics("cpo-silicon-ring-heater").path.tuning_power
    assert power > 5e-3
    assert tuning.value == pytest.approx(power / 106.25e9 * 1e12)
    without = energy_pj_per_bit("cpo-linear", 10.0, data_rate=106.25e9)
    # the heater's watts and what the converter loses of them
    assert found.value > without.value + tuning.value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"absorbed": 1.5}, "absorbed must be"),
        ({"loop_bandwidth": 5e6}, "below the heat's pole"),
        ({"heater_power": 0.0}, "heater_power must be"),
        ({"drift": -1.0}, "drift must be"),
    ],
)
def test_bad_values_are_named(changes: dict[str, float], message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        dataclasses.replace(FAST, **changes)


def test_a_heater_needs_a_ring() -> None:
    path = optics.load_optics("dr-silicon-mzm").path
    with pytest.raises(PhysicsError, match="heater must hold a Ring"):
        dataclasses.replace(path, heater=FAST)
