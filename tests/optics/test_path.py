"""A whole optical path: large signals, its linearisation, and the copper around it."""

from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf import optics
from sirf.channel.linear_repeater import linear_chain
from sirf.errors import PhysicsError


def path(**changes: object) -> optics.OpticalPath:
    parts: dict[str, object] = {
        "driver": optics.Driver(4.0, bandwidth=60e9, saturation=3.0),
        "source": optics.Laser(0.02, rin_db_per_hz=-145.0),
        "modulator": optics.MachZehnder(5.0, insertion_loss_db=4.0, bandwidth=50e9),
        "coupling_loss_db": 3.0,
        "fibre": optics.Fibre(500.0, dispersion=1.5, loss_db_per_km=0.4),
        "connectors": (optics.Connector(0.3, reflectance_db=-45.0),) * 2,
        "receiver": optics.OpticalReceiver(
            optics.Photodiode(0.8, bandwidth=60e9), optics.Tia(2000.0, noise=12e-12, bandwidth=42e9)
        ),
        **changes,
    }
    return optics.OpticalPath(**parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "device",
    [
        {"modulator": optics.MachZehnder(5.0, bandwidth=50e9, chirp=0.7)},
        {"modulator": optics.Ring(detuning=30e9, shift=4e9, linewidth=50e9)},
        {"modulator": optics.ElectroAbsorption(bias=1.0, scale=1.2, bandwidth=55e9, chirp=0.5)},
        {"modulator": None, "source": optics.Vcsel(bias=8e-3, threshold=1e-3, slope=0.5, resistance=60.0, resonance=22e9,
                                                  damping=1.2e11), "fibre": optics.MultimodeFibre(50.0, bandwidth=4.7e9)},
    ],
)  # fmt: skip
def test_small_signals_pass_the_large_signal_path_as_its_linearisation_says(device: dict[str, object]) -> None:
    chain = path(**device)
    n, rate = 8192, 1.6e12
    for cycles in (10, 150, 250):
        drive = 1e-4 * np.cos(2 * np.pi * cycles * np.arange(n) / n)
        out = chain.waveform(drive, rate)
        gain = np.fft.rfft(out)[cycles] / np.fft.rfft(drive)[cycles]
        assert gain == pytest.approx(chain.small_signal(np.array([cycles * rate / n]))[0], rel=2e-3)


def test_slow_light_is_the_product_of_curves_and_losses() -> None:
    # (a travelling-wave electrode would settle with the slow tail of its skin effect)
    chain = path(modulator=optics.MachZehnder(5.0, insertion_loss_db=4.0, bandwidth=50e9, kind="pole"))
    drive = np.repeat([-0.3, 0.1], 2048)
    power = chain.transmit(drive, 1.6e12)
    expected = 0.02 * chain.modulator.curve(chain.driver.curve(np.array([-0.3, 0.1]))) * 10**-0.3  # type: ignore[union-attr]
    assert power[[1024, 3072]] == pytest.approx(expected, rel=1e-3)
    assert chain.transmitted(np.array([-0.3, 0.1])) == pytest.approx(expected)
    after = chain.propagate(power, 1.6e12)
    assert after.mean() / power.mean() == pytest.approx(10 ** (-(0.2 + 0.6) / 10))


def test_noise_grows_with_the_light_and_holds_every_part() -> None:
    chain = path()
    dark, low, high = (chain.noise_rms(power) for power in (0.0, 1e-4, 1e-3))
    assert dark < low < high
    quiet = path(connectors=(), source=optics.Laser(0.02))
    current = quiet.receiver.noise_current(1e-3)
    assert quiet.noise_rms(1e-3) == pytest.approx(2000.0 * current)
    driven = path(connectors=(), source=optics.Laser(0.02), driver=optics.Driver(4.0, noise=2e-9))
    extra = driven.noise_rms(1e-3) ** 2 - quiet.noise_rms(1e-3) ** 2
    f = np.linspace(0, 2e12, 200_001)
    shape = np.abs(driven.small_signal(f) / driven.fibre.intensity_response(f)) ** 2
    assert extra == pytest.approx((2e-9 / 4.0) ** 2 * np.trapezoid(shape, f), rel=1e-3)


def test_unit_optics_between_two_boards_leave_the_copper_as_it_is() -> None:
    unit = path(
        driver=optics.Driver(1.0), source=optics.Laser(1.0), modulator=optics.MachZehnder(np.pi / 2),
        coupling_loss_db=0.0, fibre=optics.Fibre(0.0), connectors=(),
        receiver=optics.OpticalReceiver(optics.Photodiode(1.0), optics.Tia(1.0)),
    )  # fmt: skip
    board = sirf.paths.cpo(rate_class="100g").to_channel()
    assert unit.slope() == pytest.approx(1.0, rel=1e-9)
    copper = linear_chain(board, board)
    optical = linear_chain(board, board, gain=unit.small_signal)
    assert optical.through.s == pytest.approx(copper.through.s, rel=1e-8)


def test_a_laser_needs_a_modulator() -> None:
    with pytest.raises(PhysicsError, match="modulator must be given"):
        path(modulator=None)
