"""Skew on glass cloth: against an average over the cloth itself, and its distribution against the closed form."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest

from sirf.channel.figures import pn_skew
from sirf.channel.lines.unequal import slowness
from sirf.channel.path import Path, Trace, load_path
from sirf.channel.weave import Direction, Weave, WeaveRoute, list_weaves, load_weave
from sirf.errors import ConfigError, PhysicsError

SLOWNESS = 6.15e-9
BOARD = """
id = "woven"
title = "a board on glass"
variable = "board"
[[segment]]
name = "board"
kind = "edge_stripline"
material = "megtron7"
length_mm = 150
width_um = 115
gap_um = 180
thickness_um = 17
plane_spacing_um = 280
weave = "1080"
{more}
provenance = "E"
source = "a test"
"""


def board(folder: FilePath, more: str = "") -> Path:
    file = folder / "woven.toml"
    file.write_text(BOARD.format(more=more), encoding="utf-8")
    return load_path(str(file))


def averaged(route: WeaveRoute, length: float) -> float:
    """The same skew by brute force: the Dk at many points of both lines, over width and length, and its square root's change."""
    along, across = (np.arange(n) / n + 0.5 / n - 0.5 for n in (2000, 60))
    angle = np.deg2rad(route.angle_deg)
    delays = []
    for sign in (1.0, -1.0):
        middle = -sign * 0.5 * route.pair_pitch * np.cos(angle) + route.positions[0] * route.period
        x = middle + length * np.sin(angle) * along[:, None] + route.width * across[None, :]
        change = 0.5 * route.weave.dk_swing * np.cos(2 * np.pi * x / route.period)
        delays.append(SLOWNESS * (1 + 0.5 * float(np.mean(change))))
    return delays[0] - delays[1]


@pytest.mark.parametrize("style", ["106", "1078", "2116", "7628"])
@pytest.mark.parametrize(("angle", "length"), [(0.0, 0.2), (1.0, 0.02), (0.2, 0.1), (10.0, 0.004)])
@pytest.mark.parametrize("direction", ["warp", "fill"])
def test_skew_is_the_average_over_the_cloth(style: str, angle: float, length: float, direction: Direction) -> None:
    for position in (0.0, 0.1, 0.25, 0.7):
        route = WeaveRoute(
            weave=load_weave(style),
            pair_pitch=295e-6,
            width=115e-6,
            direction=direction,
            angle_deg=angle,
            positions=(position,),
        )
        expected, worst = averaged(route, length), route.worst_skew(SLOWNESS, length)
        # the closed form has the worst place's sign made positive, whatever the pitch
        assert abs(route.skew(SLOWNESS, length)) == pytest.approx(abs(expected), rel=2e-3, abs=2e-3 * worst + 1e-18)


def test_a_pair_as_wide_as_the_cloths_period_sees_no_difference() -> None:
    cloth = load_weave("1078")
    assert WeaveRoute(weave=cloth, pair_pitch=cloth.warp_period, width=100e-6).worst_skew(SLOWNESS, 0.1) < 1e-18
    straight, turned = (
        WeaveRoute(weave=cloth, pair_pitch=295e-6, width=115e-6, angle_deg=a).worst_skew(SLOWNESS, 0.1)
        for a in (0.0, 10.0)
    )
    assert turned < 0.02 * straight


def test_open_cloth_skews_as_much_as_is_quoted() -> None:
    """5 to 12 ps an inch at the worst place of standard cloth, below 4 of spread cloth."""
    for style in list_weaves():
        route = WeaveRoute(weave=load_weave(style), pair_pitch=212e-6, width=100e-6)
        worst = route.worst_skew(SLOWNESS, 0.1) * 0.0254 * 1e12
        assert worst < 12.5
        if style in ("106", "1080"):
            assert worst > 5.0
        if style in ("1067", "1078", "1086"):
            assert worst < 4.0


def test_the_distribution_is_that_of_a_sine_at_random_phase() -> None:
    route = WeaveRoute(weave=load_weave("1080"), pair_pitch=295e-6, width=115e-6)
    rng = np.random.default_rng(1)
    drawn = np.array([route.drawn(rng).skew(SLOWNESS, 0.1) for _ in range(4000)])
    worst = route.worst_skew(SLOWNESS, 0.1)
    assert drawn.std() == pytest.approx(worst / np.sqrt(2), rel=0.02)
    for quantile in (0.5, 0.9, 0.99):
        assert np.mean(np.abs(drawn) < route.skew_quantile(quantile, SLOWNESS, 0.1)) == pytest.approx(
            quantile, abs=0.015
        )
    plies = WeaveRoute(weave=route.weave, pair_pitch=295e-6, width=115e-6, positions=(0.25, 0.25))
    two = np.array([plies.drawn(rng).skew(SLOWNESS, 0.1) for _ in range(4000)])
    assert two.std() == pytest.approx(worst / 2, rel=0.03)


def test_a_board_on_glass_is_skewed(tmp_path: FilePath) -> None:
    """Skew of the whole path against slowness x length x the closed form; a second draw is another board."""
    f = np.arange(0.0, 40e9, 20e6)
    path = board(tmp_path)
    trace = path.segments[0].element
    assert isinstance(trace, Trace)
    assert trace.route is not None
    wanted = 0.15 * trace.route.worst_skew(slowness(trace.line), 0.15)
    four_port = path.to_channel(f).four_port
    assert four_port is not None
    assert pn_skew(four_port, f_max=5e9) == pytest.approx(wanted, rel=0.02)
    one, again, other = (path.drawn(seed).network(f).s[:, 1, 0] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3
    # the skew goes with the length that a study sets
    longer = path.with_length("300 mm").to_channel(f).four_port
    assert longer is not None
    assert pn_skew(longer, f_max=3e9) == pytest.approx(2 * wanted, rel=0.02)
    balanced = board(tmp_path, "weave_position = 0.0").network(f)
    assert np.abs(balanced.s[:, 1, 0]).min() > np.abs(path.network(f).s[:, 1, 0]).min()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("weave_angle_deg = 60.0", "weave_angle_deg"),
        ('weave_direction = "bias"', "weave_direction"),
        ("weave_plies = 0", "weave_plies"),
    ],
)
def test_bad_keys_are_named(tmp_path: FilePath, more: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        board(tmp_path, more)


def test_bad_cloth_is_refused(tmp_path: FilePath) -> None:
    with pytest.raises(ConfigError, match="Did you mean '2116'"):
        load_weave("2166")
    with pytest.raises(PhysicsError, match="dk_swing of mine must be between"):
        Weave(id="mine", title="", warp_period=4e-4, fill_period=4e-4, dk_swing=0.9)
    with pytest.raises(PhysicsError, match="periods of weave mine"):
        Weave(id="mine", title="", warp_period=4e-2, fill_period=4e-4, dk_swing=0.1)
    cloth = load_weave("106")
    with pytest.raises(PhysicsError, match="pair_pitch and width"):
        WeaveRoute(weave=cloth, pair_pitch=0.0, width=1e-4)
    with pytest.raises(PhysicsError, match="angle_deg"):
        WeaveRoute(weave=cloth, pair_pitch=2e-4, width=1e-4, angle_deg=80.0)
    with pytest.raises(PhysicsError, match="one for each ply"):
        WeaveRoute(weave=cloth, pair_pitch=2e-4, width=1e-4, positions=())
    route = WeaveRoute(weave=cloth, pair_pitch=2e-4, width=1e-4, positions=(0.1, 0.2))
    with pytest.raises(PhysicsError, match="holds for one ply"):
        route.skew_quantile(0.5, SLOWNESS, 0.1)
    with pytest.raises(PhysicsError, match="quantile must be"):
        route.skew_quantile(1.5, SLOWNESS, 0.1)
    file = tmp_path / "mine.toml"
    file.write_text(
        'id = "mine"\ntitle = "mine"\n[threads]\nwarp_per_inch = 60\nfill_per_inch = 50\nprovenance = "E"\n'
        'source = "x"\n[dk_swing]\nvalue = 0.1\nprovenance = "E"\nsource = "x"\n',
        encoding="utf-8",
    )
    assert load_weave(str(file)).fill_period == pytest.approx(508e-6)
