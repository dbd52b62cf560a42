"""The time-domain flow: against the statistical one, against sirf's own parts, in every combination of Init and GetWave."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf.ami.flow import impulse_columns, modelled
from sirf.ami.model import AmiModel
from sirf.ami.run import MAX_ERROR, TAIL, ModelStream, SentStream, _instant, opened, sent_block
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.engine.front_end import analog_channel
from sirf.engine.waveform.plan import plan
from sirf.errors import AmiError, SirfError
from sirf.results.waveform_run import WaveformRun
from sirf.signal.patterns import Pattern
from sirf.transmitter.jitter import Jitter, SinusoidalJitter
from tests.ami.links import RATE, link

Models = Callable[..., AmiModel]
TAPS = {"pre1": -0.1, "main": 0.7, "post1": -0.2}
SYMBOLS = 400_000


def within(run: WaveformRun, ber: float) -> bool:
    low, high = run.errors.interval()
    return bool(low < ber < high)


def test_the_instant_is_the_row_of_the_impulse_response_that_completes_the_main_cursor() -> None:
    """Ones over a UI up to that row sum to the cursor of the plan's own pulse, up to its neighbours to something else."""
    base = link()
    shared = plan(base, MAX_ERROR, TAIL)
    columns = impulse_columns(analog_channel(base), base)
    m = base.samples_per_ui
    summed = np.convolve(columns[0] / (RATE * m), np.ones(m))
    row = _instant(base, shared)
    # a swing of 1 V is two levels of the link's own amplitude
    main = float(shared.raw.through[shared.raw.sampling])
    assert 0.5 * summed[row] == pytest.approx(main, rel=1e-9)
    for beside in (row - 1, row + 1):
        assert abs(0.5 * summed[beside] - main) > 1e-3 * main


@pytest.mark.parametrize("modulation", ["NRZ", "PAM4"])
@pytest.mark.parametrize(
    ("transmitter", "receiver"),
    [
        (("ffe", "ffe_init"), None),
        (("ffe", "ffe"), None),
        (None, ("identity", "identity")),
        (("ffe", "ffe_init"), ("redriver", "redriver")),
        (("ffe", "ffe"), ("redriver", "redriver")),
    ],
)
def test_both_flows_of_a_linear_pair_agree(
    model: Models, modulation: str, transmitter: tuple[str, str] | None, receiver: tuple[str, str] | None
) -> None:
    base = link(modulation, noise={"NRZ": 4e-13 if transmitter else 1e-12}.get(modulation, 3e-14), crosstalk=0.03)
    base = base.replace(
        transmitter_model=model(*transmitter, **TAPS) if transmitter else None,
        receiver_model=model(*receiver) if receiver else None,
    )
    run = sirf.simulate(base, symbols=SYMBOLS, rng=2)
    assert run.errors.errors > 300
    assert within(run, sirf.statistical_eye(base).ber)


def test_a_getwave_only_transmitter_equalises_in_the_time_domain_alone(model: Models) -> None:
    base = link(noise=4e-13, crosstalk=0.0)
    both = base.replace(transmitter_model=model("ffe", "ffe", **TAPS))
    wave = base.replace(transmitter_model=model("ffe", "ffe_wave", **TAPS))
    run = sirf.simulate(wave, symbols=SYMBOLS, rng=2)
    assert within(run, sirf.statistical_eye(both).ber)


@pytest.mark.parametrize("jitter", [
    Jitter(random_ui=0.03), Jitter(dual_dirac_ui=0.08), Jitter(even_odd_ui=0.12), Jitter(duty_cycle_ui=0.1),
    Jitter(sinusoidal=(SinusoidalJitter(0.1, 1.7e8),)),
])  # fmt: skip
def test_a_displaced_stimulus_is_sirfs_displaced_edge(model: Models, jitter: Jitter) -> None:
    base = link(noise=7e-13, crosstalk=0.0)
    base = base.replace(transmitter=dataclasses.replace(base.transmitter, jitter=jitter))
    run = sirf.simulate(base.replace(transmitter_model=model("identity")), symbols=SYMBOLS, rng=4)
    own = sirf.simulate(base, symbols=SYMBOLS, rng=5)
    # by the statistics: of some 750 errors two runs differ by 5 %, and the least of these makes 13 % more
    assert sirf.statistical_eye(base).ber > 1.1 * sirf.statistical_eye(link(noise=7e-13, crosstalk=0.0)).ber
    (low, high), (least, most) = run.errors.interval(), own.errors.interval()
    assert low < most
    assert least < high


def test_the_waveform_through_identity_models_is_the_links_own(model: Models) -> None:
    base = link("NRZ", noise=0.0, crosstalk=0.0)
    base = base.replace(
        transmitter=dataclasses.replace(base.transmitter, pattern=Pattern("prbs13"), snr_db=30.0),
    )
    own = sirf.simulate(base, symbols=20_000, rng=1)
    same = sirf.simulate(
        base.replace(transmitter_model=model("identity"), receiver_model=model("identity")), symbols=20_000, rng=1
    )
    np.testing.assert_allclose(same.eye.level_means(), own.eye.level_means(), rtol=1e-2)
    assert same.errors.errors == own.errors.errors == 0
    assert same.eye.eye_height() == pytest.approx(own.eye.eye_height(), rel=0.05)


def test_block_sizes_change_nothing(model: Models) -> None:
    base = link("PAM4", noise=3e-14).replace(transmitter_model=model("ffe", **TAPS), receiver_model=model("receiver"))
    first, second = (sirf.simulate(base, symbols=60_000, rng=9, block=block) for block in (60_000, 7_000))
    assert first.errors.confusion == second.errors.confusion
    np.testing.assert_array_equal(first.eye.counts, second.eye.counts)


def test_an_adaptive_receiver_with_clocks_opens_the_eye(model: Models) -> None:
    base = link("PAM4", noise=4e-15, crosstalk=0.0)
    closed = sirf.statistical_eye(base).ber
    vendor = base.replace(receiver_model=model("receiver", peak_db=4, step=2e-4, phase_step=5e-4))
    run = sirf.simulate(vendor, symbols=100_000, rng=1)
    assert closed > 1e-3 > 10 * run.errors.ber
    assert run.models["receiver"]["values"]["dfe1"] != 0.0
    assert run.models["receiver"]["values"]["pam4_upperthreshold"] > 0
    assert run.to_dict()["models"]["notes"] == ["receiver.so says: adapts"]


def test_counting_is_the_same_for_any_number_of_workers_and_resumes(model: Models, tmp_path: Path) -> None:
    base = link(noise=4e-13).replace(transmitter_model=model("ffe", **TAPS), receiver_model=model("redriver"))
    once = sirf.count_errors(base, max_errors=10**6, max_symbols=262_144, rng=1)
    twice = sirf.count_errors(base, max_errors=10**6, max_symbols=262_144, rng=1, workers=2)
    assert once == twice
    file = tmp_path / "count.json"
    sirf.count_errors(base, max_errors=10**6, max_symbols=131_072, rng=1, resume=file)
    assert sirf.count_errors(base, max_errors=10**6, max_symbols=262_144, rng=1, resume=file) == once
    low, high = once.interval()
    assert low < sirf.statistical_eye(base).ber < high


def test_counting_with_init_alone_is_the_baud_rate_engine(model: Models) -> None:
    base = link(noise=4e-13).replace(transmitter_model=model("ffe", "ffe_init", **TAPS))
    count = sirf.count_errors(base, max_errors=10**6, max_symbols=262_144, rng=1)
    low, high = count.interval()
    assert low < sirf.statistical_eye(base).ber < high
    assert count.link == base.rounded_digest


def test_precoding_is_decoded_behind_the_model(model: Models) -> None:
    base = link("PAM4", noise=3e-14)
    base = base.replace(transmitter=dataclasses.replace(base.transmitter, precoding=True))
    run = sirf.simulate(base.replace(receiver_model=model("identity")), symbols=SYMBOLS, rng=1)
    own = sirf.simulate(base, symbols=SYMBOLS, rng=2)
    (low, high), (least, most) = run.errors.interval(), own.errors.interval()
    assert low < most
    assert least < high


def test_a_model_may_be_late_and_symbols_still_meet_their_decisions(model: Models) -> None:
    base = link(noise=4e-13, crosstalk=0.0).replace(receiver_model=model("ffe", main=0.0, post2=0.2))
    stream = ModelStream(modelled(base), seed=1)
    with stream:
        stream.advance(1000)
    assert stream.receiver.learned is not None
    # post2 alone: two UI behind the main tap, which itself is two UI late
    assert stream.receiver.learned.latency == 4


def test_what_does_not_go_with_a_deciding_model_is_refused(model: Models) -> None:
    vendor = link().replace(receiver_model=model("identity"))
    with pytest.raises(SirfError, match="record must be left out where the receiver's model decides"):
        sirf.simulate(vendor, symbols=1000, record=10)
    with pytest.raises(SirfError, match="ideal_feedback must be False where the receiver's model decides"):
        sirf.count_errors(vendor, ideal_feedback=True)


def test_a_fault_in_the_middle_of_a_run_is_one_sentence(model: Models) -> None:
    with pytest.raises(AmiError, match=r"faulty.so must keep running, got a crash with signal 6"):
        sirf.simulate(link().replace(receiver_model=model("faulty", fault=5)), symbols=10_000, rng=1)


def test_the_transmitters_own_receiver_keeps_its_dfe(model: Models) -> None:
    base = link("PAM4", noise=1e-14, crosstalk=0.0)
    base = base.replace(receiver=dataclasses.replace(base.receiver, dfe=(0.1,)))
    vendor = base.replace(transmitter_model=model("ffe", **TAPS))
    own = base.replace(transmitter=dataclasses.replace(base.transmitter, ffe=(-0.1, 0.7, -0.2), ffe_main=1))
    (low, high), (least, most) = (sirf.simulate(one, symbols=SYMBOLS, rng=3).errors.interval() for one in (vendor, own))
    assert low < most
    assert least < high


@pytest.mark.parametrize(("sends", "receives"), [(True, False), (False, True), (True, True)])
def test_baseline_wander_behind_the_window_passes_getwave(model: Models, sends: bool, receives: bool) -> None:
    """A coupling of 2 MHz on a grid of 50 MHz: nearly all of its wander comes behind the response's window."""
    base = link(crosstalk=0.0)
    through, corner = base.channel.through, 2e6
    f = through.frequency[1:]
    s = through.s[1:] * (1j * f / (1j * f + corner))[:, None, None]
    base = base.replace(
        channel=Channel(Network(f, s, z0=100.0), plane="die", coupling_corner=corner),
        transmitter_model=model("ffe", "ffe", **TAPS) if sends else None,
        receiver_model=model("identity", "identity") if receives else None,
    )
    waves = []
    for counted in (True, False):
        found, rows = modelled(base), []
        if receives:
            with ModelStream(found, seed=3) as stream:
                stream.wander = stream.wander if counted else None
                for _ in range(12):
                    stream.produce()
                    rows.append(stream.arrived.copy())
        else:
            assert found.transmitter is not None
            with opened(found, found.transmitter, sent_block(found)) as instance:
                own = SentStream(found, instance, seed=3)
                own.wander = own.wander if counted else None
                for _ in range(12):
                    own._produce(1)
                    rows.append(own.wave[own.keep :].copy())
        waves.append(np.concatenate(rows)[200:])
    added = waves[0].astype(float) - waves[1]
    shown = (stream if receives else own).plan.raw.wander
    assert shown is not None
    # levels of ±0.4 V through the taps; the window holds the tail until `lag`
    signal = 0.4 * (sum(TAPS.values()) if sends else 1.0) * np.exp(-2.0 * np.pi * corner / RATE * shown.lag)
    assert np.all(np.abs(added - added[:, :1]) < 1e-6)
    assert np.std(added[:, 0]) == pytest.approx(signal * np.sqrt(np.pi * corner / RATE), rel=0.25)
