"""Eyes and records along the chain: against Gaussian edges in closed form, and one place filtered into the next."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

import sirf
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.waveform_record import WaveformRecord
from sirf.transmitter.transmitter import NO_JITTER
from tests.engine.captures import receiver_filter_error


@pytest.fixture(scope="module")
def link() -> Link:
    return sirf.Link(sirf.paths.pluggable(length="200 mm").to_channel(), standard="802.3ck-c2m").optimized()


@pytest.fixture(scope="module")
def quiet(link: Link) -> Link:
    still = dataclasses.replace(link.transmitter, jitter=NO_JITTER, snr_db=None)
    return link.replace(transmitter=still, receiver=dataclasses.replace(link.receiver, noise_density=0.0))


def test_transmitter_output_is_the_sum_of_its_gaussian_edges(quiet: Link) -> None:
    """Each transition of the Tx FFE's staircase is a Gaussian edge of rms T_r / 1.6832 (equation 93A-46)."""
    run = sirf.simulate(quiet, symbols=600, rng=1, capture=["transmitter"], record=600)
    record = run.record
    assert record is not None
    tx, m = quiet.transmitter, record.samples_per_ui
    levels = quiet.levels[record.sent]
    stairs = tx.amplitude * np.convolve(levels, tx.ffe)[tx.ffe_main :][: len(levels)]
    edges = np.diff(np.concatenate([[0.0], stairs]))
    sigma = tx.rise_time / 1.6832 * quiet.symbol_rate
    time = record.time * quiet.symbol_rate + record.delay["transmitter"] * quiet.symbol_rate
    exact = np.zeros(len(time))
    for k, edge in enumerate(edges):
        exact += edge * ndtr((time - k) / sigma)
    inside = slice(20 * m, -20 * m)
    assert np.max(np.abs(record.volts["transmitter"][inside] - exact[inside])) < 1e-3 * tx.amplitude


def test_channel_output_through_the_receivers_filters_is_what_comes_behind_the_ctle(quiet: Link) -> None:
    assert receiver_filter_error(quiet) < 2e-3


def test_record_holds_what_the_slicer_saw(quiet: Link) -> None:
    run = sirf.simulate(quiet, symbols=20_000, rng=1, record=20_000)
    record = run.record
    assert record is not None
    m = record.samples_per_ui
    assert len(record.time) == 20_000 * m
    np.testing.assert_allclose(record.instant, np.arange(20_000) / record.symbol_rate, atol=1e-18)
    at = record.volts["slicer"][m // 2 :: m]
    np.testing.assert_allclose(at - record.fed_back, record.decision_input, atol=1e-7)
    assert np.array_equal(record.decided, record.sent)
    assert record.time[m // 2] == 0.0


def test_looking_changes_nothing_and_every_symbol_is_in_each_eye(link: Link) -> None:
    plain = sirf.simulate(link, symbols=9000, rng=3)
    seen = sirf.simulate(link, symbols=9000, rng=3, capture=["transmitter", "channel", "ctle"], record=5)
    assert seen.errors == plain.errors
    assert np.array_equal(seen.eye.counts, plain.eye.counts)
    assert set(seen.eyes) == {"transmitter", "channel", "ctle"}
    for eye in seen.eyes.values():
        assert np.all(eye.counts.sum(axis=1) == 9000)
        assert eye.counts[:, [0, -1]].sum() == 0  # nothing beyond the range
    # the equaliser opens what the channel has closed, and the transmitter's output was open
    height = {name: eye.eye_height() / np.ptp(eye.thresholds) for name, eye in seen.eyes.items()}
    assert height["channel"] < 0.5 * seen.eye.eye_height() / np.ptp(seen.eye.thresholds) < height["transmitter"]


@pytest.mark.parametrize("name", ["record.npz", "record.h5"])
def test_records_come_back_from_their_file(quiet: Link, tmp_path: Path, name: str) -> None:
    if name.endswith("h5"):
        pytest.importorskip("h5py")
    record = sirf.simulate(quiet, symbols=100, rng=1, capture=["ctle"], record=50).record
    assert record is not None
    record.save(tmp_path / name)
    back = WaveformRecord.load(tmp_path / name)
    assert (back.symbol_rate, back.samples_per_ui, back.delay) == (
        record.symbol_rate,
        record.samples_per_ui,
        record.delay,
    )
    for field in ("time", "instant", "decision_input", "fed_back", "decided", "sent"):
        assert np.array_equal(getattr(back, field), getattr(record, field))
    assert all(np.array_equal(back.volts[place], record.volts[place]) for place in ("slicer", "ctle"))


def test_other_files_and_places_are_refused(quiet: Link, tmp_path: Path) -> None:
    record = sirf.simulate(quiet, symbols=100, rng=1, record=10).record
    assert record is not None
    with pytest.raises(SirfError, match=r"must end in \.npz"):
        record.save(tmp_path / "record.csv")
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(SirfError, match="must be a waveform record"):
        WaveformRecord.load(tmp_path / "other.npz")
    with pytest.raises(SirfError, match="capture must name places"):
        sirf.simulate(quiet, symbols=100, rng=1, capture=["antenna"])
    with pytest.raises(SirfError, match="record must be at least 0"):
        sirf.simulate(quiet, symbols=100, rng=1, record=-1)
