"""Materials, lines, parts and whole paths: closed forms, measured boards, published budgets, passivity, causality."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf import paths
from sirf.channel.channel import Channel
from sirf.channel.lines import Stripline
from sirf.channel.materials import Material, list_materials, load_material
from sirf.channel.network import Network
from sirf.channel.parts import Connector, Pi
from sirf.errors import ConfigError, PhysicsError, SirfError
from sirf.units import C0, MU0

FREQUENCY = np.linspace(0.0, 120e9, 241)


def check_physical(network: Network) -> None:
    """Passive to 1e-9, reciprocal to 1e-12."""
    assert np.linalg.svd(network.s, compute_uv=False).max() <= 1 + 1e-9
    assert np.abs(network.s[:, 0, 1] - network.s[:, 1, 0]).max() <= 1e-12


@pytest.mark.parametrize("name", list_materials())
def test_permittivity_meets_dk_and_df_and_the_dielectric_only_absorbs(name: str) -> None:
    material = load_material(name)
    at = material.permittivity(np.array([material.frequency]))[0]
    assert at.real == pytest.approx(material.dk)
    assert -at.imag / at.real == pytest.approx(material.df)
    assert np.all(material.permittivity(FREQUENCY[1:]).imag < 0)
    assert np.all(np.diff(material.permittivity(FREQUENCY[1:]).real) < 0)


def test_rough_copper_has_the_huray_resistance_and_tends_to_smooth() -> None:
    material = dataclasses.replace(load_material("megtron7"), roughness_rz=2e-6)
    f = np.array([1e6, 1e9, 10e9, 50e9])
    depth = 1 / np.sqrt(np.pi * f * MU0 * material.conductivity)
    radius = 0.06 * 2e-6
    huray = 1 + 7.33 / (1 + depth / radius + depth**2 / (2 * radius**2))
    smooth = np.sqrt(np.pi * f * MU0 / material.conductivity)
    assert material.surface_impedance(f).real == pytest.approx(huray * smooth, rel=1e-12)
    assert material.surface_impedance(f).real[0] == pytest.approx(smooth[0], rel=1e-3)


def lossless() -> Material:
    return Material(id="ideal", title="ideal", dk=3.4, df=0.0, frequency=1e10, conductivity=1e20)


def test_lossless_stripline_has_cohn_impedance_and_light_speed_delay() -> None:
    """Thin wide strip: Z0 = 30 pi / sqrt(er) x b / (w + 0.441 b) of one line, within 1 %."""
    width, spacing = 400e-6, 400e-6
    line = Stripline(material=lossless(), width=width, thickness=1e-6, spacing=spacing)
    expected = 2 * 30 * np.pi / np.sqrt(3.4) * spacing / (width + 0.441 * spacing)
    assert line.impedance == pytest.approx(expected, rel=0.01)
    gamma, _ = line.coefficients(np.array([10e9]))
    assert gamma[0].imag == pytest.approx(2 * np.pi * 10e9 * np.sqrt(3.4) / C0, rel=1e-4)
    assert gamma[0].real < 1e-3


def test_dielectric_loss_alone_is_the_textbook_value() -> None:
    """pi f sqrt(Dk) Df / c nepers per metre: 0.45 dB/in for Megtron 7 at 53 GHz."""
    material = dataclasses.replace(load_material("megtron7"), conductivity=1e20, roughness_rz=0.0)
    line = Stripline(material=material, width=127e-6, thickness=17e-6, spacing=280e-6)
    assert line.loss_db_per_m(np.array([53e9]))[0] * 0.0254 == pytest.approx(0.45, abs=0.02)


def test_megtron_7_loss_agrees_with_the_difference_of_measured_backplanes(channels_dir: Path) -> None:
    """12 less 4 nominal inches on each of two cards is 16 inches of trace; the fixture drops out. Mean error within 10 %."""
    f = np.linspace(1e9, 50e9, 50)
    long, short = (Channel.from_touchstone(channels_dir / name / "thru.s4p").insertion_loss_db(f)
                   for name in ("backplane_28db", "backplane_12db"))  # fmt: skip
    measured = (long - short) / 16.0
    smooth = np.exp(np.polyval(np.polyfit(np.log(f), np.log(measured), 3), np.log(f)))
    board = next(s for s in paths.pluggable().segments if s.name == "host board").element
    modelled = board.line.loss_db_per_m(f) * 0.0254  # type: ignore[attr-defined]  # the board is a Trace
    assert np.mean(np.abs(modelled / smooth - 1)) <= 0.10


@settings(max_examples=40, deadline=None)
@given(
    material=st.sampled_from(list_materials()), rz=st.floats(0, 10e-6), width=st.floats(80e-6, 300e-6),
    spacing=st.floats(150e-6, 250e-6), length=st.floats(1e-3, 0.5),
)  # fmt: skip
def test_every_stripline_is_passive_and_reciprocal(
    material: str, rz: float, width: float, spacing: float, length: float
) -> None:
    board = dataclasses.replace(load_material(material), roughness_rz=rz)
    check_physical(Stripline(material=board, width=width, thickness=15e-6, spacing=spacing).network(FREQUENCY, length))


@settings(max_examples=40, deadline=None)
@given(
    capacitance=st.floats(0, 200e-15),
    inductance=st.floats(0, 300e-12),
    impedance=st.floats(70, 120),
    length=st.floats(1e-3, 0.03),
)
def test_every_part_is_passive_and_reciprocal(
    capacitance: float, inductance: float, impedance: float, length: float
) -> None:
    check_physical(Pi(capacitance=capacitance, inductance=inductance).network(FREQUENCY))
    check_physical(Connector(impedance=impedance, length=length, pad=capacitance, material=load_material("megtron7"),
                             skin_db_per_m=3.0).network(FREQUENCY))  # fmt: skip


def test_stripline_is_causal() -> None:
    """No energy before length x sqrt(eps_inf) / c, judged with a Gaussian pulse, below -60 dB."""
    board = next(s for s in paths.pluggable().segments if s.name == "host board").element
    material, length = board.line.material, 0.1  # type: ignore[attr-defined]  # the board is a Trace
    step = 50e6
    f = np.arange(0, 400e9, step)
    sigma = 25e9
    s21 = board.line.network(f, length).s[:, 1, 0]  # type: ignore[attr-defined]
    pulse = np.fft.irfft(s21 * np.exp(-0.5 * (f / sigma) ** 2))
    time = np.arange(len(pulse)) / (step * len(pulse))
    earliest = length * np.sqrt(material.high_frequency_dk) / C0
    guard = 5.0 / (2 * np.pi * sigma)
    early = np.abs(pulse[(time < earliest - guard) | (time > 0.9 / step)]).max()
    assert 20 * np.log10(early / np.abs(pulse).max()) < -60


@pytest.mark.parametrize("rate_class", ["100g", "200g"])
def test_loss_falls_from_faceplate_to_package(rate_class: paths.RateClass) -> None:
    for f in (26.56e9, 53.125e9):
        losses = [
            float(make(rate_class=rate_class).insertion_loss_db(f)) for make in (paths.cpo, paths.npo, paths.pluggable)
        ]
        assert losses == sorted(losses)
        assert losses[0] < losses[1] < losses[2]


def test_default_paths_meet_the_published_losses_at_200g() -> None:
    """Die to die at 53.125 GHz: co-packaged 3 to 6 dB, pluggable 18 to 26 dB."""
    assert 3 <= float(paths.cpo(rate_class="200g").insertion_loss_db(53.125e9)) <= 6
    assert 18 <= float(paths.pluggable(rate_class="200g").insertion_loss_db(53.125e9)) <= 26


@pytest.mark.parametrize("make", [paths.pluggable, paths.npo, paths.cpo])
def test_default_paths_are_physical_and_keep_their_parts_when_stretched(make: object) -> None:
    assert callable(make)
    path = make()
    check_physical(path.network(FREQUENCY))
    assert path.network().frequency[0] == 0.0
    assert path.to_channel().plane == "die"
    longer = path.with_length(2 * path.trace_length_m)
    assert longer.trace_length_m == pytest.approx(2 * path.trace_length_m)
    assert [s.name for s in longer.segments] == [s.name for s in path.segments]
    assert float(longer.insertion_loss_db(26e9)) > float(path.insertion_loss_db(26e9))


def test_lengths_and_materials_reach_the_path() -> None:
    assert paths.pluggable(length="10 in").trace_length_m == pytest.approx(0.254)
    assert paths.cpo(length=0.03).trace_length_m == pytest.approx(0.03)
    fr4 = float(paths.pluggable(material="fr4").insertion_loss_db(26e9))
    assert fr4 > 2 * float(paths.pluggable().insertion_loss_db(26e9))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: paths.pluggable(length="10 parsec"), SirfError, "length must be a number with a unit"),
        (lambda: paths.pluggable(length=-1.0), SirfError, "length must be positive"),
        (lambda: paths.pluggable(material="megtron77"), ConfigError, "Did you mean 'megtron7'"),
        (lambda: paths.cpo(rate_class="400g"), SirfError, "rate_class must be"),  # type: ignore[arg-type]  # wrong on purpose
        (
            lambda: Stripline(material=load_material("fr4"), width=1e-5, thickness=1e-6, spacing=1e-3),
            PhysicsError,
            "at least 0.35",
        ),
        (lambda: dataclasses.replace(load_material("fr4"), df=0.5), PhysicsError, "df of fr4 must be"),
        (lambda: Pi(capacitance=-1e-15, inductance=0.0), PhysicsError, "zero or more"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, error: type[SirfError], message: str) -> None:
    assert callable(call)
    with pytest.raises(error, match=message):
        call()


def test_a_bad_path_file_names_file_and_key(tmp_path: Path) -> None:
    from sirf._data import data_path

    text = data_path("paths", "cpo.toml").read_text(encoding="utf-8")
    for old, new, message in (
        ("length_mm = 30.0", "length_mm = -30.0", "segment.1"), ('kind = "substrate"', 'kind = "wire"', "segment.1"),
        ('variable = "substrate"', 'variable = "host die"', "key variable"),
    ):  # fmt: skip
        file = tmp_path / "mine.toml"
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            paths.load_path(str(file))
