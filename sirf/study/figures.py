"""The register of figures: what each is called, what it means, how it is computed of a measurement and printed.

Comparison, limits, reach, maps, report, JSON and sweeps read it; a new figure is one more entry here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sirf.errors import SirfError
from sirf.study.figure import Figure, Table, decimals, error_ratio, rare_error_ratio, significant
from sirf.study.measurement import CLOSED_DB, CODE, DEAD_ERROR_RATIO, Measurement
from sirf.study.sections import Section
from sirf.system.port import Range

INFINITE = float("inf")


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            name="insertion_loss_db",
            title="insertion loss die to die",
            heading="loss dB",
            unit="dB",
            more_is_better=False,
            compute=lambda found: found.insertion_loss_db,
            show=decimals(1),
            dead=INFINITE,
            banded=True,
            table="margin",
        ),
        Figure(
            name="com_db",
            title="Channel Operating Margin",
            heading="COM dB",
            unit="dB",
            more_is_better=True,
            compute=lambda found: found.com_db,
            show=decimals(2),
            # finite where minus infinity is meant: lengths are found by interpolation of margins
            dead=CLOSED_DB,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="eye_com_db",
            title="signal over interference of the statistical eye",
            heading="eye S/I dB",
            unit="dB",
            more_is_better=True,
            compute=lambda found: found.eye_com_db,
            show=decimals(2),
            dead=CLOSED_DB,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="eye_height_mv",
            title="eye height",
            heading="eye mV",
            unit="mV",
            more_is_better=True,
            compute=lambda found: found.eye_height_mv,
            show=decimals(2),
            dead=0.0,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="eye_width_ui",
            title="eye width",
            heading="eye UI",
            unit="UI",
            more_is_better=True,
            compute=lambda found: found.eye_width_ui,
            show=decimals(3),
            dead=0.0,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="vec_db",
            title="vertical eye closure",
            heading="VEC dB",
            unit="dB",
            more_is_better=False,
            compute=lambda found: found.vec_db,
            show=decimals(2),
            dead=INFINITE,
        ),
        Figure(
            name="eye_mask",
            title="eye over its mask",
            heading="eye/mask",
            unit="",
            more_is_better=True,
            compute=lambda found: found.eye_over_mask,
            show=decimals(2),
            dead=0.0,
            limitable=True,
        ),
        Figure(
            name="ber",
            title="bit error ratio",
            heading="BER",
            unit="",
            more_is_better=False,
            ratio=True,
            compute=lambda found: found.ber,
            show=error_ratio,
            dead=DEAD_ERROR_RATIO,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="ber_post_fec",
            title="bit error ratio after FEC",
            heading="after FEC",
            unit="",
            more_is_better=False,
            ratio=True,
            compute=lambda found: found.ber_post_fec,
            show=rare_error_ratio,
            dead=DEAD_ERROR_RATIO,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="frame_loss_ratio",
            title="frame loss ratio",
            heading="frames lost",
            unit="",
            more_is_better=False,
            ratio=True,
            compute=lambda found: found.frame_loss_ratio,
            show=rare_error_ratio,
            # every frame is lost where nothing arrives, though half of the bits are right by chance
            dead=1.0,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="tdecq_db",
            title="TDECQ",
            heading="TDECQ dB",
            unit="dB",
            more_is_better=False,
            compute=lambda found: found.tdecq_db,
            show=decimals(1),
            dead=INFINITE,
            banded=True,
            limitable=True,
            table="margin",
        ),
        Figure(
            name="energy_pj_per_bit",
            title="energy",
            heading="pJ/bit",
            unit="pJ/bit",
            more_is_better=False,
            compute=lambda found: Range(found.energy.value, found.energy.low, found.energy.high),
            show=decimals(1),
            dead=INFINITE,
            table="cost",
        ),
        Figure(
            name="port_power_w",
            title="power of an 800 Gb/s port",
            heading="W per 800G",
            unit="W",
            more_is_better=False,
            compute=lambda found: found.port.port_power_w,
            show=significant,
            dead=INFINITE,
            table="cost",
        ),
        Figure(
            name="port_power_1t6_w",
            title="power of a 1.6 Tb/s port",
            heading="W per 1.6T",
            unit="W",
            more_is_better=False,
            compute=lambda found: found.port.port_power_1t6_w,
            show=significant,
            dead=INFINITE,
            table="cost",
        ),
        Figure(
            name="switch_power_w",
            title="power of the lanes of a 51.2 Tb/s switch",
            heading="kW per 51.2T",
            unit="W",
            more_is_better=False,
            compute=lambda found: found.port.switch_power_w,
            show=lambda watts: significant(1e-3 * watts),
            dead=INFINITE,
            table="cost",
        ),
        Figure(
            name="switch_power_102t4_w",
            title="power of the lanes of a 102.4 Tb/s switch",
            heading="kW per 102.4T",
            unit="W",
            more_is_better=False,
            compute=lambda found: found.port.switch_power_102t4_w,
            show=lambda watts: significant(1e-3 * watts),
            dead=INFINITE,
            table="cost",
        ),
        Figure(
            name="mtbf_hours",
            title="mean time between failures of an 800 Gb/s port",
            heading="MTBF 1e6 h",
            unit="h",
            more_is_better=True,
            compute=lambda found: found.failures.mtbf_hours,
            show=lambda hours: significant(1e-6 * hours),
            dead=0.0,
            table="cost",
        ),
        Figure(
            name="flap_hours",
            title="mean time between flaps of an 800 Gb/s port by its errors",
            heading="flaps h",
            unit="h",
            more_is_better=True,
            compute=lambda found: found.flap_hours,
            # 1e9 h are a hundred thousand years: digits beyond say nothing of any link
            show=lambda hours: ">1e9" if hours > 1e9 else f"{hours:.0e}",
            dead=0.0,
            table="cost",
        ),
        Figure(
            name="latency_ns",
            title="latency one way without FEC and fibre",
            heading="latency ns",
            unit="ns",
            more_is_better=False,
            compute=lambda found: found.port.latency_ns,
            show=significant,
            dead=INFINITE,
            table="cost",
        ),
        Figure(
            name="density_tbps_per_mm",
            title="bandwidth density of the package edge",
            heading="Tb/s per mm",
            unit="Tb/s/mm",
            more_is_better=True,
            compute=lambda found: found.port.density_tbps_per_mm,
            show=significant,
            dead=0.0,
            table="cost",
        ),
        Figure(
            name="lanes_per_mm2",
            title="lanes per area",
            heading="lanes per mm2",
            unit="1/mm2",
            more_is_better=True,
            compute=lambda found: found.port.lanes_per_mm2,
            show=significant,
            dead=0.0,
            table="cost",
        ),
    )
}
"""Every figure by name. The eye over its mask is the lesser of height and width, each over what the mask asks for."""

LIMITABLE = tuple(name for name, figure in FIGURES.items() if figure.limitable)
"""Figures that reach can be held to."""
BANDED = tuple(name for name, figure in FIGURES.items() if figure.banded)
"""Figures whose least and greatest value over the inputs' ranges a comparison gives."""


def of_table(table: Table) -> tuple[Figure, ...]:
    """Figures that a table of the comparison shows, in order."""
    return tuple(figure for figure in FIGURES.values() if figure.table == table)


def figure_value(
    sections: Sequence[Section], name: str, *, code: str = CODE, mask: tuple[float, float] | None = None
) -> float:
    """One figure of sections from host to host, each equalised anew; `mask` belongs to "eye_mask".

    Raises `SirfError` where the figure has no meaning: TDECQ without light, COM without a section of copper alone.
    """
    return value_of(name, Measurement(sections, code=code, mask=mask))


def value_of(name: str, measurement: Measurement) -> float:
    """One figure of a measurement; `SirfError` where it has no meaning."""
    found = FIGURES[name].value(measurement)
    if found is not None:
        return found
    if name == "vec_db":
        # an eye that is closed at DER0 has no finite closure: larger than any limit, so that it never meets one
        return INFINITE
    needed, other = _NEEDED.get(name, (f"a {FIGURES[name].title}", "none"))
    raise SirfError(f"limit of {name} must be given for a way with {needed}, got {other}. Take another figure or way.")


_NEEDED = {
    "tdecq_db": ("light in it", "copper only"),
    "com_db": ("a section of copper alone", "light in all of it"),
    "eye_mask": ("a mask", "none"),
}
