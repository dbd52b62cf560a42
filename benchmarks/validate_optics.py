"""Statistical against counted symbol error ratio of links with light, curves and all; prints a table in Markdown.

python benchmarks/validate_optics.py [--targets 1e-3,1e-4,1e-5] [--errors 400] [--most 6e6] [--only TEXT]

Shipped optics, large signals: between two packages of a co-packaged lane with their crosstalk, host to host, and alone between
a module's retimers. Receiver noise is raised until the statistical engine reads the target with ideal feedback; jitter,
crosstalk, SNR_TX and the noise of the optics stay. `sirf.simulate` counts, (a) with ideal feedback, (b) with decisions fed
back. Ratios are statistical over counted; their intervals hold for all rows together with 99 %.
"""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np
from scipy.optimize import brentq

import sirf
from sirf import optics

CASES = (
    ("dr-silicon-mzm", "cei-112g-linear"),
    ("cpo-silicon-ring", "cei-112g-linear"),
    ("fr-eml", "cei-112g-linear"),
    ("sr-vcsel", "cei-112g-linear"),
    ("dr-silicon-mzm-26g", "optical-26g"),
    ("cpo-silicon-ring-26g", "optical-26g"),
    ("dr-silicon-mzm", "optical-53g"),
    ("cpo-silicon-ring", "optical-53g"),
    ("fr-eml", "optical-53g"),
    ("sr-vcsel", "optical-53g"),
    ("cpo-silicon-ring-106g", "optical-106g"),
    ("dr-thin-film-lithium-niobate", "optical-106g"),
    ("dr-silicon-mzm", "802.3ck-kr1"),
    ("fr-eml", "802.3ck-kr1"),
    ("sr-vcsel", "802.3ck-kr1"),
)
"""Optics and preset: the optical side of a module stands alone, the others between packages; the last three have no Rx FFE."""


def load(name: str, standard: str) -> sirf.Link:
    """The link with its equaliser set by the preset's search."""
    preset = optics.load_optics(name)
    swing, gain = preset.swing, preset.agc_db
    if standard.startswith("optical"):
        span = optics.Span.alone(preset.path, swing=swing, symbol_rate=preset.symbol_rate, agc_db=gain)
    else:
        package = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
        span = optics.Span(preset.path, before=package, after=package, swing=swing, agc_db=gain)
    return sirf.Link(span, standard=standard).optimized()


def statistical(link: sirf.Link, *, ideal: bool) -> float:
    """The statistical engine's symbol error ratio."""
    return sirf.statistical_eye(link, phases=1, ideal_feedback=ideal).ser


def at_error_ratio(link: sirf.Link, target: float) -> sirf.Link | None:
    """The link with receiver noise for a symbol error ratio with ideal feedback; None where little noise exceeds it."""

    def with_noise(logarithm: float) -> sirf.Link:
        return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=float(np.exp(logarithm))))

    def excess(logarithm: float) -> float:
        return float(np.log(statistical(with_noise(logarithm), ideal=True) / target))

    low, high = np.log(1e-18), np.log(1e-12)
    return None if excess(low) > 0.0 else with_noise(float(brentq(excess, low, high, xtol=1e-3)))


def row(name: str, target: float, link: sirf.Link, errors: int, most: int, family: float) -> str:
    """One line of the table."""
    cells = []
    symbols = int(min(errors / target, most))
    for ideal in (True, False):
        expected = statistical(link, ideal=ideal)
        count = sirf.simulate(link, symbols=symbols, rng=2026, ideal_feedback=ideal).errors
        low, high = count.symbol_interval(family)
        ratio = f"{expected * count.symbols / count.symbol_errors:.3f}" if count.symbol_errors else "-"
        ends = f"{expected / high:.2f} to {expected / low:.2f}" if count.symbol_errors else "-"
        cells.append(f"{ratio} | {ends} | {count.symbol_errors} | {'yes' if low <= expected <= high else 'NO'}")
    return f"| {name} | {target:g} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", default="1e-3,1e-4,1e-5")
    parser.add_argument("--errors", type=int, default=400)
    parser.add_argument("--most", type=float, default=6e6, help="symbols at most for each count")
    parser.add_argument("--only", default="", help="cases whose names hold this text")
    options = parser.parse_args()
    targets = [float(text) for text in options.targets.split(",")]
    family = 0.99 ** (1.0 / (2 * len(CASES) * len(targets)))
    print(
        "| optics, preset | target | (a) ratio | interval | errors | inside | (b) ratio | interval | errors | inside |"
    )
    print("|---" * 10 + "|")
    for optic, standard in CASES:
        name = f"{optic}, {standard}"
        if options.only not in name:
            continue
        link = load(optic, standard)
        for target in targets:
            noisy = at_error_ratio(link, target)
            if noisy is None:
                print(f"| {name} | {target:g} | not reachable by noise alone |" + " |" * 7, flush=True)
                continue
            print(row(name, target, noisy, options.errors, int(options.most), family), flush=True)


if __name__ == "__main__":
    main()
