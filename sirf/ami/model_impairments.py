"""Jitter and noise of the reserved parameters, and where the specification adds them (IBIS 6.0 and later, section 10).

Tx_* displace the edges of the stimulus. Rx_Rj, Rx_Dj, Rx_Sj and Rx_DCD move the sampling clock beyond what clock times show;
Rx_Clock_Recovery_* stand for these where a flow has no clock times. Rx_Noise (7.0: Rx_GaussianNoise, Rx_UniformNoise) is added at
the sampler, Rx_Receiver_Sensitivity is the voltage that a decision needs.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf._arrays import Float
from sirf.errors import AmiError
from sirf.signal.pam import level_shares, thresholds
from sirf.transmitter.jitter import Jitter, SinusoidalJitter

if TYPE_CHECKING:
    from sirf.ami.flow import Initialised
    from sirf.link import Link
    from sirf.results.interference_distribution import Interference
    from sirf.results.statistical_eye import ErrorRates, StatisticalEye


QUIET_TONE = 2.0**0.5 / 2500.0
"""Frequency over the symbol rate of sinusoidal jitter whose file states none: no multiple of any pattern's length."""
TX_JITTER = ("tx_rj", "tx_dj", "tx_dcd", "tx_sj", "tx_jitter")
"""Parameters any of which makes the model's jitter stand in place of the link's."""


@dataclass(frozen=True, slots=True)
class ModelNoise:
    """At the slicer, in V: `gaussian` rms, `uniform` half its width, `sensitivity` that a decision needs."""

    gaussian: float = 0.0
    uniform: float = 0.0
    sensitivity: float = 0.0


@dataclass(frozen=True, slots=True)
class ClockJitter:
    """Where the receiver samples, relative to where its clock says, in UI.

    `random_ui` rms of a Gaussian; `dual_ui` (K,) half distances of equally likely pairs; `sinusoidal_ui` amplitude; `mean_ui`
    a constant; `pdf` points (UI, density) of a distribution given as a table.
    """

    # random and pair parts are per symbol and independent, as the standard leaves their spectrum open
    random_ui: float = 0.0
    dual_ui: tuple[float, ...] = ()
    sinusoidal_ui: float = 0.0
    mean_ui: float = 0.0
    pdf: tuple[tuple[float, float], ...] = ()

    @property
    def bounded(self) -> bool:
        """Whether there is more than Gaussian jitter."""
        return bool(any(self.dual_ui) or self.sinusoidal_ui or self.mean_ui or self.pdf)

    def draw(self, generator: np.random.Generator, size: int) -> Float:
        """Displacements (size,) in UI, independent from symbol to symbol."""
        total = np.full(size, self.mean_ui)
        if self.random_ui:
            total += self.random_ui * generator.standard_normal(size)
        for half in self.dual_ui:
            # 0 or 1 becomes -1 or +1: two equal Diracs, `half` from the middle
            total += half * (2.0 * generator.integers(0, 2, size) - 1.0)
        if self.sinusoidal_ui:
            total += self.sinusoidal_ui * np.sin(2.0 * np.pi * generator.random(size))
        if self.pdf:
            where, density = np.array(self.pdf).T
            total += generator.choice(where, size, p=density / density.sum())
        return total

    def weights(self) -> tuple[Float, Float]:
        """Points in UI and their probabilities, all but the Gaussian part."""
        # Gaussian jitter is left out: the engine has it in its tails, exactly
        where, share = np.array([self.mean_ui]), np.ones(1)
        parts = [(np.array([-half, half]), np.full(2, 0.5)) for half in self.dual_ui if half]
        if self.sinusoidal_ui:
            # a sine's values by equal shares of its phase (Gauss and Chebyshev): exact for averages of polynomials to
            # degree 63
            angle = np.pi * (np.arange(32) + 0.5) / 32
            parts.append((self.sinusoidal_ui * np.cos(angle), np.full(32, 1.0 / 32)))
        if self.pdf:
            points, density = np.array(self.pdf).T
            parts.append((points, density / density.sum()))
        for points, weight in parts:
            # independent causes add up: all sums of their points, with the products of the shares
            where = (where[:, None] + points[None, :]).ravel()
            share = (share[:, None] * weight[None, :]).ravel()
        return where, share

    def mixed(self, eye: StatisticalEye, noise: ModelNoise) -> ErrorRates:
        """Error ratios of an eye averaged over the sampling phase and uniform noise, with less distance by the sensitivity.

        Between the eye's phases the logarithm of the ratio is taken as a straight line.
        """
        if len(eye.phase_ui) < 8:
            raise AmiError(
                f"phases must be at least 8 for a model with bounded jitter of its clock, got {len(eye.phase_ui)}. Leave it out."
            )
        # thresholds stay where they are at the middle, however far the clock strays: a slicer does not follow its sampling
        # phase
        levels, main = eye.levels, float(eye.main_cursor[len(eye.phase_ui) // 2])
        decision = thresholds(levels) * main
        ratio = [
            max(_error_ratio(piece, levels, float(there), decision, noise), 1e-300)
            for piece, there in zip(eye.slices, eye.main_cursor, strict=True)
        ]
        where, share = self.weights()
        # more than half a UI away the neighbouring symbol is sampled, which is as good as a guess: half of the
        # decisions are wrong
        outside = np.abs(where) > 0.5
        # bathtub walls are nearly straight in the logarithm; the ratio itself would be cut off at its corners
        logarithm = np.interp(where, eye.phase_ui, np.log(ratio))
        ser = float(np.sum(share[~outside] * np.exp(logarithm[~outside])) + 0.5 * np.sum(share[outside]))
        # bits and bursts follow the symbols: the same errors, more often
        factor = ser / eye.rates.ser if eye.rates.ser > 0 else 1.0
        return dataclasses.replace(
            eye.rates,
            ser=ser,
            ber=min(eye.rates.ber * factor, 0.5) if eye.rates.ber > 0 else ser,
            detector_error_ratio=min(eye.rates.detector_error_ratio * factor, 1.0),
        )


def _error_ratio(piece: Interference, levels: Float, main: float, decision: Float, noise: ModelNoise) -> float:
    """Symbol error ratio at one phase, averaged over uniform noise."""
    # middles of 16 equal parts of -1 to +1; the sensitivity always counts against the decision, whichever side it
    # comes from
    steps = (np.arange(16) + 0.5) / 8.0 - 1.0 if noise.uniform else np.zeros(1)
    part = level_shares(len(levels)) / len(steps)
    total = 0.0
    for e in range(len(levels) - 1):
        for moved in noise.uniform * steps + noise.sensitivity:
            # from below and from above the same shift makes a threshold nearer: sensitivity helps neither side
            total += part[e] * float(piece.above(e, decision[e] - levels[e] * main - moved))
            total += part[e + 1] * float(piece.below(e + 1, levels[e + 1] * main - decision[e] - moved))
    return total


def transmitter_jitter(side: Initialised, link: Link) -> Jitter:
    """Tx_Rj, Tx_Dj, Tx_DCD and Tx_Sj of a model; the link's own jitter where its file has none of them.

    Tx_Dj is half a peak-to-peak range without a shape: it is taken as dual-Dirac, the widest. Tx_DCD moves every other edge.
    """
    if not any(name in side.model.ami.reserved for name in TX_JITTER):
        return link.transmitter.jitter
    random = _ui(side, "Tx_Rj", link)
    deterministic, duty = _ui(side, "Tx_Dj", link), _ui(side, "Tx_DCD", link)
    tone = _ui(side, "Tx_Sj", link)
    shape = side.model.ami.reserved.get("tx_jitter")
    if shape is not None:
        random, deterministic = _tx_jitter(side, link)
    # 'tx_sj' without a frequency: one that no pattern repeats
    frequency = float(side.value("Tx_Sj_Frequency") or QUIET_TONE * link.symbol_rate)
    tones = (SinusoidalJitter(tone, frequency),) if tone else ()
    # Tx_DCD is how far each edge moves, `even_odd_ui` the distance between even and odd edges: twice that
    return Jitter(random_ui=random, dual_dirac_ui=deterministic, even_odd_ui=2.0 * duty, sinusoidal=tones)


def clock_jitter(side: Initialised, link: Link, *, clock_times: bool = False) -> ClockJitter:
    """Jitter of the receiver's sampling; without `clock_times` that of its clock recovery too."""
    groups = ("Rx_",) if clock_times else ("Rx_", "Rx_Clock_Recovery_")
    # clock times of GetWave already contain what its recovery does, so only what samples them is added there
    random = [_ui(side, f"{group}Rj", link) for group in groups]
    dual = [_ui(side, f"{group}{kind}", link) for group in groups for kind in ("Dj", "DCD")]
    tones = [_ui(side, f"{group}Sj", link) for group in groups]
    mean = 0.0 if clock_times else _ui(side, "Rx_Clock_Recovery_Mean", link)
    table: tuple[tuple[float, float], ...] = ()
    pdf = side.model.ami.reserved.get("rx_clock_pdf")
    if pdf is not None and not clock_times:
        if pdf.format == "gaussian":
            mean, random = (
                mean + _as_ui(pdf.values[0], pdf.type, link),
                [*random, _as_ui(pdf.values[1], pdf.type, link)],
            )
        elif pdf.format == "table":
            table = tuple((_as_ui(row[-2], pdf.type, link), float(row[-1])) for row in pdf.rows)
        elif pdf.format in ("dual-dirac", "djrj"):
            low, high, sigma = (_as_ui(value, pdf.type, link) for value in pdf.values)
            mean, dual, random = mean + 0.5 * (low + high), [*dual, 0.5 * (high - low)], [*random, sigma]
    return ClockJitter(
        # Gaussians add as powers, tones as their crests: phases of different tones are not known
        float(np.sqrt(np.sum(np.square(random)))),
        tuple(half for half in dual if half),
        float(np.sum(tones)),
        mean,
        table,
    )


def model_noise(side: Initialised) -> ModelNoise:
    """Noise and sensitivity at the slicer."""
    # both may be given: independent noises add as powers
    gaussian = float(np.hypot(_number(side, "Rx_Noise"), _number(side, "Rx_GaussianNoise")))
    return ModelNoise(gaussian, _number(side, "Rx_UniformNoise"), _number(side, "Rx_Receiver_Sensitivity"))


def _tx_jitter(side: Initialised, link: Link) -> tuple[float, float]:
    """Random and dual-Dirac part in UI of Tx_Jitter (IBIS 5.0 and 5.1) by its format."""
    parameter = side.model.ami.reserved["tx_jitter"]
    if parameter.format == "gaussian":
        return _as_ui(parameter.values[1], parameter.type, link), 0.0
    if parameter.format in ("dual-dirac", "djrj"):
        low, high, sigma = (_as_ui(value, parameter.type, link) for value in parameter.values)
        return sigma, 0.5 * (high - low)
    raise AmiError(
        f"{side.model.ami.source} line {parameter.line}: Tx_Jitter must have Format Gaussian, Dual-Dirac or DjRj, got "
        f"{parameter.format.title()}. Give Tx_Rj and Tx_Dj instead."
    )


def _ui(side: Initialised, name: str, link: Link) -> float:
    parameter = side.model.ami.reserved.get(name.lower())
    if parameter is None:
        return 0.0
    return _as_ui(side.value(name) or 0.0, parameter.type, link)


def _as_ui(value: Any, kind: str, link: Link) -> float:
    """A value of type UI as it is, one of type Float from seconds."""
    return float(value) if kind == "ui" else float(value) * link.symbol_rate


def _number(side: Initialised, name: str) -> float:
    return float(side.value(name) or 0.0)
