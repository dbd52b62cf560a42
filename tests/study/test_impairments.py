"""What limits: each impairment made large is named, and smooth paths have no echoes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.path import load_path
from sirf.channel.transfer import Transfer
from sirf.clock.recovery import ClockRecovery
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.statistical.analysis import interference_model, statistical_eye
from sirf.equalizer.merit_search import optimize
from sirf.errors import SirfError
from sirf.link import Link
from sirf.optics import Connector, load_optics
from sirf.study.impairments import (
    CAUSES,
    LESS_DB,
    Limitation,
    _less_jitter,
    _lessened,
    _with_less_glass_loss,
    _with_less_reflectance,
    limited_by,
    smooth_transfer,
)
from sirf.study.sections import optimized, sections
from sirf.study.subject import subject_of
from sirf.system.architecture import load_architecture
from sirf.transmitter.jitter import Jitter, SinusoidalJitter

Complex = NDArray[np.complex128]

FREQUENCY = np.arange(0.0, 80e9, 40e6)


def smooth_line(loss_db: float) -> Complex:
    """Voltage transfer of a uniform line that loses `loss_db` at 26.6 GHz, half by skin and half by dielectric, 2 ns long."""
    g = np.maximum(FREQUENCY, 1.0) / 1e9
    skin = (1 + 1j) * np.sqrt(g / 26.6)
    dielectric = g / 26.6 * (1 - 2j / np.pi * np.log(g / 26.6))
    return np.asarray(np.exp(-0.5 * loss_db / 8.686 * (skin + dielectric) - 2j * np.pi * FREQUENCY * 2e-9))


def echo(strength: float, lag_ui: float) -> Complex:
    return np.asarray(1.0 + strength * np.exp(-2j * np.pi * FREQUENCY * lag_ui / 53.125e9))


def channel_of(transfer: Complex, *, crosstalk: float = 0.0) -> Channel:
    s = np.zeros((FREQUENCY.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = transfer
    rise = 1j * FREQUENCY / 26.6e9 * np.exp(-((FREQUENCY / 60e9) ** 2) - 2j * np.pi * FREQUENCY * 1e-9)
    coupled = crosstalk * rise[:, None, None] * np.array([[0.0, 1.0], [1.0, 0.0]])
    fext = (Network(FREQUENCY, coupled, z0=100.0),) if crosstalk else ()
    return Channel(Network(FREQUENCY, s, z0=100.0), fext=fext, plane="die")


def link_over(channel: Channel, **transmitter: Any) -> Link:
    """A chip-to-module link whose transmitter is nearly perfect but for what is given."""
    link = Link(channel, standard="802.3ck-c2m", samples_per_ui=16)
    clean: dict[str, Any] = {"snr_db": 45.0, "jitter": Jitter(random_ui=0.002)} | transmitter
    return optimize(link.replace(transmitter=dataclasses.replace(link.transmitter, **clean)))


def quiet_receiver(link: Link) -> Link:
    """Without its noise what a lossy line leaves behind the equaliser is intersymbol interference alone."""
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=1e-3 * link.receiver.noise_density))


@pytest.mark.parametrize(
    ("wanted", "link"),
    [
        ("loss", lambda: quiet_receiver(link_over(channel_of(smooth_line(34.0)), snr_db=33.0))),
        ("reflection", lambda: link_over(channel_of(smooth_line(8.0) * echo(0.06, 15.0)))),
        ("crosstalk", lambda: link_over(channel_of(smooth_line(8.0), crosstalk=0.12))),
        ("transmitter noise", lambda: link_over(channel_of(smooth_line(8.0)), snr_db=22.0)),
        ("jitter", lambda: link_over(channel_of(smooth_line(8.0)), jitter=Jitter(random_ui=0.04))),
    ],
)
def test_the_impairment_made_large_is_named(wanted: str, link) -> None:  # type: ignore[no-untyped-def]
    found = limited_by(link())
    assert found.cause == wanted
    assert set(found.gained) <= set(CAUSES)
    assert found.gain == found.gained[wanted] == max(found.gained.values())
    assert found.runner_up_gain == sorted(found.gained.values())[-2]


def test_less_of_a_cause_is_what_a_link_with_less_of_it_shows() -> None:
    """3 dB less transmitter noise by hand: the decades between two eyes, with ideal feedback."""
    link = link_over(channel_of(smooth_line(8.0)), snr_db=22.0)
    purer = link.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=25.0))
    ratios = [statistical_eye(one, phases=1, ideal_feedback=True).ser for one in (link, purer)]
    assert limited_by(link).gained["transmitter noise"] == pytest.approx(np.log10(ratios[0] / ratios[1]), rel=1e-6)


def test_receiver_noise_is_not_loss() -> None:
    """A short line before a loud receiver: less noise helps by its full 3 dB, less copper next to nothing."""
    link = link_over(channel_of(smooth_line(3.0)))
    loud = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=60.0 * link.receiver.noise_density))
    found = limited_by(loud)
    assert found.cause == "receiver noise"
    assert found.gained["loss"] < 0.8 * found.gain


def test_a_smooth_line_is_its_own_fit_and_an_echo_is_not_in_it() -> None:
    line = Transfer(FREQUENCY, smooth_line(20.0))
    inside = (FREQUENCY >= 50e6) & (FREQUENCY <= 53e9)
    assert smooth_transfer(line, f_max=53.125e9).value[inside] == pytest.approx(line.value[inside], abs=1e-6)
    ripple = line.value * (echo(0.05, 25.0) - 1.0)
    fitted = smooth_transfer(Transfer(FREQUENCY, line.value + ripple), f_max=53.125e9)
    left = (fitted.value - line.value)[inside]
    assert np.linalg.norm(left) < 0.2 * np.linalg.norm(ripple[inside])


def test_a_fit_never_amplifies() -> None:
    path = load_path("npo", rate_class="100g").to_channel(np.arange(0.0, 110e9, 40e6))
    smooth = smooth_transfer(Transfer(path.frequency, path.through.s[:, 1, 0]), f_max=53.125e9)
    assert np.abs(smooth.value).max() <= 1.0 + 1e-12


def test_a_dead_link_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(link: Link) -> None:
        raise SirfError("main cursor must be positive, got 0 V. Swap P and N.")

    link = link_over(channel_of(smooth_line(8.0)))
    monkeypatch.setattr("sirf.study.impairments.front_end", dead)
    assert limited_by(link) == Limitation.of({"loss": 0.0})


def test_a_link_beyond_the_statistics_is_refused() -> None:
    link = link_over(channel_of(smooth_line(8.0)))
    with pytest.raises(SirfError, match="clock must be None"):
        limited_by(link.replace(receiver=dataclasses.replace(link.receiver, clock=ClockRecovery())))


def test_intensity_noise_limits_co_packaged_light_then_the_transmitter() -> None:
    """What 10 dB less RIN does far more for than 3 dB less loss or a third of the amplifier's noise."""
    light = next(part for part in subject_of("cpo-retimed").sections(0.03) if not part.electrical)
    found = limited_by(optimize(light.link))
    assert found.cause == "laser intensity noise"
    assert found.runner_up == "transmitter noise"
    assert found.gain > 2.0
    for small in ("loss", "receiver noise", "dispersion", "multipath"):
        assert found.gained[small] < 0.2
    assert found.gained["jitter"] > found.gained["receiver noise"]
    assert "reflection" not in found.gained
    assert "crosstalk" not in found.gained


def test_three_decibels_less_is_a_power_halved_wherever_it_lies() -> None:
    """Beats go with the product of two reflectances: half of the 3 dB off each; a fibre and its joints share a loss."""
    path = load_optics("dr-silicon-mzm").path
    path = dataclasses.replace(path, connectors=(Connector(0.4, reflectance_db=-30.0),) * 3)
    before, after = (np.sum(np.square(one.interference.echoes)) for one in (path, _with_less_reflectance(path)))
    assert 10.0 * np.log10(after / before) == pytest.approx(-LESS_DB, abs=1e-9)
    assert path.loss_db - _with_less_glass_loss(path).loss_db == pytest.approx(min(LESS_DB, path.loss_db), abs=1e-9)


def test_light_that_loses_less_than_three_decibels_takes_the_rest_from_the_coupling() -> None:
    path = dataclasses.replace(load_optics("dr-silicon-mzm").path, connectors=(), coupling_loss_db=5.0)
    assert path.loss_db < LESS_DB
    bright = _with_less_glass_loss(path)
    assert bright.loss_db == 0.0
    assert path.loss_db + 5.0 - bright.coupling_loss_db == pytest.approx(LESS_DB, abs=1e-9)


def test_all_jitter_shrinks_by_one_factor() -> None:
    jitter = Jitter(
        random_ui=0.01,
        dual_dirac_ui=0.02,
        duty_cycle_ui=0.03,
        sinusoidal=(SinusoidalJitter(0.1, 5e6),),
        even_odd_ui=0.04,
    )
    less = _less_jitter(jitter)
    factor = 10.0 ** (-LESS_DB / 20.0)
    found = (less.random_ui, less.dual_dirac_ui, less.duty_cycle_ui, less.even_odd_ui, less.sinusoidal[0].amplitude_ui)
    assert found == pytest.approx(tuple(factor * value for value in (0.01, 0.02, 0.03, 0.04, 0.1)))
    assert less.sinusoidal[0].frequency == 5e6


@pytest.mark.parametrize("name", ["copper-cable", "cpo-linear"])
def test_less_noise_leaves_every_response_as_it_is(name: str) -> None:
    """The front end of each lessened link, made of the known one where noise alone differs, is its own to the last bit."""
    part = sections(load_architecture(name), 106.25e9, step=40e6, samples_per_ui=16)[-1]
    link = optimized(part.link)
    model = interference_model(link)
    known = 0
    for _, lessened in _lessened(link, model, link):
        found = lessened()
        own = front_end(found.link)
        known += found.front_end.through is model.front_end.through
        for field in dataclasses.fields(FrontEnd):
            one, other = getattr(found.front_end, field.name), getattr(own, field.name)
            if field.name == "crosstalk":
                assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
            elif isinstance(one, np.ndarray):
                assert np.array_equal(one, other), field.name
            elif field.name != "wander":
                assert one == other, field.name
    # at the least: reflection, receiver noise, transmitter noise
    assert known >= 3
