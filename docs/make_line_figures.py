"""Makes the pictures of `models/`: materials and lines, each beside a closed form or a published number."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sirf.channel.cascade import cascade
from sirf.channel.lines import EdgeMicrostrip, EdgeStripline, Microstrip, Stripline, Twinax, cohn, hammerstad
from sirf.channel.lines.coupled import PairArray
from sirf.channel.lines.dispersion import single_dispersion
from sirf.channel.lines.unequal import slowness
from sirf.channel.materials import load_material
from sirf.channel.package import propagation
from sirf.channel.pair import cascade_pairs
from sirf.channel.roughness import roughness_factor
from sirf.channel.weave import WeaveRoute, load_weave
from sirf.plot._axes import new_figure
from sirf.units import MU0

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "0.4"
STYLES = ("-", "--", "-.", ":")
INCH = 0.0254
BOARD = load_material("megtron7")
BACKPLANE = (
    (1.0, 5.0, 10.0, 13.28, 26.56, 40.0, 50.0),
    (0.095, 0.310, 0.520, 0.635, 1.005, 1.330, 1.545),
)
"""GHz and dB an inch of trace: difference of published Megtron 7N backplanes, as in theory/paths.md."""
MEASURED = ((1.0, 5.0, 10.0, 13.28, 20.0, 26.56, 40.0), (0.167, 0.400, 0.599, 0.721, 0.926, 1.133, 1.508))
"""GHz and dB an inch of a measured stripline, from two lengths."""


def dielectric(ax: Axes) -> None:
    """Loss tangent and relative change of the permittivity of three laminates."""
    f = np.geomspace(1e7, 1e11, 200)
    for name, color, style in zip(("fr4", "abf-gx92", "megtron7"), (RED, ORANGE, BLUE), STYLES, strict=False):
        material = load_material(name)
        value = material.permittivity(f)
        ax.plot(f / 1e9, -value.imag / value.real, style, color=color, label=f"{material.title}: Df")
        ax.plot(f / 1e9, value.real / material.dk - 1.0, style, color=color, linewidth=0.8, alpha=0.7)
        ax.plot(material.frequency / 1e9, material.df, "o", color=color)
    ax.annotate("thin: Dk over its table value, less 1", (0.02, 0.06), fontsize="small", color=GREY)
    ax.axhline(0.0, color=GREY, linewidth=0.6)
    ax.set(xscale="log", xlabel="frequency (GHz)", ylabel="loss tangent; change of Dk")


def roughness(ax: Axes) -> None:
    """What three models do to the resistance, their formulas as dots, and to the reactance."""
    f, rq = np.geomspace(1e7, 1e12, 200), 0.4e-6
    depth = 1.0 / np.sqrt(np.pi * f * MU0 * BOARD.conductivity)
    ratio = depth / (0.24 * rq)
    published = {
        "cannonball": 1.0 + 14.0 * np.pi / 6.0 / (1.0 + ratio + 0.5 * ratio**2),
        "groiss": 1.0 + np.exp(-((depth / (2.0 * rq)) ** 1.6)),
        "hammerstad": 1.0 + 2.0 / np.pi * np.arctan(1.4 * (rq / depth) ** 2),
    }
    for (name, formula), color, style in zip(published.items(), (BLUE, GREEN, RED), STYLES, strict=False):
        factor = (1 + 1j) * roughness_factor(f, model=name, roughness_rq=rq, roughness_rz=4.0 * rq)  # type: ignore[arg-type]
        ax.plot(f / 1e9, factor.real, style, color=color, label=f"{name}: resistance")
        ax.plot(f / 1e9, factor.imag, color=color, linewidth=0.8, alpha=0.6)
        ax.plot(f[::12] / 1e9, formula[::12], "o", color=color, markersize=3)
    ax.annotate("thin: reactance; dots: published formula", (0.012, 5.0), fontsize="small", color=GREY)
    ax.set(xscale="log", xlabel="frequency (GHz)", ylabel="factor on a smooth surface, Rq 0.4 µm")


def stripline(ax: Axes) -> None:
    """Loss an inch beside two sets of measured boards."""
    f = np.linspace(0.5e9, 56e9, 200)
    line = Stripline(material=BOARD, width=127e-6, thickness=17e-6, spacing=280e-6)
    smooth = dataclasses.replace(line, material=dataclasses.replace(BOARD, roughness_rq=0.0))
    fitted = dataclasses.replace(line, material=dataclasses.replace(BOARD, dk=4.3, df=0.0036, roughness_rq=0.2e-6))
    ax.plot(f / 1e9, line.loss_db_per_m(f) * INCH, color=BLUE, label="Megtron 7, Rq 0.3 µm")
    ax.plot(f / 1e9, smooth.loss_db_per_m(f) * INCH, ":", color=BLUE, label="the same, smooth")
    ax.plot(*BACKPLANE, "o", color=BLUE, label="published backplanes (fitted on)")
    ax.plot(f / 1e9, fitted.loss_db_per_m(f) * INCH, "--", color=RED, label="Dk, Df, Rq refitted in range")
    ax.plot(*MEASURED, "s", color=RED, label="measured stripline, laminate unknown")
    ax.set(xlabel="frequency (GHz)", ylabel="loss (dB/in)")


def microstrip(ax: Axes) -> None:
    """Effective permittivity: the published dispersion and its causal stand-in, each to its limit."""
    height = 100e-6
    for u, color, style in zip((0.5, 1.5, 4.0), (GREEN, BLUE, RED), STYLES, strict=False):
        line = Microstrip(material=BOARD, width=u * height, thickness=20e-6, height=height)
        f = np.linspace(0.1e9, line.cutoff, 100)
        fn = f * height * 1e-6
        rise = single_dispersion(u, BOARD.dk, line.effective_dk).rise(fn)
        ax.plot(f / 1e9, line.effective_dk + rise, style, color=color, label=f"w/h {u:g}, causal")
        curve = hammerstad.single_dispersion(fn, u, BOARD.dk, line.effective_dk)
        ax.plot(f[::8] / 1e9, curve[::8], "o", color=color, markersize=3)
    ax.annotate("dots: Kirschning and Jansen; h 0.1 mm", (3.0, 3.02), fontsize="small", color=GREY)
    ax.set(xlabel="frequency (GHz)", ylabel="effective permittivity")


def edge(ax: Axes) -> None:
    """Differential impedance against the gap, field solution and closed forms."""
    gaps = np.linspace(0.05e-3, 0.8e-3, 26)
    root = np.sqrt(BOARD.dk)
    solved = [
        EdgeStripline(material=BOARD, width=115e-6, gap=g, thickness=17e-6, spacing=280e-6).impedance for g in gaps
    ]
    ax.plot(gaps * 1e3, solved, color=BLUE, label="stripline, fields, t 17 µm")
    closed = [2 * cohn.pair(115e-6, g, 17e-6, 280e-6)[1] / root for g in gaps]
    ax.plot(gaps * 1e3, closed, "o", color=BLUE, markersize=3, label="Cohn, thick")
    for thickness, style in ((1e-7, "--"), (30e-6, "-")):
        solved = [
            EdgeMicrostrip(material=BOARD, width=150e-6, gap=g, thickness=thickness, height=100e-6).impedance
            for g in gaps
        ]
        ax.plot(gaps * 1e3, solved, style, color=RED, label=f"microstrip, fields, t {thickness * 1e6:.3g} µm")
    odd = [hammerstad.pair(1.5, g / 100e-6, BOARD.dk)[1] for g in gaps]
    ax.plot(gaps * 1e3, [2 * o.air / np.sqrt(o.effective) for o in odd], "s", color=RED, markersize=3,
            label="Kirschning and Jansen, t 0")  # fmt: skip
    ax.set(xlabel="gap (mm)", ylabel="differential impedance (ohm)", ylim=(70, 140))


def coupled(ax: Axes) -> None:
    """Crosstalk of two pairs, 50 mm side by side."""
    f = np.linspace(0.1e9, 50e9, 300)
    buried = EdgeStripline(material=BOARD, width=115e-6, gap=180e-6, thickness=17e-6, spacing=280e-6)
    surface = EdgeMicrostrip(material=BOARD, width=150e-6, gap=150e-6, thickness=30e-6, height=100e-6)
    for line, color, name in ((buried, BLUE, "stripline"), (surface, RED, "microstrip")):
        s = PairArray(line, 1.0e-3).network(f, 0.05).s
        for (p, n), style, end in (((5, 7), "-", "FEXT"), ((4, 6), ":", "NEXT")):
            wave = 0.5 * (s[:, p, 0] - s[:, p, 2] - s[:, n, 0] + s[:, n, 2])
            ax.plot(f / 1e9, 20 * np.log10(np.abs(wave)), style, color=color, label=f"{name} {end}")
    ax.set(xlabel="frequency (GHz)", ylabel="crosstalk at 1 mm pitch, 50 mm (dB)", ylim=(-110, 0))


def twinax(ax: Axes) -> None:
    """Loss a metre of two gauges, and what a published assembly budget leaves for cable."""
    f = np.linspace(0.1e9, 40e9, 200)
    foam = load_material("foam-twinax")
    for name, wire, color, style in (("26 AWG", 405e-6, BLUE, "-"), ("30 AWG", 255e-6, RED, "--")):
        cable = Twinax(material=foam, wire=wire, separation=2.17 * wire, shield=5.2 * wire)
        ax.plot(f / 1e9, cable.loss_db_per_m(f), style, color=color, label=f"{name}, {cable.impedance:.0f} ohm")
    ax.vlines(
        26.5625, (19.75 - 6) / 2, (19.75 - 4) / 2, color=GREY, linewidth=4, label="802.3ck: (19.75 - 4 to 6) dB / 2 m"
    )
    ax.set(xlabel="frequency (GHz)", ylabel="loss (dB/m)")


def substrates(ax: Axes) -> None:
    """Loss a millimetre on a package, an interposer and in the COM formulas."""
    f = np.geomspace(0.01e9, 100e9, 200)
    for name, values, color in (
        ("COM 802.3ck", {"gamma0": 0.0, "a1": 9.909e-4, "a2": 2.772e-4}, GREY),
        ("COM 802.3dj", {"gamma0": 5e-4, "a1": 8.9e-4, "a2": 2e-4}, "0.0"),
    ):
        ax.plot(f / 1e9, 8.686 * propagation(f, tau=6.141e-3, **values).real, ":", color=color, label=name)
    for name, color, style in (("abf-gx92", ORANGE, "-"), ("abf-gl102", BLUE, "--")):
        film = EdgeStripline(material=load_material(name), width=20e-6, gap=40e-6, thickness=15e-6, spacing=75e-6)
        ax.plot(f / 1e9, film.loss_db_per_m(f) * 1e-3, style, color=color, label=f"{film.material.title}, 20 µm")
    glass = EdgeMicrostrip(material=load_material("glass-core"), width=30e-6, gap=30e-6, thickness=8e-6, height=30e-6)
    ax.plot(f / 1e9, glass.loss_db_per_m(f) * 1e-3, "-.", color=GREEN, label="glass, 30 µm")
    wire = Microstrip(material=load_material("rdl-polyimide"), width=2e-6, thickness=2e-6, height=4e-6)
    ax.plot(f / 1e9, wire.loss_db_per_m(f) * 1e-3, "-", color=RED, label="redistribution, 2 µm")
    resistance = 1.0 / (wire.material.conductivity * wire.width * wire.thickness)
    capacitance = wire.immittances(f)[1].imag
    diffusion = 8.686e-3 * np.sqrt(resistance * capacitance / 2.0)
    ax.plot(f[::8] / 1e9, diffusion[::8], "o", color=RED, markersize=3, label="√(ωRC/2)")
    ax.set(xscale="log", yscale="log", xlabel="frequency (GHz)", ylabel="loss (dB/mm)")


def imbalance(ax: Axes) -> None:
    """Two skewed lengths in series, joined as pairs and as differential two-ports, against both single lines."""
    f = np.linspace(0.0, 60e9, 601)
    line = Stripline(material=BOARD, width=127e-6, thickness=17e-6, spacing=280e-6)
    one = line.network(f, 0.1).s[:, 1, 0]
    for (first, second), color in zip(((80e-12, 80e-12), (80e-12, -80e-12)), (BLUE, GREEN), strict=True):
        pairs = [line.pair(f, 0.1, skew=skew) for skew in (first, second)]
        joined = cascade_pairs(pairs)
        label = f"{first * 1e11:+.0f} and {second * 1e11:+.0f} ps"
        ax.plot(f / 1e9, -20 * np.log10(np.abs(joined.dd[:, 1, 0])), color=color, label=f"{label}, as pairs")
        closed = np.abs(one**2 * np.cos(np.pi * f * 0.1 * (first + second)))
        ax.plot(
            f[::20] / 1e9,
            -20 * np.log10(closed[::20]),
            "o",
            color=color,
            markersize=3,
            label="both lines by themselves",
        )
    two_ports = cascade(pairs[0].dd, pairs[1].dd)
    ax.plot(
        f / 1e9, -20 * np.log10(np.abs(two_ports[:, 1, 0])), "--", color=RED, label="either, as differential two-ports"
    )
    ax.set(xlabel="frequency (GHz)", ylabel="loss (dB)", ylim=(30.0, 0.0))


def weave(ax: Axes) -> None:
    """Largest skew of styles over the angle, and drawn boards of one of them."""
    angle = np.linspace(0.0, 5.0, 201)
    slow, length = (
        slowness(EdgeStripline(material=BOARD, width=115e-6, gap=180e-6, thickness=17e-6, spacing=280e-6)),
        0.1,
    )
    rng = np.random.default_rng(1)
    for name, color in (("1080", RED), ("2116", ORANGE), ("1078", BLUE)):
        routes = [WeaveRoute(weave=load_weave(name), pair_pitch=295e-6, width=115e-6, angle_deg=a) for a in angle]
        worst = [route.worst_skew(slow, length) * length * 1e12 for route in routes]
        ax.plot(angle, worst, color=color, label=f"{name}, worst place")
        drawn = [abs(route.drawn(rng).skew(slow, length)) * length * 1e12 for route in routes[::4]]
        ax.plot(angle[::4], drawn, ".", color=color, label="at chance places")
    ax.set(xlabel="angle to the yarns (degrees)", ylabel="skew over 100 mm (ps)")


PICTURES: dict[str, Callable[[Axes], None]] = {
    "model-dielectric": dielectric,
    "model-roughness": roughness,
    "model-stripline": stripline,
    "model-microstrip": microstrip,
    "model-edge": edge,
    "model-coupled": coupled,
    "model-twinax": twinax,
    "model-substrates": substrates,
    "model-imbalance": imbalance,
    "model-weave": weave,
}


def draw(folder: Path, pictures: dict[str, Callable[[Axes], None]] = PICTURES) -> list[Path]:
    """Write every picture into `folder`; their paths."""
    files = []
    for name, picture in pictures.items():
        figure, axes = new_figure((6.4, 3.8))
        picture(axes[0])
        axes[0].grid(color="0.9")
        axes[0].legend(fontsize="x-small")
        files.append(folder / f"{name}.png")
        figure.savefig(files[-1], dpi=80)
    return files


if __name__ == "__main__":
    for file in draw(Path(__file__).parent / "figures"):
        print(file.name)
