"""Every picture of a link, a channel and a margin against a kept one, and what its title says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sirf
from sirf import plot
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.clock.mask import load_mask
from sirf.errors import SirfError
from sirf.plot.eye import outlines
from sirf.receiver.receiver import Ctle
from sirf.results.equalizer import EqualizerReport
from sirf.results.margin import ComResult
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.jitter_tolerance import JitterTolerance
from sirf.study.reach_result import Reach
from sirf.transmitter.jitter import Jitter
from tests.plot.images import check_image, drawing

mpl.use("agg")

RATE = 53.125e9
GRID = np.arange(0.0, 60e9 + 1.0, 50e6)


def line(loss_db: float, *, coupling: float = 0.0) -> Network:
    """A line of 0.3 ns: skin loss of `loss_db` at Nyquist, an echo of 2 %; or one that couples by a constant factor."""
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    delay = np.exp(-2j * np.pi * GRID * 0.3e-9)
    part = np.sqrt(GRID / (0.5 * RATE))
    through = coupling or 10.0 ** (-loss_db * part / 20.0) * np.exp(-1j * loss_db / 8.686 * part)
    s[:, 1, 0] = s[:, 0, 1] = through * delay * (1.0 + 0.02 * np.exp(-2j * np.pi * GRID * 0.1e-9))
    s[:, 0, 0] = s[:, 1, 1] = 0.03 * np.exp(-2j * np.pi * GRID * 0.05e-9) * np.minimum(GRID / 20e9, 1.0)
    return Network(GRID, s, z0=100.0, name="board")


@pytest.fixture(scope="module")
def channel() -> Channel:
    return Channel(line(6.0), fext=(line(0.0, coupling=0.003),), plane="die", name="board.s4p")


@pytest.fixture(scope="module")
def link(channel: Channel) -> sirf.Link:
    report = EqualizerReport(
        ctle_db=(-4.0, -1.0),
        tx_taps=(-0.05, 0.95),
        tx_main=1,
        rx_ffe_taps=(1.0,),
        dfe_taps=(0.1,),
        fom_db=17.5,
        start_fom_db=None,
        required_fom_db=12.0,
        candidates=120,
        path=((-8.0, 0.0, (1.0,), 12.0), (-6.0, 0.0, (1.0,), 15.5), (-4.0, -1.0, (-0.05, 0.95), 17.5)),
    )
    return sirf.Link(
        channel,
        symbol_rate=RATE,
        modulation="PAM4",
        transmitter=sirf.Transmitter(
            amplitude=0.4,
            amplitude_fext=0.4,
            amplitude_next=0.4,
            rise_time=6e-12,
            snr_db=34.0,
            ffe=(-0.05, 0.95),
            ffe_main=1,
            jitter=Jitter(random_ui=0.005, dual_dirac_ui=0.01),
        ),
        receiver=sirf.Receiver(
            noise_corner=40e9,
            noise_density=2e-17,
            ctle=Ctle(g_dc_db=-4.0, f_z=20e9, f_p1=20e9, f_p2=53e9),
            dfe=(0.12, 0.05, 0.03, 0.02),
        ),
        samples_per_ui=32,
    ).replace(equalizer_report=report)


@pytest.fixture(scope="module")
def eye(link: sirf.Link) -> StatisticalEye:
    return sirf.statistical_eye(link)


def title(axes: Axes) -> str:
    return axes.get_title().replace("\n", ", ")


Draw = Callable[[sirf.Link, StatisticalEye, Axes], Axes]
OF_LINKS: dict[str, Draw] = {
    "eye": lambda link, eye, axes: plot.eye(eye, axes, contours=(1e-4, 1e-9, 1e-15)),
    "bathtub": lambda link, eye, axes: plot.bathtub(eye, axes),
    "voltage_bathtub": lambda link, eye, axes: plot.voltage_bathtub(eye, axes),
    "jitter": lambda link, eye, axes: plot.jitter(eye, axes),
    "pulse": lambda link, eye, axes: plot.pulse(link, axes),
    "step": lambda link, eye, axes: plot.step(link, axes),
    "impulse": lambda link, eye, axes: plot.impulse(link, axes),
    "equalizer_response": lambda link, eye, axes: plot.equalizer_response(link, axes),
    "search_path": lambda link, eye, axes: plot.search_path(link, axes),
    "interference_waterfall": lambda link, eye, axes: plot.interference_waterfall(link, axes),
    "interference_density": lambda link, eye, axes: plot.interference_density(link, axes),
}


@pytest.mark.parametrize("name", OF_LINKS)
def test_pictures_of_a_link(name: str, link: sirf.Link, eye: StatisticalEye, tmp_path: Path) -> None:
    figure, (axes,) = drawing()
    assert OF_LINKS[name](link, eye, axes) is axes
    assert "board.s4p" in title(axes)
    assert "PAM4 at 53.125 GBd" in title(axes)
    assert all(axes.get_xlabel() or axes.get_xticklabels() for axes in figure.axes)
    check_image(figure, name, tmp_path)


OF_CHANNELS: dict[str, Callable[[Channel, Axes], Axes]] = {
    "loss": lambda channel, axes: plot.loss(channel, axes, standard="802.3bj-kr4"),
    "ild": lambda channel, axes: plot.ild(channel, axes, symbol_rate=RATE),
    "tdr": lambda channel, axes: plot.tdr(channel, axes, rise_time=10e-12),
    "crosstalk": lambda channel, axes: plot.crosstalk(channel, axes, symbol_rate=RATE),
    "reflection": lambda channel, axes: plot.reflection(channel, axes, standard="802.3ck-kr1"),
}


@pytest.mark.parametrize("name", OF_CHANNELS)
def test_pictures_of_a_channel(name: str, channel: Channel, tmp_path: Path) -> None:
    figure, (axes,) = drawing()
    OF_CHANNELS[name](channel, axes)
    assert "board.s4p" in title(axes)
    check_image(figure, name, tmp_path)


@pytest.mark.parametrize(("ratio", "allowed"), [(1e-6, 0.01), (1e-12, 0.04), (1e-15, 0.06)])
def test_contours_between_the_phases_are_those_of_a_finer_eye(link: sirf.Link, ratio: float, allowed: float) -> None:
    """An outline carried between 32 phases against those of 128, as part of the height; the deeper, the sharper its corners."""
    finest = link.replace(samples_per_ui=128)
    fine, coarse = sirf.statistical_eye(finest), sirf.statistical_eye(finest, phases=32)
    for drawn, (phase, low, high) in zip(outlines(coarse, [ratio])[ratio], fine.contour(ratio), strict=True):
        assert drawn is not None
        time, millivolts = (half[: len(half) // 2] for half in drawn)
        inside = (phase > time[0]) & (phase < time[-1])
        height = 1e3 * float(np.max(high - low))
        assert np.interp(phase[inside], time, millivolts) == pytest.approx(1e3 * low[inside], abs=allowed * height)


def test_eyes_before_and_after_the_equalisers(link: sirf.Link, tmp_path: Path) -> None:
    figure, pair = drawing((9.0, 4.0), columns=2)
    before, after = plot.equalizer_eyes(link, pair, phases=16)
    assert "before its equalisers" in title(before)
    assert "after its equalisers" in title(after)
    assert before.get_ylim() == after.get_ylim()
    check_image(figure, "equalizer_eyes", tmp_path)


def test_an_eye_with_its_bathtubs(eye: StatisticalEye, tmp_path: Path) -> None:
    figure = Figure(figsize=(8.0, 6.4))
    plot.eye_with_bathtubs(eye, figure)
    check_image(figure, "eye_with_bathtubs", tmp_path)


def test_a_colour_bar_stands_beside_an_eye_of_its_own(eye: StatisticalEye) -> None:
    axes = plot.eye(eye)
    assert "log10 of probability density" in axes.figure.axes[1].get_ylabel()
    _, (given,) = drawing()
    plot.eye(eye, given)
    assert len(given.figure.axes) == 1
    peak = np.log10(1e-3 * eye.density.max())
    assert axes.images[0].get_clim()[1] == pytest.approx(peak, abs=0.3)


@pytest.fixture(scope="module")
def margin(channel: Channel) -> ComResult:
    found = sirf.com(dataclasses.replace(channel, plane="ball"), standard="802.3ck-kr1", package_case=1)
    assert isinstance(found, ComResult)
    return found


@pytest.mark.parametrize("name", ["com_pulse", "com_distribution", "search_path"])
def test_pictures_of_a_margin(name: str, margin: ComResult, tmp_path: Path) -> None:
    figure, (axes,) = drawing()
    getattr(plot, name)(margin, axes)
    assert "board.s4p" in title(axes)
    assert "802.3ck-kr1" in title(axes)
    check_image(figure, f"margin-{name}", tmp_path)


def test_the_path_of_a_com_search_rises_to_the_figure_of_merit_chosen(margin: ComResult) -> None:
    path = margin.chosen.path
    merits = [merit for *_, merit in path]
    assert merits == sorted(set(merits))
    assert merits[-1] == pytest.approx(margin.fom_db, abs=1e-9)
    assert path[-1][:2] == margin.ctle_db


def test_jitter_tolerance_against_its_mask(tmp_path: Path) -> None:
    mask = load_mask("802.3ck")
    tones = (40e3, 1e6, 4e6, 10e6, 40e6)
    result = JitterTolerance(
        mask=mask,
        ber=1e-5,
        symbols=10_000,
        shown_ber=1e-6,
        frequency=tones,
        mask_ui=tuple(mask.amplitude(np.array(tones), RATE)),
        tolerated_ui=(300.0, 1.0, 0.1, 0.03, None),
        unbounded=(True, False, False, False, False),
    )
    figure, (axes,) = drawing()
    plot.jitter_tolerance(result, axes)
    assert "mask missed" in title(axes)
    legend = axes.get_legend()
    assert legend is not None
    marks = [text.get_text() for text in legend.get_texts()]
    assert marks == ["mask 802.3ck", "tolerated", "tolerated, or more", "tolerated, below the mask", "none tolerated"]
    check_image(figure, "jitter_tolerance", tmp_path)


def bumpy() -> Reach:
    curve = ((100.0, 1e-12), (150.0, 1e-9), (200.0, 1e-7), (220.0, 1e-5), (240.0, 2e-6), (280.0, 1e-4))
    return Reach(
        path="pluggable",
        standard="802.3ck-c2m",
        limit=("ber", 1e-6),
        reach_mm=210.0,
        limited_by="loss",
        curve=tuple((length, ratio, 0.04 * length) for length, ratio in curve),
        gained_decades={"loss": 1.0},
    )


def test_a_reach_says_where_its_curve_is_not_monotone(tmp_path: Path) -> None:
    figure, (axes,) = drawing()
    plot.reach(bumpy(), axes)
    legend = axes.get_legend()
    assert legend is not None
    assert any("not monotone" in text.get_text() for text in legend.get_texts())
    (span,) = axes.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == (220.0, 240.0)  # type: ignore[attr-defined]  # a rectangle
    check_image(figure, "reach", tmp_path)
    _, (smooth,) = drawing()
    plot.reach(dataclasses.replace(bumpy(), curve=bumpy().curve[:4]), smooth)
    assert not smooth.patches


def test_what_cannot_be_drawn_is_refused(link: sirf.Link) -> None:
    with pytest.raises(SirfError, match="must come from an equaliser search"):
        plot.search_path(link.replace(equalizer_report=None))
    noisy = link.replace(receiver=link.receiver.replace(noise_density=1e-13))
    with pytest.raises(SirfError, match="eye must be open"):
        plot.jitter(sirf.statistical_eye(noisy, phases=16))
