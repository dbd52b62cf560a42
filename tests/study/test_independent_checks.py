"""The page of independent checks: each figure on it is computed again and held to what the page prints."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfc

from sirf import optics
from sirf._data import data_root
from sirf.channel.lines import Stripline
from sirf.channel.materials import load_material
from sirf.optics.eye_closure import IDEAL, tdecq
from sirf.study.compare import measurement_of
from sirf.study.measurement import com_of
from sirf.study.sections import path_of, sections
from sirf.system.architecture import load_architecture
from sirf.system.corners import corner
from sirf.system.energy import energy_pj_per_bit
from sirf.system.port import port_figures
from sirf.units import C0

RATE, SAMPLES_PER_UI = 106.25e9, 16


def page() -> str:
    file = data_root().parent / "docs" / "theory" / "checks.md"
    if not file.is_file():
        pytest.skip("the documentation is in a checkout only")
    return file.read_text(encoding="utf-8")


def test_tdecq_of_uneven_levels_at_106_gbd() -> None:
    sent = np.random.default_rng(1).permutation(np.repeat(np.arange(4), 512))
    levels = np.array([0.0, 0.36e-3, 0.84e-3, 1.2e-3])
    wave = np.repeat(levels[sent], SAMPLES_PER_UI)
    found = tdecq(wave, sent, symbol_rate=RATE, samples_per_ui=SAMPLES_PER_UI, receiver=IDEAL)

    def excess(sigma: float) -> float:
        # levels and thresholds at a third of the OMA about the mean: distances 0.2, 0.16 and 0.24 mW, two levels each
        tails = (0.5 * erfc(distance / (np.sqrt(2.0) * sigma)) for distance in (0.2e-3, 0.16e-3, 0.24e-3))
        return float(0.5 * sum(tails)) - IDEAL.target_ser

    reference = 10.0 * np.log10(1.2e-3 / (6.0 * IDEAL.q_t * brentq(excess, 1e-6, 1e-3)))
    assert found.db == pytest.approx(reference, abs=5e-5)
    assert f"{found.db:.5f} dB | {reference:.5f} dB" in page()


@pytest.mark.parametrize(
    ("length", "dispersion", "wavelength"), [(10e3, -1.9, 1310e-9), (2e3, 17.0, 1550e-9), (2e3, 1.6, 1310e-9)]
)
def test_dispersion_at_half_of_106_gbd(length: float, dispersion: float, wavelength: float) -> None:
    """Intensity of a small tone at 53.125 GHz: abs(cos(pi lambda² D L f² / c))."""
    count, rate = 1 << 14, SAMPLES_PER_UI * RATE
    cycles = round(0.5 * RATE * count / rate)
    tone = cycles * rate / count
    light = 1e-3 * (1.0 + 0.01 * np.cos(2.0 * np.pi * cycles * np.arange(count) / count))
    fibre = optics.Fibre(length, dispersion=dispersion, wavelength=wavelength)
    behind = fibre.propagate(light, rate)
    seen = 2.0 * abs(np.fft.rfft(behind / behind.mean())[cycles]) / count / 0.01
    reference = abs(np.cos(np.pi * wavelength**2 * dispersion * 1e-6 * length * tone**2 / C0))
    assert 20.0 * np.log10(seen / reference) == pytest.approx(0.0, abs=1e-4)
    assert f"{seen:.5f} | {reference:.5f}" in page()


MULTIPATH = (
    "cpo-silicon-ring", "cpo-silicon-ring-106g", "cpo-silicon-ring-212g", "cpo-silicon-ring-26g", "dr-silicon-mzm",
    "dr-thin-film-lithium-niobate", "fr-eml",
)  # fmt: skip


def extinction_db(preset: optics.OpticsPreset) -> float:
    static = preset.path.transmitted(preset.swing * np.linspace(-1.0, 1.0, 4))
    return optics.extinction_ratio_db(float(static.max()), float(static.min()))


def by_hand(reflectances_db: list[float], losses_db: list[float], gap_db: float) -> float:
    """Sum of the echoes' amplitudes: for each pair the reflectances' geometric mean, and twice the loss between."""
    total = 0.0
    for i, one in enumerate(reflectances_db):
        for j in range(i + 1, len(reflectances_db)):
            between = sum(losses_db[i + 1 : j]) + gap_db * (j - i)
            total += 10.0 ** ((one + reflectances_db[j]) / 20.0 - 2.0 * between / 20.0)
    return total


def penalty_db(echoes: float, extinction: float) -> float:
    return float(-10.0 * np.log10(1.0 - 12.0 * echoes / (1.0 - 10.0 ** (-extinction / 10.0))))


def test_multipath_by_hand_for_every_path_and_why_modules_lie_lower() -> None:
    text = page()
    for name in MULTIPATH:
        preset = optics.load_optics(name)
        path, extinction = preset.path, extinction_db(preset)
        joints = [
            path.end_reflectance_db[0],
            *(one.reflectance_db for one in path.connectors),
            path.end_reflectance_db[1],
        ]
        losses = [0.0, *(one.loss_db for one in path.connectors), 0.0]
        gap = path.fibre.loss_db / (len(joints) - 1)
        with_ends, without = by_hand(joints, losses, gap), by_hand(joints[1:-1], losses[1:-1], gap)
        assert path.interference.penalty_db(extinction_db=extinction) == pytest.approx(
            penalty_db(with_ends, extinction), rel=1e-9
        )
        row = f"| `{name}` | {extinction:.2f} | {penalty_db(with_ends, extinction):.3f} | {penalty_db(without, extinction):.3f} |"
        assert row in text, row
    echoes = by_hand([-26.0, *[-45.0] * 4, -26.0], [0.0, *[0.4] * 4, 0.0], 0.2 / 5)
    assert f"Σρ = {1e3 * echoes:.2f}e-3" in text
    cells = " | ".join(f"{penalty_db(echoes, extinction):.3f}" for extinction in (3.5, 4.0, 4.5, 5.0, 5.5))
    assert f"| penalty, dB | {cells} |" in text, cells


def test_echoes_of_mirrors_by_transfer_matrices() -> None:
    """Six mirrors a whole number of half waves apart, 1.8 dB in all between them: every double reflection weakens the field."""
    path = optics.load_optics("cpo-silicon-ring").path
    ends, connectors = path.end_reflectance_db, [one.reflectance_db for one in path.connectors]
    joints = [optics.Connector(reflectance_db=one) for one in (ends[0], *connectors, ends[1])]
    gap = path.loss_db / 5
    echoes = sum(optics.PathInterference.between(joints, loss_db_between=gap).echoes)

    def transmitted(share: float) -> float:
        whole = np.eye(2)
        for joint in joints:
            r = share * np.sqrt(joint.reflectance)
            # reflects r from one side and -r from the other, without loss; half waves turn neither wave
            mirror = np.array([[1.0, r], [r, 1.0]]) / np.sqrt(1.0 - r * r)
            length = np.diag([10.0 ** (gap / 20.0), 10.0 ** (-gap / 20.0)])
            whole = whole @ mirror @ (length if joint is not joints[-1] else np.eye(2))
        return float(1.0 / whole[0, 0])

    unreflected = np.prod([np.sqrt(1.0 - joint.reflectance) for joint in joints])
    lost = 1.0 - transmitted(1.0) / (transmitted(0.0) * unreflected)
    # echoes of echoes are of the order of the square
    assert lost == pytest.approx(echoes, rel=2.0 * echoes)
    assert f"{1e3 * lost:.3f}e-3 by transfer matrices, {1e3 * echoes:.3f}e-3 by the sum" in page()


def test_loss_per_inch_of_published_boards() -> None:
    measured = {1.0: 0.095, 5.0: 0.310, 10.0: 0.520, 13.28: 0.635, 26.56: 1.005, 40.0: 1.330, 50.0: 1.545, 56.0: 1.9}
    line = Stripline(material=load_material("megtron7"), width=127e-6, thickness=17e-6, spacing=280e-6)
    found = line.loss_db_per_m(1e9 * np.array(list(measured))) * 0.0254
    for (frequency, reference), value in zip(measured.items(), found, strict=True):
        row = f"| {frequency:g} | {reference:.3f} | {value:.3f} | {100.0 * (value / reference - 1.0):+.1f} % |"
        assert row in page(), row
    assert float(np.mean(np.abs(found / np.array(list(measured.values())) - 1.0))) < 0.09


PRODUCTS = (
    ("Tomahawk 6 Davisson: optical power less than pluggables, 200G", "70 %", "saving", 70.0),
    ("1.6T retimed module, 200G a lane", "25 to 27 W", ("pluggable-retimed", 212.5e9, 1.6), 26.0),
    ("800G retimed module", "14 to 16 W", ("pluggable-retimed", 106.25e9, 0.8), 15.0),
    ("800G LPO module", "8 to 9 W", ("pluggable-linear", 106.25e9, 0.8), 8.5),
    ("Passage L20, 32 x 200G, were it linear", "3.0 pJ/bit", ("npo-linear", 212.5e9, 1.0), 3.0),
    ("Passage L20, were it retimed", "3.0 pJ/bit", ("npo", 212.5e9, 1.0), 3.0),
    ("COUPE systems (an analyst: below)", "2 pJ/bit", ("cpo-linear", 212.5e9, 1.0), 2.0),
    ("microLED link, 800G", "3.1 to 5.3 W", ("microled-serdes", 2e9, 0.8), 4.2),
    ("800G DR8 LPO, silicon modulator's row", "0.8 W", ("pluggable-linear", 106.25e9, 0.8), 0.8),
    ("first 800G LPO modules", "5 to 8 W", ("pluggable-linear", 106.25e9, 0.8), 6.5),
    ("XPO, 12.8T (at most)", "400 W", ("xpo", 212.5e9, 12.8), 400.0),
)  # fmt: skip


def behind_the_host(name: str, rate: float) -> tuple[float, float, float]:
    parts = energy_pj_per_bit(name, 0.0, data_rate=rate).parts[1:]
    low, value, high = (math.fsum(getattr(part, end) for part in parts) for end in ("low", "value", "high"))
    return value, low, high


def test_products_are_computed_again() -> None:
    text = page()
    for title, published, what, reference in PRODUCTS:
        if isinstance(what, str):
            module, linear, retimed = (
                behind_the_host(one, 212.5e9) for one in ("pluggable-retimed", "cpo-linear", "cpo-retimed")
            )
            low, high = 100.0 * (1.0 - retimed[0] / module[0]), 100.0 * (1.0 - linear[0] / module[0])
            row = f"| {title} | {published} | {low:.0f} (retimed) to {high:.0f} % (linear) |"
            assert row in text, row
            continue
        name, rate, scale = what
        value, low, high = (scale * one for one in behind_the_host(name, rate))
        inside = "yes" if low <= reference <= high else "no"
        shown = f"{value:.3g} ({low:.3g} to {high:.3g})"
        row = f"| {title} | {published} | {shown} | {100.0 * (value / reference - 1.0):+.0f} % | {inside} |"
        assert row in text, row


def test_what_is_published_as_a_bound_is_met_over_the_whole_range() -> None:
    """ "DSP above 10 W" (2026-03): the low end of a retimed module lies above; the deviation is that of the typical value."""
    value, low, high = (0.8 * one for one in behind_the_host("pluggable-retimed", 106.25e9))
    assert low > 10.0
    row = (
        f"| 800G module with a signal processor (above) | 10 W | {value:.3g} ({low:.3g} to {high:.3g}) | "
        f"{100.0 * (value / 10.0 - 1.0):+.0f} % | yes |"
    )
    assert row in page(), row


def test_a_fibre_of_sixteen_wavelengths_carries_what_is_published() -> None:
    optics = load_architecture("wdm16").optics_at(106.25e9)
    assert optics is not None
    assert optics.path.wavelengths is not None
    # 106.25 Gb/s on the line carry 100 of payload: RS(544,514) and 257/256 transcoding
    rate = optics.path.wavelengths.count * 106.25e9 / (544 / 514 * 257 / 256) / 1e12
    row = (
        f"| Passage CPO: a fibre, as wdm16 | 1.6 Tb/s | {rate:.3g} | {100.0 * (rate / 1.6 - 1.0):+.0f} % | yes | "
        "its sixteen wavelengths |"
    )
    assert row in page(), row


def test_errors_alone_make_no_flap_in_a_million_hours() -> None:
    """Mean hours between flaps are those of an 800 Gb/s port; one of 400 Gb/s has half the lanes."""
    hours = measurement_of(load_architecture("cpo-linear"), 106.25e9).flap_hours
    expected = 1e6 / (2.0 * hours)
    assert expected < 1e-3
    row = "| Bailly in service: flaps in 1 M hours of 400G ports, as cpo-linear | 0 | below 0.001 by errors | – | yes | no |"
    assert row in page(), row


def test_copackaged_copper_reaches_what_was_shown() -> None:
    """ "KR-like reach 1.5 m of cable and more" (DesignCon 2026): COM by D3.3 there is above the 3 dB of clause 178."""
    (part,) = sections(load_architecture("copper-copackaged"), 212.5e9, length=1.5, step=40e6, samples_per_ui=16)
    assert part.link.standard == "802.3dj-kr1"
    found = com_of(part.link)
    assert found is not None
    assert found.com_db > 3.0
    assert f"COM of {found.com_db:.2f} dB at 1.5 m" in page()


def test_loss_and_power_from_faceplate_to_package_lie_inside_the_bands() -> None:
    text = page()
    nyquist = np.array([53.125e9])
    for name, published in (("pluggable-retimed", 22.0), ("cpo-retimed", 4.0)):
        item = load_architecture(name)
        shortest, longest = item.length_range_m
        low, value, high = (
            float(path_of(item, 212.5e9, length=length, inputs=inputs).insertion_loss_db(nyquist)[0])
            for length, inputs in ((shortest, corner("best")), (None, None), (longest, corner("worst")))
        )
        assert low < published < high
        row = f"| loss, {name} | {published:g} dB | {value:.1f} ({low:.1f} to {high:.1f}) dB | yes |"
        assert row in text, row
    for name, published in (("pluggable-retimed", 30.0), ("cpo-retimed", 9.0), ("cpo-linear", 9.0)):
        value, low, high = (1.6 * one for one in behind_the_host(name, 212.5e9))
        assert low < published < high
        row = f"| 1.6T port, {name} | {published:g} W | {value:.1f} ({low:.1f} to {high:.1f}) W | yes |"
        assert row in text, row


def test_up_to_half_the_power_is_judged_by_what_the_page_says() -> None:
    text = page()
    module, retimed, linear = (
        behind_the_host(one, 212.5e9) for one in ("pluggable-retimed", "cpo-retimed", "cpo-linear")
    )
    savings = [round(100.0 * (1.0 - one[0] / module[0])) for one in (retimed, linear)]
    assert min(savings) >= 50
    assert f"{savings[0]} % (retimed) to {savings[1]} % (linear)" in text
    worst = [round(100.0 * (1.0 - one[2] / module[1])) for one in (retimed, linear)]
    best = [round(100.0 * (1.0 - one[1] / module[2])) for one in (retimed, linear)]
    assert f"{worst[0]} to {worst[1]} % remain" in text
    assert f"{best[0]} to {best[1]} %" in text
    modules = behind_the_host("pluggable-linear", 212.5e9)
    savings = [round(100.0 * (1.0 - one[0] / modules[0])) for one in (retimed, linear)]
    assert max(savings) < 50
    assert f"{savings[0]} % (retimed) to {savings[1]} % (linear) less at 200G" in text


def test_products_that_share_a_source_with_a_preset_are_computed_again() -> None:
    """Rows of the second table of products; what each shares with sirf's data is read from the data in the last test."""
    text = page()

    def latency(name: str, rate: float) -> tuple[float, float, float]:
        found = port_figures(name, energy_pj_per_bit(name, 0.0, data_rate=rate), data_rate=rate).latency_ns
        return found.value, found.low, found.high

    def part_of(name: str, rate: float, *titles: str) -> tuple[float, float, float]:
        parts = [part for part in energy_pj_per_bit(name, 0.0, data_rate=rate).parts if part.name.endswith(titles)]
        assert len(parts) == len(titles)
        low, value, high = (math.fsum(getattr(part, end) for part in parts) for end in ("low", "value", "high"))
        return value, low, high

    retimer = tuple(8 * 0.112 * one for one in part_of("pluggable-analog-retimed", 106.25e9, "analog retimer"))
    block = dict(
        port_figures(
            "pluggable-analog-retimed", energy_pj_per_bit("pluggable-analog-retimed", 0.0), data_rate=106.25e9
        ).latency_parts
    )["analog retimer"]
    transmitter = tuple(1e3 * one for one in part_of("microled", 2e9, "switch of a microLED", "laser"))
    rows = (
        ("TeraPHY, PAM4 CWDM: a hop, as cpo-retimed", "100 to 200 ns", latency("cpo-retimed", 106.25e9), 150.0, "no"),
        ("TeraPHY, PAM4 CWDM: a hop, as cpo-linear", "100 to 200 ns", latency("cpo-linear", 106.25e9), 150.0, "no"),
        ("TeraPHY, DWDM: a hop, as oci-gen1", "20 to 30 ns", latency("oci-gen1", 50e9), 25.0, "no"),
        ("analog retimer, 8 x 112G: power", "3 W", retimer, 3.0, "yes"),
        ("analog retimer: latency", "3 ns", (block.value, block.low, block.high), 3.0, "yes"),
        ("microLED kit: transmitter", "80 to 200 fJ/bit", transmitter, 140.0, "yes"),
    )  # fmt: skip
    for title, published, (value, low, high), reference, used in rows:
        inside = "yes" if low <= reference <= high else "no"
        figures = f"{value:.3g} ({low:.3g} to {high:.3g}) | {100.0 * (value / reference - 1.0):+.0f} %"
        row = f"| {title} | {published} | {figures} | {inside} | {used} |"
        assert row in text, row


@pytest.mark.parametrize(
    ("title", "name", "rate", "most"),
    [
        ("microLED kit: BER over 10 m", "microled", 2e9, 1e-9),
        ("TeraPHY, DWDM: BER, as oci-gen1", "oci-gen1", 50e9, 1e-12),
    ],
)
def test_error_ratios_of_slow_light_are_computed_again(title: str, name: str, rate: float, most: float) -> None:
    found = max(measurement_of(load_architecture(name), rate).section_ber)
    assert found < most
    shown = "below 1e-15" if found < 1e-15 else f"{found:.1e}"
    assert f"| {title} | below {most:.0e} | {shown} | – | yes |" in page()


def test_what_the_page_calls_used_is_named_by_the_data() -> None:
    energy = (data_root() / "energy" / "architectures.toml").read_text(encoding="utf-8")
    ports = (data_root() / "system" / "ports.toml").read_text(encoding="utf-8")
    led = (data_root() / "optics" / "microled-2g.toml").read_text(encoding="utf-8")
    assert "half of 8 x 112G in 3 W" in energy
    assert "8 x 112G in 3 W and 3 ns" in ports
    assert "80 to 200 fJ/bit" in energy
    assert "80 to 200 fJ/bit" in led
    everything = "".join(file.read_text(encoding="utf-8") for file in data_root().rglob("*.toml"))
    assert "TeraPHY" not in everything
    assert "Passage CPO" not in everything
