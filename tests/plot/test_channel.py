"""Pictures of a channel: what they show is what the figures say."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import sirf
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.errors import SirfError
from sirf.plot._axes import new_figure
from sirf.plot.channel import pictures
from tests.channel.figures.test_mode_conversion import GRID, pair

mpl.use("agg")


@pytest.fixture(scope="module")
def channel() -> Channel:
    made = Channel.from_network(pair(2e-12, coupling=0.02), port_order="12-34", name="demo")
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    s[:, 1, 0] = 0.002
    noise = Network(GRID, s, z0=100.0)
    return Channel(
        made.through, fext=(noise, noise), next=(noise,), four_port=made.four_port, port_order=made.port_order
    )


def labels(axes: mpl.axes.Axes) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def curve(axes: mpl.axes.Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    line = next(line for line in axes.get_lines() if line.get_label() == label)
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def test_loss_shows_the_channel_its_fit_and_the_masks(channel: Channel) -> None:
    axes = sirf.plot.loss(channel, new_figure((6, 4))[1][0], standard="802.3bj-kr4")
    assert {"SDD21", "SDD21 fitted", "SDD11", "SDD22", "limit SDD21 (secondary source)"} <= set(labels(axes))
    f, level = curve(axes, "SDD21")
    assert level[np.searchsorted(f, 10.0)] == pytest.approx(-float(channel.insertion_loss_db(10e9)))
    f, limit = curve(axes, "limit SDD21 (secondary source)")
    assert np.interp(12.89, f, limit) == pytest.approx(-35.0, abs=0.05)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("frequency (GHz)", "magnitude (dB)")
    assert "Nyquist: " in " ".join(labels(axes))


def test_crosstalk_adds_powers(channel: Channel) -> None:
    axes = sirf.plot.crosstalk(channel, new_figure((6, 4))[1][0], symbol_rate=40e9)
    assert {"power sum of 2 FEXT", "power sum of 1 NEXT", "PSXT", "ICR"} <= set(labels(axes))
    _, fext = curve(axes, "power sum of 2 FEXT")
    assert fext == pytest.approx(20 * np.log10(0.002) + 10 * np.log10(2))


def test_tdr_shows_both_ports_and_the_far_end(channel: Channel) -> None:
    axes = sirf.plot.tdr(channel, new_figure((6, 4))[1][0], rise_time=20e-12)
    assert labels(axes) == ["from port 1", "from port 2", "far end"]
    _, ohm = curve(axes, "from port 1")
    assert ohm == pytest.approx(100.0, abs=1e-6)  # the pair reflects nothing
    assert "20 ps" in axes.get_title()
    assert "ohm" in axes.get_ylabel()


def test_deviation_and_conversion_are_drawn(channel: Channel) -> None:
    axes = sirf.plot.ild(channel, new_figure((6, 3))[1][0], symbol_rate=40e9)
    assert axes.get_xlim()[1] == pytest.approx(30.0)
    axes = sirf.plot.conversion(channel, new_figure((6, 4))[1][0], standard="802.3bm-c2m")
    assert {"SCD21", "SCD11", "limit SCD11 (secondary source)"} <= set(labels(axes))


def test_the_reflection_shows_what_counts(channel: Channel) -> None:
    f = channel.frequency
    s = channel.through.s.copy()
    s[:, 0, 0] = 0.1 * np.exp(-2j * np.pi * f * 0.3e-9)
    made = Channel(Network(f, s, z0=100.0))
    axes = sirf.plot.reflection(made, new_figure((6, 4))[1][0], standard="802.3ck-kr1")
    assert labels(axes) == ["pulse TDR", "effective", "worst phase"]
    _, ptdr = curve(axes, "pulse TDR")
    _, effective = curve(axes, "effective")
    assert 5 < ptdr.max() < 11  # ten percent, with the overshoot of the filter
    assert effective.max() < ptdr.max()  # within reach of the feedback
    with pytest.raises(SirfError, match="must define ERL"):
        sirf.plot.reflection(made, standard="802.3bj-kr4")


def test_pictures_are_those_the_data_allow(channel: Channel) -> None:
    assert set(pictures(channel, symbol_rate=40e9)) == {"loss", "ild", "tdr", "crosstalk", "conversion"}
    bare = Channel(channel.through)
    assert set(pictures(bare)) == {"loss", "ild", "tdr"}
    with pytest.raises(SirfError, match="must have aggressors"):
        sirf.plot.crosstalk(bare)
    with pytest.raises(SirfError, match="single-ended 4-port"):
        sirf.plot.conversion(bare)
