"""Statistical against counted bit error ratio on real channels, step by step; prints a table in Markdown.

SIRF_REFERENCE_DIR=... python benchmarks/validate_statistical.py [--targets 1e-3,1e-4,1e-5,1e-6] [--errors 1500] [--no-clock]

(a) ideal feedback, fixed sampling phase; (b) decisions fed back; (c) clock recovery on: each gap is reported apart. Receiver
noise is raised (or lowered) until the statistical engine reads the target; jitter, crosstalk and SNR_TX stay at the preset's.
A channel whose crosstalk and intersymbol interference alone exceed a target is skipped for that target.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path

import numpy as np

import sirf
from sirf.clock.recovery import ClockRecovery

CHANNELS = (
    ("c2c_12db/thru.s4p", "802.3ck-c2c", 0, 0),
    ("backplane_12db/thru.s4p", "802.3ck-kr1", 5, 3),
    ("backplane_28db/thru.s4p", "802.3ck-kr1", 5, 3),
    ("c2m_16db/thru.s4p", "802.3ck-c2m", 2, 2),
    ("host_4in/thru.s4p", "802.3ck-c2c", 0, 0),
    ("vita_25g/thru.s4p", "802.3bj-kr4", 2, 3),
    ("stripline_measured/119mm.s2p", "802.3ck-c2m", 0, 0),
    ("synthetic_224g_board/thru.s4p", "802.3dj-kr1-test", 2, 1),
    ("synthetic_224g_cpo/thru.s4p", "802.3dj-kr1-test", 0, 0),
)
"""File, preset, number of FEXT and NEXT files beside it."""


def load(root: Path, file: str, standard: str, fext: int, near: int) -> sirf.Link:
    """The link with its equaliser set by the preset's search."""
    folder = (root / file).parent
    channel = sirf.Channel.from_touchstone(
        root / file,
        fext=[folder / f"fext{k + 1}.s4p" for k in range(fext)],
        next=[folder / f"next{k + 1}.s4p" for k in range(near)],
    )
    return sirf.Link(channel, standard=standard).optimized()


def statistical(link: sirf.Link, *, ideal: bool) -> float:
    """The statistical engine's bit error ratio."""
    return sirf.statistical_eye(link, phases=1, ideal_feedback=ideal).ber


def at_error_ratio(link: sirf.Link, target: float) -> sirf.Link | None:
    """The link with receiver noise for a bit error ratio with ideal feedback; None when even little noise exceeds it."""

    def with_noise(logarithm: float) -> sirf.Link:
        return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=float(np.exp(logarithm))))

    low, high = np.log(1e-20), np.log(1e-12)
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if statistical(with_noise(middle), ideal=True) > target else (middle, high)
    found = with_noise(low)
    return found if abs(statistical(found, ideal=True) / target - 1.0) < 0.05 else None


def row(name: str, target: float, link: sirf.Link, errors: int, most: int, family: float, *, clock: bool) -> str:
    """One line of the table."""
    cells = []
    for ideal in (True, False):
        expected = statistical(link, ideal=ideal)
        count = sirf.count_errors(link, max_errors=errors, max_symbols=most, rng=2026, ideal_feedback=ideal)
        low, high = count.interval(family)
        inside = low <= expected <= high
        ratio = f"{expected / count.ber:.3f}" if count.errors else "-"
        cells.append(f"{expected:.2e} | {count.ber:.2e} | {ratio} | {count.errors} | {'yes' if inside else 'NO'}")
    if not clock:
        return f"| {name} | {target:g} | {' | '.join(cells)} | - |"
    receiver = dataclasses.replace(link.receiver, clock=ClockRecovery())
    run = sirf.simulate(link.replace(receiver=receiver), symbols=min(most, 4_000_000), rng=2026)
    cells.append(f"{statistical(link, ideal=False) / run.ber:.2f}" if run.errors.errors > 50 else "-")
    return f"| {name} | {target:g} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", default="1e-3,1e-4,1e-5,1e-6")
    parser.add_argument("--errors", type=int, default=1500)
    parser.add_argument("--most", type=float, default=3e8, help="symbols at most for each count")
    parser.add_argument("--no-clock", action="store_true", help="leave column (c) out, which takes most of the time")
    options = parser.parse_args()
    folder = os.environ.get("SIRF_REFERENCE_DIR", "")
    if not folder:
        parser.error(
            "SIRF_REFERENCE_DIR must name a folder with channels/, got nothing. Set it to the folder of reference channels."
        )
    targets = [float(text) for text in options.targets.split(",")]
    family = 0.99 ** (1.0 / (2 * len(CHANNELS) * len(targets)))
    print(
        "| channel | target | (a) statistical | counted | ratio | errors | inside | (b) statistical | counted | ratio | errors "
        "| inside | (c) ratio |"
    )
    print("|---" * 13 + "|")
    root = Path(folder) / "channels"
    for file, standard, fext, near in CHANNELS:
        name = f"{Path(file).parts[0]}, {standard}"
        try:
            link = load(root, file, standard, fext, near)
        except sirf.SirfError as error:
            print(f"| {name} | - | refused: {error} |" + " - |" * 10, flush=True)
            continue
        for target in targets:
            noisy = at_error_ratio(link, target)
            if noisy is None:
                print(f"| {name} | {target:g} | not reachable by noise alone |" + " - |" * 10, flush=True)
                continue
            line = row(name, target, noisy, options.errors, int(options.most), family, clock=not options.no_clock)
            print(line, flush=True)


if __name__ == "__main__":
    main()
