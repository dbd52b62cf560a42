"""The answer in three sentences: what moving optics from faceplate to package buys, where nothing, what would change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sirf.study.comparison import Row

PAIRS = (
    ("pluggable-retimed", "cpo-retimed"),
    ("pluggable-retimed", "npo"),
    ("pluggable-linear", "cpo-linear"),
    ("pluggable-half-retimed", "cpo-retimed"),
    ("pluggable-linear", "cpo-retimed"),
    ("pluggable-linear", "npo"),
)
"""(at the faceplate, at the package), the first pair that a comparison holds is the one that is judged."""


def verdict(rows: Sequence[Row], *, data_rate: float) -> tuple[str, ...]:
    """Three sentences with numbers and bands; one that says so where the rows hold no pair of faceplate and package."""
    by_name = {row.path: row for row in rows}
    pair = next(((one, other) for one, other in PAIRS if one in by_name and other in by_name), None)
    if pair is None:
        return ("No verdict: the rows hold no optics both at the faceplate and at the package.",)
    faceplate, package = by_name[pair[0]], by_name[pair[1]]
    return (
        _buys(faceplate, package, data_rate),
        _buys_nothing(faceplate, package, by_name),
        _would_change(faceplate, package, by_name),
    )


def _buys(faceplate: Row, package: Row, data_rate: float) -> str:
    """Loss, margin, reach, energy and density."""
    parts = [
        f"copper of {_banded(package, 'insertion_loss_db', '{:.1f}')} instead of "
        f"{_banded(faceplate, 'insertion_loss_db', '{:.1f}')} dB",
        *_com(package, faceplate),
        f"{_frames(package, faceplate)}",
        f"energy {_ranged(package, 'energy_pj_per_bit')} instead of {_ranged(faceplate, 'energy_pj_per_bit')} pJ/bit "
        f"({_saving(faceplate, package)})",
        f"an edge of {_ranged(package, 'density_tbps_per_mm')} instead of {_ranged(faceplate, 'density_tbps_per_mm')} Tb/s "
        "per mm",
    ]
    return (
        f"At {data_rate / 1e9:g} Gb/s a lane, moving the optics from the faceplate ({faceplate.path}) to the package "
        f"({package.path}) gives {'; '.join(parts)}; the copper may be {_length(package)} mm long inside its class, instead of "
        f"{_length(faceplate)} mm."
    )


def _buys_nothing(faceplate: Row, package: Row, rows: Mapping[str, Row]) -> str:
    """Where the move buys nothing."""
    lines = []
    # the same light limits both: where it stands then changes nothing
    if package.limited_in == faceplate.limited_in == "light":
        lines.append(f"in errors of the light, which decides in both rows: {_causes(package, faceplate)}")
    longer, shorter = faceplate.reach_budget_mm, package.reach_budget_mm
    if longer is not None and shorter is not None and longer > shorter:
        lines.append(f"in length of copper: {shorter:.0f} against {longer:.0f} mm inside the classes")
    # ranges that overlap cannot promise a saving, however far apart the typical figures lie
    overlap = package.energy.high - faceplate.energy.low
    if overlap > 0.0:
        lines.append(
            f"in energy where a dear engine meets a thrifty module: their ranges overlap by {overlap:.1f} pJ/bit"
        )
    # short links without any optics are the rival that a comparison of two optical rows would never name
    copper = rows.get("copper-copackaged") or rows.get("copper-cable")
    if copper is not None and copper.reach_budget_mm is not None and copper.energy.value < package.energy.value:
        lines.append(
            f"for links within {1e-3 * copper.reach_budget_mm:.1f} m, where {copper.path} without any optics takes "
            f"{copper.energy.value:.1f} ({copper.energy.low:.1f}-{copper.energy.high:.1f}) pJ/bit"
        )
    if not lines:
        return "It buys something in every figure here, beyond the bands."
    return f"It buys nothing {'; '.join(lines)}."


def _would_change(faceplate: Row, package: Row, rows: Mapping[str, Row]) -> str:
    """What would change the answer."""
    lines = [
        f"3 dB less {package.limitation.cause} in the {package.limited_in} of {package.path}, which lowers its bit error ratio "
        f"before FEC by {package.limitation.gain:.1f} decades ({_ratio(package)} lost after it as it is)"
    ]
    linear = rows.get("pluggable-linear")
    if linear is not None:
        works = "works" if linear.reach_mm is not None and linear.reach_mm >= linear.length_mm else "does not work"
        lines.append(
            f"linear drive of the faceplate, which {works} by this rule at its own {linear.length_mm:.0f} mm and takes "
            f"{linear.energy.value:.1f} ({linear.energy.low:.1f}-{linear.energy.high:.1f}) pJ/bit"
        )
    # the widest range is where one measurement would narrow the answer most
    part = max(package.energy.parts, key=lambda one: one.high - one.low)
    origin = {"P": "published", "2": "from secondary sources"}.get(part.provenance, "an estimate")
    lines.append(
        f"a better figure for the widest range in the energy of {package.path}: {part.low:.1f}-{part.high:.1f} pJ/bit of "
        f"{part.name} ({origin})"
    )
    return f"What would change the answer: {'; '.join(lines)}."


def _banded(row: Row, name: str, form: str) -> str:
    value = row.value(name)
    low, high = row.bounds.get(name, (None, None))
    text = "-" if value is None else form.format(value)
    return text if low is None or high is None else f"{text} ({form.format(low)}-{form.format(high)})"


def _ranged(row: Row, name: str) -> str:
    from sirf.study.figures import FIGURES

    return FIGURES[name].text(row.figures[name])


def _com(package: Row, faceplate: Row) -> list[str]:
    """COM of both and its change, with the bands of both; nothing where a row has none."""
    one, other = package.value("com_db"), faceplate.value("com_db")
    if one is None or other is None:
        return []
    change = f"COM of {_banded(package, 'com_db', '{:.1f}')} instead of {_banded(faceplate, 'com_db', '{:.1f}')} dB"
    (low, high), (least, most) = (row.bounds.get("com_db", (None, None)) for row in (package, faceplate))
    if low is None or high is None or least is None or most is None:
        return [f"{change} ({one - other:+.1f} dB)"]
    # each row's best against the other's worst: the inputs of two different boards do not move together
    return [f"{change} ({one - other:+.1f} dB, {low - most:+.1f} to {high - least:+.1f} dB at the ends of the ranges)"]


def _frames(package: Row, faceplate: Row) -> str:
    """Share of frames lost after FEC, once where both rows print alike."""
    one, other = _ratio(package), _ratio(faceplate)
    return f"{one} lost after FEC in both" if one == other else f"{one} lost after FEC instead of {other}"


def _causes(package: Row, faceplate: Row) -> str:
    """What limits both, named once where it is the same."""
    if package.limited_by == faceplate.limited_by:
        if _decades(package) == _decades(faceplate):
            return f"{package.limited_by} limits both ({_decades(package)})"
        return f"{package.limited_by} limits both ({_decades(package)} at the package, {_decades(faceplate)} at the faceplate)"
    return (
        f"{package.limited_by} limits the package ({_decades(package)}), {faceplate.limited_by} the faceplate "
        f"({_decades(faceplate)})"
    )


def _ratio(row: Row) -> str:
    from sirf.study.figures import FIGURES

    low, high = row.bounds.get("frame_loss_ratio", (None, None))
    figure = FIGURES["frame_loss_ratio"]
    value = row.value("frame_loss_ratio")
    text = figure.text(value)
    # a range whose ends print alike tells nothing beside the value
    if low is None or high is None or figure.text(low) == figure.text(high):
        return f"{text} of frames"
    return f"{text} of frames ({figure.text(low)} to {figure.text(high)})"


def _saving(faceplate: Row, package: Row) -> str:
    one, other = faceplate.energy, package.energy
    nominal = 1.0 - other.value / one.value
    # dear package against thrifty faceplate, and the reverse: what is saved at least and at most
    least, most = 1.0 - other.high / one.low, 1.0 - other.low / one.high
    return f"{100.0 * nominal:.0f} % less, {100.0 * least:.0f} to {100.0 * most:.0f} % at the ends of the ranges"


def _length(row: Row) -> str:
    return "none" if row.reach_budget_mm is None else f"{row.reach_budget_mm:.0f}"


def _decades(row: Row) -> str:
    return f"{row.limitation.gain:.1f} decades for 3 dB less of it"
