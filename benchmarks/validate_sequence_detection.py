"""Why the sum over error events of Annex 178A.1.11 and a Viterbi detector differ: noise, colour, overlap, unequal levels, shape.

Run: python benchmarks/validate_sequence_detection.py CHANNELS [--symbols 2e8].

CHANNELS is a folder with `synthetic_224g_*` channels. The receivers are those of `validate_com_prediction.py`. For each the noise
and interference behind the FFE are taken as Gaussian of the same power, once white and once with their own covariance, and
symbols are counted behind the engines' Viterbi detector: what is left between such a count and a formula is the formula's. Ratios
are of symbols. "the sum" is Annex 178A's, sum over j of r^(j-1) P_j with r = (L - 1) / L, "each event, all its symbols" is the
union bound, sum of 2 j r^j P_j, "with the levels' spacings" the same with each symbol's own spacing (R_LM makes the middle eye
the smallest) in place of the least one.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy.fft import irfft, rfft
from scipy.stats import norm

import sirf
from benchmarks.validate_com_prediction import STANDARD, noisy, same_receiver
from sirf._arrays import Float
from sirf._kernels.viterbi import viterbi
from sirf.channel.channel import Channel
from sirf.engine.statistical.analysis import interference_model
from sirf.engine.statistical.link_error_rates import SEQUENCE_LAGS
from sirf.receiver.mlse import Mlse
from sirf.signal.toeplitz import symmetric_toeplitz

POINTS = (("synthetic_224g_board", "A1"), ("synthetic_224g_cpo", "B2"))
BLOCK, EDGE = 1 << 20, 64
LONGEST, LONGEST_BY_LEVELS = 64, 8
CONFIDENCE = 2.576
"""Standard deviations of an interval of 99 %."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A detector on `levels` (L,) in V and a target 1 + `alpha` D, with noise of `covariance` (K,) in V^2."""

    levels: Float
    alpha: float
    covariance: Float

    def event_ratio(self, spacings: Float) -> float:
        """Probability that noise makes an event of alternating sign whose symbols are off by `spacings` (j,) in V."""
        event = np.convolve(spacings * (-1.0) ** np.arange(spacings.size), [1.0, self.alpha])
        row = np.zeros(event.size)
        known = min(row.size, self.covariance.size)
        row[:known] = self.covariance[:known]
        return float(norm.sf(0.5 * float(event @ event) / np.sqrt(float(event @ symmetric_toeplitz(row) @ event))))

    def formulas(self) -> tuple[float, float, float]:
        """The sum of Annex 178A, the union bound with the least spacing, and that with the spacings as they are."""
        spacings = np.diff(self.levels)
        keep, least = 1.0 - 1.0 / self.levels.size, float(np.min(spacings))
        annex = union = exact = 0.0
        for j in range(1, LONGEST + 1):
            ratio = self.event_ratio(np.full(j, least))
            annex += keep ** (j - 1) * ratio
            union += 2.0 * j * keep**j * ratio
            if j <= LONGEST_BY_LEVELS:
                ways = [self.event_ratio(np.array(way)) for way in product(spacings, repeat=j)]
                ratio = float(np.mean(ways))
            exact += 2.0 * j * keep**j * ratio
        return annex, union, exact

    def count(self, symbols: int, seed: int) -> tuple[float, float]:
        """Symbol error ratio behind the Viterbi detector and half its 99 % interval, widened for events of many errors."""
        rng, order = np.random.default_rng(seed), self.levels.size
        row = np.zeros(BLOCK)
        row[: self.covariance.size] = self.covariance
        row[BLOCK - self.covariance.size + 1 :] = self.covariance[:0:-1]
        # noise on a circle: its covariance is exact, and blocks are independent
        root = np.sqrt(np.maximum(rfft(row).real, 0.0))
        following = Mlse(memory=1).trellis(order)
        came, took = np.empty((BLOCK, order), np.uint8), np.empty((BLOCK, order), np.uint8)
        decided, taps = np.empty(BLOCK, np.uint8), np.array([self.alpha])
        errors, squares, counted = 0, 0, 0
        while counted < symbols:
            sent = rng.integers(0, order, BLOCK, dtype=np.uint8)
            noise = irfft(rfft(rng.standard_normal(BLOCK, dtype=np.float32)) * root)
            volts = self.levels[sent]
            samples = (volts + self.alpha * np.roll(volts, 1) + noise).astype(np.float32)
            metrics, pasts = np.zeros(order), np.zeros(order, np.uint64)
            viterbi(samples, self.levels, self.levels, taps, following, metrics, pasts, came, took, decided)
            # the detector does not know the state in which a block begins and ends
            wrong = np.flatnonzero((decided != sent)[EDGE:-EDGE])
            events = np.flatnonzero(np.diff(wrong, prepend=-EDGE) > 2)
            lengths = np.diff(np.append(events, wrong.size))
            errors, squares = errors + wrong.size, squares + int(np.sum(lengths**2))
            counted += BLOCK - 2 * EDGE
        return errors / counted, CONFIDENCE * float(np.sqrt(squares)) / counted


def detection_of(folder: Path, case: str) -> tuple[Detection, float]:
    """The detector of one point, and what the statistical engine says of it."""
    channel = Channel.from_touchstone(
        folder / "thru.s4p", fext=sorted(folder.glob("fext*.s4p")), next=sorted(folder.glob("next*.s4p"))
    )
    settings, result = noisy(channel, case)
    link = same_receiver(channel, case, settings, result)
    detector = link.replace(receiver=replace(link.receiver, mlse=sirf.Link(channel, standard=STANDARD).receiver.mlse))
    model = interference_model(detector)
    levels: Float = np.array([float(level) * float(model.front_end.main_cursor) for level in model.decided])
    found = Detection(levels, detector.receiver.dfe[0], model.covariance(SEQUENCE_LAGS))
    return found, float(sirf.statistical_eye(detector, phases=1).ser)


def main() -> None:
    """Print a row for each point, kind of noise and kind of levels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with synthetic_224g_* channels")
    parser.add_argument("--symbols", type=float, default=2e8, help="symbols counted in each row")
    arguments = parser.parse_args()
    print(
        "| point, noise | levels | the sum | each event | with spacings | count (99 %) | count / sum | count / spacings |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, case in POINTS:
        found, statistics = detection_of(arguments.folder / name, case)
        least = float(np.min(np.diff(found.levels)))
        even: Float = least * np.arange(found.levels.size, dtype=np.float64)
        even -= np.mean(even)
        for noise, covariance in (("white", found.covariance[:1]), ("coloured", found.covariance)):
            for label, levels in (("even", even), ("R_LM", found.levels)):
                one = Detection(levels, found.alpha, covariance)
                annex, union, exact = one.formulas()
                ratio, half = one.count(int(arguments.symbols), seed=1)
                # a union bound from above, and near enough that nothing but shared events lies between
                assert 0.9 * exact - half < ratio < exact + half, (name, noise, label, ratio, half, exact)
                print(
                    f"| {name}, {case}, {noise} | {label} | {annex:.3g} | {union:.3g} | {exact:.3g} | {ratio:.3g} ± {half:.2g} | "
                    f"{ratio / annex:.2f} | {ratio / exact:.2f} |",
                    flush=True,
                )
        print(f"| {name}, {case}, its own distribution | R_LM | {statistics:.3g} | | | | | |", flush=True)


if __name__ == "__main__":
    main()
