"""Whole paths: published budgets, order of losses, crosstalk, lengths, refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path as FilePath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf import paths
from sirf.channel.materials import list_materials
from sirf.channel.path import Path, RateClass, Trace
from sirf.errors import ConfigError, SirfError
from tests.channel.physical import FREQUENCY, check_physical
from tests.edited import edited

FAMILIES = (paths.cpo, paths.npo, paths.pluggable)
RATE_CLASSES: tuple[RateClass, ...] = ("100g", "200g")


@pytest.mark.parametrize("rate_class", RATE_CLASSES)
@pytest.mark.parametrize("frequency", [13.28e9, 26.5625e9, 53.125e9])
def test_loss_falls_from_faceplate_to_package(rate_class: RateClass, frequency: float) -> None:
    cpo, npo, pluggable = (float(make(rate_class=rate_class).insertion_loss_db(frequency)) for make in FAMILIES)
    assert cpo < npo < pluggable


def test_default_paths_meet_the_published_losses_at_53_ghz() -> None:
    """Die to die at 53.125 GHz: co-packaged 3 to 6 dB, faceplate pluggable 18 to 26 dB (published comparison at 200G)."""
    assert 3.0 <= float(paths.cpo().insertion_loss_db(53.125e9)) <= 6.0
    assert 18.0 <= float(paths.pluggable().insertion_loss_db(53.125e9)) <= 26.0
    assert 18.0 <= float(paths.pluggable("10 in").insertion_loss_db(53.125e9)) <= 26.0


@pytest.mark.parametrize("rate_class", RATE_CLASSES)
def test_default_paths_stay_inside_the_budgets_at_26_ghz(rate_class: RateClass) -> None:
    """Bump-to-bump budgets at 53.125 GBd: XSR 10 dB, XSR+ (near-packaged) 13 dB, VSR and C2M 16 dB."""
    for make, budget in zip(FAMILIES, (10.0, 13.0, 16.0), strict=True):
        assert float(make(rate_class=rate_class).insertion_loss_db(26.5625e9)) <= budget


@pytest.mark.parametrize("make", FAMILIES)
def test_default_lengths_lie_in_their_class(make: Callable[[], Path]) -> None:
    """CPO to 50 mm, NPO to 150 mm, pluggable from 200 mm with a connector and at least 20 mm of module."""
    path = make()
    low, high = {"cpo": (0.0, 0.05), "npo": (0.05, 0.15), "pluggable": (0.2, 0.4)}[path.name]
    assert low < path.trace_length_m <= high
    names = [segment.name for segment in path.segments]
    assert ("connector" in names) == (path.name == "pluggable")
    if path.name == "pluggable":
        assert path.segments[names.index("module board")].length_m == pytest.approx(0.02)


@pytest.mark.parametrize("make", FAMILIES)
def test_every_segment_states_its_provenance(make: Callable[[], Path]) -> None:
    path = make()
    assert all(segment.provenance in ("P", "2", "E") and segment.source for segment in path.segments)
    assert path.crosstalk is not None
    assert path.crosstalk.source


def test_dies_take_the_provenance_of_their_rate_class() -> None:
    """802.3ck is published, 802.3dj was read in secondary sources."""
    assert [paths.cpo(rate_class=rate_class).segments[0].provenance for rate_class in RATE_CLASSES] == ["P", "2"]


@pytest.mark.parametrize("rate_class", RATE_CLASSES)
@pytest.mark.parametrize("make", FAMILIES)
def test_default_paths_are_physical(make: Callable[..., Path], rate_class: RateClass) -> None:
    path = make(rate_class=rate_class)
    check_physical(path.network(FREQUENCY))
    for segment in path.segments:
        check_physical(segment.network(FREQUENCY))


@settings(max_examples=15, deadline=None)
@given(
    length=st.floats(0.002, 1.0),
    material=st.sampled_from(list_materials()),
    rate_class=st.sampled_from(RATE_CLASSES),
    make=st.sampled_from(FAMILIES),
)
def test_every_path_is_physical_with_its_crosstalk(
    length: float, material: str, rate_class: RateClass, make: Callable[..., Path]
) -> None:
    channel = make(length, material=material, rate_class=rate_class).to_channel(FREQUENCY, crosstalk=True)
    for network in channel.networks:
        check_physical(network)


def test_path_is_the_cascade_of_its_segments() -> None:
    path = paths.pluggable()
    whole = reduce(lambda a, b: a @ b, (segment.network(FREQUENCY) for segment in path.segments))
    assert np.allclose(path.network(FREQUENCY).s, whole.s, atol=1e-14)
    loss = -20 * np.log10(np.abs(whole.s[:, 1, 0]))
    assert np.allclose(path.insertion_loss_db(FREQUENCY), loss)
    assert path.insertion_loss_db(26e9).shape == ()


def test_default_grid_has_dc_and_reaches_the_symbol_rate_of_200g() -> None:
    channel = paths.cpo().to_channel()
    assert channel.plane == "die"
    assert channel.frequency[0] == 0.0
    assert channel.frequency[1] == pytest.approx(10e6)
    assert channel.frequency[-1] >= 106.25e9
    assert np.all(channel.through.s[0].imag == 0.0)


@pytest.mark.parametrize("make", FAMILIES)
def test_stretching_keeps_packages_and_connectors(make: Callable[[], Path]) -> None:
    path = make()
    longer = path.with_length(2.0 * path.trace_length_m)
    assert longer.trace_length_m == pytest.approx(2.0 * path.trace_length_m)
    kept = [(a, b) for a, b in zip(path.segments, longer.segments, strict=True) if a.name != path.variable]
    assert all(a == b for a, b in kept)
    assert float(longer.insertion_loss_db(26e9)) > float(path.insertion_loss_db(26e9))


def test_added_length_adds_the_loss_of_the_trace() -> None:
    path = paths.pluggable()
    board = next(segment.element for segment in path.segments if segment.name == "host board")
    assert isinstance(board, Trace)
    grid = np.linspace(20e9, 30e9, 401)
    added = np.mean(path.with_length(0.4).insertion_loss_db(grid) - path.with_length(0.2).insertion_loss_db(grid))
    assert added == pytest.approx(0.2 * float(np.mean(board.line.loss_db_per_m(grid))), rel=0.05)


def test_lengths_and_materials_reach_the_path() -> None:
    assert paths.pluggable(length="10 in").trace_length_m == pytest.approx(0.254)
    assert paths.cpo(length=0.03).trace_length_m == pytest.approx(0.03)
    fr4, megtron = paths.pluggable(material="fr4"), paths.pluggable()
    assert float(fr4.insertion_loss_db(26e9)) > 2 * float(megtron.insertion_loss_db(26e9))
    changed = {a.name for a, b in zip(fr4.segments, megtron.segments, strict=True) if a != b}
    assert changed == {"host via", "host board", "connector via"}


def test_crosstalk_of_the_pluggable_path_is_of_published_size() -> None:
    """FEXT of published chip-to-module channels: -53 to -56 dB at 26.56 GHz; NEXT weaker there; none at DC."""
    channel = paths.pluggable().to_channel(np.linspace(0, 60e9, 1201), crosstalk=True)
    assert (len(channel.fext), len(channel.next)) == (2, 1)
    band = np.abs(channel.frequency - 26.56e9) < 1e9
    fext, near = (
        10 * np.log10(np.mean(np.abs(network.s[band, 1, 0]) ** 2)) for network in (channel.fext[0], channel.next[0])
    )
    assert -58 < fext < -48
    assert near < fext
    assert channel.fext[0].s[0, 1, 0] == 0.0


def test_crosstalk_has_closed_form_in_a_single_ball() -> None:
    """A series inductance L with mutual k L between matched pairs: FEXT = -NEXT = -j w k L / (2 R), to first order."""
    ball = next(s for s in paths.cpo().segments if s.name == "host bump field")
    crosstalk = paths.cpo().crosstalk
    assert crosstalk is not None
    path = Path("one", (ball,), "none", crosstalk=crosstalk)
    (fext, *_), (near, *_) = path.aggressors(np.array([1e9]))
    expected = 2j * np.pi * 1e9 * 0.03 * 15e-12 / 100.0
    assert fext.s[0, 1, 0] == pytest.approx(-expected, rel=0.01)
    assert near.s[0, 1, 0] == pytest.approx(0.3 * expected, rel=0.01)


def test_path_without_neighbours_has_no_aggressors() -> None:
    path = paths.cpo()
    assert Path("alone", path.segments, path.variable).aggressors(FREQUENCY) == ((), ())
    assert path.to_channel(FREQUENCY).fext == ()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: paths.pluggable(length="10 parsec"), SirfError, "length must be a number with a unit"),
        (lambda: paths.pluggable(length=-1.0), SirfError, "length must be positive"),
        (lambda: paths.cpo().with_length(0.0), SirfError, "length must be positive"),
        (lambda: paths.pluggable(material="megtron77"), ConfigError, "Did you mean 'megtron7'"),
        (lambda: paths.cpo(rate_class="800g"), SirfError, "rate_class must be"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: paths.load_path("no-such"), ConfigError, "no-such"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, error: type[SirfError], message: str) -> None:
    assert callable(call)
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("length_mm = 30.0", "length_mm = -30.0", "mine.toml: key segment.2"),
        ('kind = "substrate"', 'kind = "wire"', "mine.toml: key segment.2"),
        ('variable = "substrate"', 'variable = "host die"', "mine.toml: key variable must name a board"),
        ("fext = 2", "fext = -2", "mine.toml: key crosstalk.fext"),
        ('provenance = "2"', 'provenance = "maybe"', "mine.toml: key segment.2"),
    ],
)
def test_a_bad_path_file_names_file_and_key(tmp_path: FilePath, old: str, new: str, message: str) -> None:
    file = edited(tmp_path, "paths", "cpo.toml", old, new)
    with pytest.raises(ConfigError, match=message):
        paths.load_path(str(file))


def test_a_shipped_path_is_read_once_and_a_file_of_ones_own_whenever_asked_for(tmp_path: FilePath) -> None:
    assert paths.load_path("cpo") is paths.load_path("CPO")
    assert paths.load_path("cpo", temperature_c=80.0) is not paths.load_path("cpo")
    file = edited(tmp_path, "paths", "cpo.toml", "length_mm = 30.0", "length_mm = 31.0")
    assert paths.load_path(str(file)).trace_length_m == 0.031
    file.write_text(file.read_text().replace("length_mm = 31.0", "length_mm = 32.0"))
    assert paths.load_path(str(file)).trace_length_m == 0.032
