"""The figures of a statistical eye at one error ratio, each eye and the worst, with their definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.signal.gaussian import gaussian_quantile
from sirf.units import db20

if TYPE_CHECKING:
    from sirf.results.statistical_eye import StatisticalEye


CROSSING_SHARE = 0.5
"""Part of the symbols beside an eye, on average over both sides, that come over its threshold: only they move with the edge."""
DEEPER_RATIO = 1e-3
"""The second error ratio of the dual-Dirac fit, relative to the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossingJitter:
    """Dual-Dirac jitter of one eye in UI: total at the error ratio, rms of the random and distance of the deterministic part."""

    total: float
    random: float
    deterministic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeMetrics:
    """Figures of every eye, lowest first, at error ratio `ber`.

    `heights` (V) and `widths` (UI) are between the contours of that error ratio: EH6 and EW6 of IEEE 802.3 clause 120E.4.2 at
    1e-6, EH5 and EW5 of 120G.5.2 at 1e-5, the widths at the decision threshold. `amplitudes` (V) are the distances of the mean
    levels, AV of the same clauses. `linearity` is the smallest over the largest amplitude, `height_linearity` the same of the
    heights. `closures_db` is VEC, 20 log10(AV / EH), None of a closed eye; `vec_db` the largest, None when any eye is closed.
    `opening` is VEO, the smallest height, V. `sndr_db` is 10 log10(main cursor² / variance of all that is not the level) at the
    slicer. `jitter` is the dual-Dirac split of 1 - width at each eye's crossings (INCITS TR-35, MJSQ): total = deterministic +
    2 Q random, fitted at `ber` and `ber` / 1000 with Q taken at the error ratio over the part of the symbols that come over the
    threshold; random alone where jitter grows faster than a Gaussian's. None of a closed eye.
    """

    ber: float
    heights: tuple[float, ...]
    widths: tuple[float, ...]
    amplitudes: tuple[float, ...]
    closures_db: tuple[float | None, ...]
    jitter: tuple[CrossingJitter | None, ...]
    sndr_db: float

    @property
    def opening(self) -> float:
        """VEO: height in V of the worst eye."""
        return min(self.heights)

    @property
    def width(self) -> float:
        """Width in UI of the worst eye."""
        return min(self.widths)

    @property
    def linearity(self) -> float:
        """Smallest over largest distance of the mean levels, 1 when all are equal."""
        return min(self.amplitudes) / max(self.amplitudes)

    @property
    def height_linearity(self) -> float:
        """Smallest over largest eye height; 0 when an eye is closed."""
        return min(self.heights) / max(self.heights) if max(self.heights) > 0 else 0.0

    @property
    def vec_db(self) -> float | None:
        """VEC in dB of the worst eye; None when one is closed."""
        found = [value for value in self.closures_db if value is not None]
        return max(found) if len(found) == len(self.closures_db) else None

    @property
    def worst_jitter(self) -> CrossingJitter | None:
        """That of the eye with the most total jitter; None when one is closed."""
        found = [value for value in self.jitter if value is not None]
        return max(found, key=lambda value: value.total) if len(found) == len(self.jitter) else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: mV, UI, dB."""
        worst = self.worst_jitter
        return {
            "ber": self.ber,
            "eye_heights_mv": [1e3 * value for value in self.heights],
            "eye_widths_ui": list(self.widths),
            "level_distances_mv": [1e3 * value for value in self.amplitudes],
            "linearity": self.linearity,
            "height_linearity": self.height_linearity,
            "vec_db": self.vec_db,
            "veo_mv": 1e3 * self.opening,
            "sndr_db": self.sndr_db,
            "total_jitter_ui": None if worst is None else worst.total,
            "random_jitter_ui": None if worst is None else worst.random,
            "deterministic_jitter_ui": None if worst is None else worst.deterministic,
        }


def metrics(eye: StatisticalEye, ber: float) -> EyeMetrics:
    """All figures of an eye at error ratio `ber` in (0, 0.5)."""
    # widths at the slicers' thresholds, heights at the instant
    heights, widths = eye.eye_heights(ber), eye.eye_widths(ber)
    amplitudes = np.diff(eye.level_volts)
    return EyeMetrics(
        ber=ber,
        heights=heights,
        widths=widths,
        amplitudes=tuple(float(value) for value in amplitudes),
        closures_db=tuple(
            float(db20(amplitude / height)) if height > 0 else None
            for amplitude, height in zip(amplitudes, heights, strict=True)
        ),
        jitter=_jitter(eye, ber, widths),
        sndr_db=_sndr_db(eye),
    )


def voltage_bathtub(eye: StatisticalEye, phase: int) -> tuple[Float, Float]:
    """(volts (V,), ratio (E, V)): the part of all symbols on the wrong side of a threshold at each voltage, eye by eye."""
    volts, piece, main = eye.volts, eye.slices[phase], float(eye.main_cursor[phase])
    levels = eye.levels
    above = np.array([piece.above(i, volts - level * main) for i, level in enumerate(levels)])
    below = np.array([piece.below(i, level * main - volts) for i, level in enumerate(levels)])
    # all levels count, not the two neighbours alone: a threshold drawn far off is passed by the others too
    ratio = [(above[: e + 1].sum(axis=0) + below[e + 1 :].sum(axis=0)) / len(levels) for e in range(len(levels) - 1)]
    return volts, np.array(ratio)


def error_map(eye: StatisticalEye) -> Float:
    """(P, V): the error ratio of a decision at each phase and voltage, at the eye where it does least harm."""
    return np.array([voltage_bathtub(eye, phase)[1].min(axis=0) for phase in range(len(eye.phase_ui))])


def _jitter(eye: StatisticalEye, ber: float, widths: tuple[float, ...]) -> tuple[CrossingJitter | None, ...]:
    # fewer phases than four have no slope at the crossing
    if len(eye.phase_ui) < 4:
        raise SirfError(f"phases must be at least 4 for jitter at the crossing, got {len(eye.phase_ui)}. Use 32.")
    second = DEEPER_RATIO * ber
    # only symbols that move the edge count: their tail is the error ratio over their share
    near, far = (gaussian_quantile(min(value / CROSSING_SHARE, 0.49)) for value in (ber, second))
    found: list[CrossingJitter | None] = []
    for width, deeper in zip(widths, eye.eye_widths(second), strict=True):
        if width <= 0 or deeper <= 0:
            found.append(None)
            continue
        total = 1.0 - width
        # both sides of the eye lose (far - near) sigma from one error ratio to the other; never more than all of the
        # jitter, whatever the two widths say of their tails
        random = min((width - deeper) / (2.0 * (far - near)), total / (2.0 * near))
        found.append(CrossingJitter(total=total, random=random, deterministic=total - 2.0 * near * random))
    return tuple(found)


def _sndr_db(eye: StatisticalEye) -> float:
    centre = len(eye.phase_ui) // 2
    piece, main = eye.slices[centre], float(eye.main_cursor[centre])
    # densities are those of the deviation from the level, upwards and downwards
    square = piece.volts**2 * (piece.density + piece.lower_density)
    mean = piece.volts * (piece.density - piece.lower_density)
    # equal steps from zero: the first is the spacing
    spacing = float(piece.volts[1])
    # mean square less squared mean of each level, averaged over levels
    variance = float(np.mean(np.sum(square, axis=1) * spacing - (np.sum(mean, axis=1) * spacing) ** 2))
    return float(10.0 * np.log10(main**2 / variance))
