"""Quality figures against closed forms, scikit-rf and the published files."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skrf.calibration.deembedding import IEEEP370_FD_QM, IEEEP370_TD_QM

from sirf.channel.causality import early_db
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.quality import quality
from sirf.channel.touchstone import read_touchstone
from sirf.errors import SirfError

FREQUENCY = np.arange(0.0, 40.01e9, 20e6)
DELAY = 1e-9
Complex = NDArray[np.complex128]


def two_port(s21: Complex, s12: Complex | None = None, frequency: NDArray[np.float64] = FREQUENCY) -> Network:
    s = np.zeros((frequency.size, 2, 2), dtype=np.complex128)
    s[:, 1, 0], s[:, 0, 1] = s21, s21 if s12 is None else s12
    return Network(frequency, s, name="line")


def delayed(seconds: float, frequency: NDArray[np.float64] = FREQUENCY) -> Complex:
    return np.asarray(np.exp(-2j * np.pi * frequency * seconds), dtype=np.complex128)


def test_a_delay_line_is_all_that_is_good() -> None:
    found = quality(two_port(0.9 * delayed(DELAY)), symbol_rate=40e9)
    assert (found.passive, found.causal, found.reciprocal, found.has_dc, found.uniform) == (True,) * 5
    assert found.delay == pytest.approx(DELAY, rel=1e-9)
    assert found.step == 20e6
    assert found.band_to_symbol_rate == pytest.approx(1.0)
    assert found.warnings == ()


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.25])
def test_singular_value_is_the_gain_of_an_orthogonal_matrix(gain: float) -> None:
    matrix = gain * np.array([[0.6, 0.8], [0.8, -0.6]])
    s = np.repeat(matrix[None].astype(complex), FREQUENCY.size, axis=0)
    s[:7] *= 0.5
    found = quality(Network(FREQUENCY, s))
    assert found.max_singular_value == pytest.approx(gain, rel=1e-12)
    assert found.max_singular_at >= FREQUENCY[7]
    assert found.passive is (gain <= 1.0)


def test_asymmetry_is_the_largest_difference_of_two_directions() -> None:
    back = 0.9 * delayed(DELAY)
    back[33] += 0.04j
    found = quality(two_port(0.9 * delayed(DELAY), back))
    assert found.asymmetry == pytest.approx(0.04, rel=1e-12)
    assert found.asymmetry_at == FREQUENCY[33]
    assert found.reciprocal is False


@pytest.mark.parametrize("echo", [0.5, 0.05, 0.005])
def test_level_before_time_zero_is_that_of_an_early_echo(echo: float) -> None:
    found = quality(two_port(0.9 * (delayed(DELAY) + echo * delayed(-3 * DELAY)) / (1 + echo)))
    assert found.early_db == pytest.approx(20 * np.log10(echo), abs=0.02)
    assert found.early_entry in ((1, 2), (2, 1))
    assert found.causal is (echo < 0.01)


def test_a_response_run_backwards_is_not_causal() -> None:
    assert early_db(FREQUENCY, np.conj(delayed(DELAY))) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("late", [0.1, 0.003])
def test_wrap_level_is_that_of_an_echo_at_half_of_the_period(late: float) -> None:
    half = 0.5 / 20e6
    found = quality(two_port(0.9 * (delayed(DELAY) + late * delayed(DELAY + half)) / (1 + late)))
    assert found.wrap_db == pytest.approx(20 * np.log10(late), abs=0.05)
    assert any("wraps around" in note for note in found.warnings) is (late > 0.0032)


def test_what_is_missing_is_said() -> None:
    short = FREQUENCY[25:1001]
    found = quality(two_port(0.9 * delayed(DELAY, short), frequency=short), symbol_rate=40e9)
    assert not found.has_dc
    text = " ".join(found.warnings)
    for words in ("no DC: data begin at 500 MHz", "more than 90 degrees", "0.50 of the symbol rate: too little"):
        assert words in text
    assert "extrapolated" in " ".join(quality(two_port(delayed(DELAY)), symbol_rate=50e9).warnings)
    turned = two_port(0.9 * delayed(DELAY) * np.exp(0.1j))
    assert "value at DC is not real: imaginary part 0.0899" in " ".join(quality(turned).warnings)
    uneven = np.concatenate((FREQUENCY[:100], FREQUENCY[100::3]))
    found = quality(two_port(0.9 * delayed(DELAY, uneven), frequency=uneven))
    assert not found.uniform
    assert any("not uniform" in note for note in found.warnings)
    coarse = np.arange(0.0, 40e9, 500e6)
    assert "folded" in " ".join(quality(two_port(delayed(0.9e-9, coarse), frequency=coarse)).warnings)


def test_ieee_370_of_the_measured_stripline(channels_dir: Path) -> None:
    found = quality(read_touchstone(channels_dir / "stripline_measured/119mm.s2p"))
    metrics = found.ieee370
    assert (metrics.causality, metrics.passivity, metrics.reciprocity) == pytest.approx(
        (9.7139, 99.9999, 94.1444), abs=5e-5
    )
    assert (found.passive, found.causal, found.reciprocal, found.has_dc) == (False, False, False, False)


@pytest.mark.parametrize(
    ("name", "order", "passive", "has_dc"),
    [
        ("backplane_12db/thru.s4p", [1, 2, 3, 4], True, True),
        ("c2c_12db/thru.s4p", [1, 2, 3, 4], True, False),
        ("nasty/non_passive_odd_order.s4p", [1, 4, 2, 3], False, True),
        ("nasty/no_dc_order_13_24.s4p", [1, 3, 2, 4], True, False),
    ],
)
def test_published_files(channels_dir: Path, name: str, order: list[int], passive: bool, has_dc: bool) -> None:
    found = quality(read_touchstone(channels_dir / name))
    assert (found.port_order, found.passive, found.has_dc, found.causal) == (order, passive, has_dc, True)
    if not passive:
        assert found.max_singular_value == pytest.approx(1.054, abs=5e-4)  # as its publisher says
        assert found.max_singular_at == 0.0


def test_a_crosstalk_file_has_no_port_order(channels_dir: Path) -> None:
    found = quality(read_touchstone(channels_dir / "nasty/truncated_band.s4p"))
    assert found.port_order is None
    assert any("port_order must be given" in note for note in found.warnings)


def test_metrics_are_those_of_scikit_rf_whatever_the_ports() -> None:
    rng = np.random.default_rng(5)
    s = 0.3 * (rng.normal(size=(40, 3, 3)) + 1j * rng.normal(size=(40, 3, 3)))
    network = Network(np.arange(1.0, 41.0) * 1e9, s.astype(np.complex128))
    theirs = IEEEP370_FD_QM().check_se_quality(network.to_network())
    ours = quality(network).ieee370
    assert ours.causality == theirs["causality"]["value"]
    assert ours.passivity == theirs["passivity"]["value"]
    assert ours.reciprocity == theirs["reciprocity"]["value"]


def test_figures_in_time_are_those_of_scikit_rf_and_do_not_need_dc() -> None:
    frequency = np.arange(100e6, 20.01e9, 100e6)
    s21 = 0.8 * delayed(DELAY, frequency) + 0.05 * delayed(-DELAY, frequency)
    back = 0.7 * delayed(DELAY, frequency)
    network = two_port(s21, back, frequency)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = IEEEP370_TD_QM(5e9, 32, 0.35, 1, 2).check_se_quality(network.to_network())
    ours = quality(network, symbol_rate=5e9, in_time=True).ieee370_application
    assert ours is not None
    assert ours.causality_mv == theirs["causality"]["value"] > 5.0
    assert ours.reciprocity_mv == theirs["reciprocity"]["value"] > 5.0
    with_dc = two_port(np.concatenate(([0.85], s21)), np.concatenate(([0.7], back)), np.concatenate(([0.0], frequency)))
    assert quality(with_dc, symbol_rate=5e9, in_time=True).ieee370_application == ours


def test_a_channel_judges_its_four_port_and_names_short_aggressors() -> None:
    line = 0.9 * delayed(DELAY)
    s = np.zeros((FREQUENCY.size, 4, 4), dtype=np.complex128)
    for a, b in ((0, 2), (1, 3)):
        s[:, a, b] = s[:, b, a] = line
    through = Network(FREQUENCY, s, name="thru")
    short = Network(FREQUENCY[:500], 0.01 * s[:500], name="fext1")
    found = Channel.from_network(through, fext=[short]).quality(symbol_rate=40e9)
    assert found.ports == 4
    assert found.port_order == [1, 3, 2, 4]
    assert found.warnings == ("aggressor fext1 ends at 9.98 GHz, the through path at 40 GHz.",)
    assert Channel(two_port(line).renormalized(50.0).__class__(FREQUENCY, s[:, :2, :2], z0=100.0)).quality().ports == 2


def test_a_result_shows_itself() -> None:
    found = quality(two_port(1.1 * delayed(DELAY)), symbol_rate=40e9)
    assert repr(found) == "Quality('line', 2 ports, not passive, causal, reciprocal, with DC, 1 warnings)"
    assert "largest singular value 1.100000" in str(found)
    assert "  ! not passive" in str(found)
    assert "<table>" in found._repr_html_()
    keys = {"ports", "port_order", "passive", "causal", "reciprocal", "has_dc", "warnings"}
    assert keys <= set(json.loads(json.dumps(found.to_dict(), allow_nan=False)))


def test_wrong_questions_are_refused() -> None:
    network = two_port(delayed(DELAY))
    with pytest.raises(SirfError, match="symbol_rate must be positive"):
        quality(network, symbol_rate=-1.0)
    with pytest.raises(SirfError, match="symbol_rate must be given"):
        quality(network, in_time=True)


@settings(max_examples=60, deadline=None)
@given(
    ports=st.integers(1, 5), points=st.integers(1, 40), seed=st.integers(0, 10**6), first=st.sampled_from([0.0, 1e9])
)
def test_any_network_gets_an_answer(ports: int, points: int, seed: int, first: float) -> None:
    rng = np.random.default_rng(seed)
    shape = (points, ports, ports)
    s = rng.normal(size=shape) * rng.integers(0, 2, size=shape[1:]) + 1j * rng.normal(size=shape)
    frequency = first + np.concatenate(([0.0], np.cumsum(rng.uniform(1e6, 1e9, points))))[:points]
    found = quality(Network(frequency, s.astype(np.complex128)))
    assert found.passive is bool(found.max_singular_value <= 1.00001)
    json.dumps(found.to_dict(), allow_nan=False)
    theirs = skrf.Network(f=frequency, f_unit="Hz", s=s)
    assert found.max_singular_value == pytest.approx(max(np.linalg.norm(m, 2) for m in theirs.s), rel=1e-12)
