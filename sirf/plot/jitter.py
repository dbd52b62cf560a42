"""Jitter: its random and deterministic parts over the error ratio, and its tolerance against a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new
from sirf.plot._palette import BLUE, DARK, GREEN, MIDDLE, ORANGE, SKY
from sirf.plot._titles import conditions_of, name_of, set_title
from sirf.results.dual_dirac import q_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.results.statistical_eye import StatisticalEye
    from sirf.study.jitter_tolerance import JitterTolerance


def jitter(result: StatisticalEye, ax: Axes | None = None, *, ber: float | None = None) -> Axes:
    """Total jitter in UI at the crossings of the worst eye over the error ratio, and its dual-Dirac parts.

    Areas: the deterministic part DJ and the random part 2 Q RJ, fitted at `ber` (DER0 by default) and a thousandth of it; dots:
    1 less the eye's width at each error ratio, which is the total without a model. See `EyeMetrics`. Raises `SirfError` for a
    closed eye, which has no crossings.
    """
    from sirf.results.eye_metrics import CROSSING_SHARE

    ratio = result.der0 if ber is None else ber
    figures = result.metrics(ratio)
    split = figures.worst_jitter
    if split is None:
        raise SirfError(
            f"eye must be open at {ratio:g} and a thousandth of it for its jitter, got a closed one. Use a larger ber."
        )
    axes = axes_or_new(ax, (6.4, 3.8))
    eye = figures.jitter.index(split)
    # one decade above the fit, and at least as deep as specifications of total jitter ask
    ratios = np.logspace(np.log10(ratio) + 1.0, min(np.log10(ratio) - 4.0, -12.0), 41)
    random = np.array([2.0 * q_of(one, CROSSING_SHARE) * split.random for one in ratios])
    axes.fill_between(
        ratios, split.deterministic, color=SKY, alpha=0.6, linewidth=0, label=f"DJ {split.deterministic:.3f} UI"
    )
    axes.fill_between(
        ratios,
        split.deterministic,
        split.deterministic + random,
        facecolor="0.85",
        edgecolor=MIDDLE,
        hatch="...",
        linewidth=0,
        label=f"2 Q RJ, RJ {split.random:.4f} UI rms",
    )
    axes.plot(ratios, split.deterministic + random, color=DARK, linewidth=1.2)
    # dots need the eye itself, which costs more than the model
    dots = ratios[::4]
    totals = np.array([1.0 - result.eye_widths(one)[eye] for one in dots])
    # a closed eye has no width to take the total from
    open_there = totals < 1.0
    axes.plot(dots[open_there], totals[open_there], "o", color=BLUE, markersize=4, label="from the eye itself")
    axes.plot(ratio, split.total, "D", color=ORANGE, markersize=7, label=f"TJ {split.total:.3f} UI at {ratio:g}")
    axes.set(xscale="log", xlabel="error ratio", ylabel="jitter at the crossings (UI)")
    axes.set(xlim=(ratios[0], ratios[-1]), ylim=(0.0, max(1.0, 1.05 * float((split.deterministic + random).max()))))
    set_title(axes, f"Jitter of {name_of(result.link)} in its worst eye", *conditions_of(result.link))
    axes.legend(fontsize="small", loc="lower left")
    return axes


def jitter_tolerance(result: JitterTolerance, ax: Axes | None = None) -> Axes:
    """Tolerated sinusoidal jitter in UI peak to peak over its frequency, against the mask that a receiver must bear.

    Arrows stand where the largest amplitude tried passed, crosses (at the mask) where none did.
    """
    axes = axes_or_new(ax, (6.4, 3.8))
    frequency, mask = np.array(result.frequency), np.array(result.mask_ui)
    order = np.argsort(frequency)
    axes.plot(frequency[order], mask[order], color=ORANGE, linewidth=1.4, label=f"mask {result.mask.id}")
    # four kinds of answers, each with a mark of its own
    points = list(zip(result.frequency, result.tolerated_ui, result.mask_ui, result.unbounded, strict=True))
    kinds = (
        (
            "o",
            GREEN,
            "tolerated",
            [(f, got) for f, got, asked, more in points if got is not None and got >= asked and not more],
        ),
        ("^", GREEN, "tolerated, or more", [(f, got) for f, got, _, more in points if got is not None and more]),
        (
            "v",
            DARK,
            "tolerated, below the mask",
            [(f, got) for f, got, asked, _ in points if got is not None and got < asked],
        ),
        ("x", DARK, "none tolerated", [(f, asked) for f, got, asked, _ in points if got is None]),
    )
    for mark, colour, label, places in kinds:
        if places:
            across, up = zip(*sorted(places), strict=True)
            axes.plot(across, up, mark, color=colour, markersize=7, label=label)
    # the line joins what is known, whatever the verdict
    known = sorted((f, got) for f, got, *_ in points if got is not None)
    if known:
        axes.plot(*zip(*known, strict=True), color=MIDDLE, linewidth=0.8, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="frequency of the jitter (Hz)", ylabel="amplitude (UI peak to peak)")
    # the hatch below the mask must not stretch the axis that the points have made
    low = axes.get_ylim()[0]
    axes.fill_between(
        frequency[order], low, mask[order], facecolor="none", edgecolor=ORANGE, hatch="////", alpha=0.35, linewidth=0
    )
    axes.set_ylim(bottom=low)
    axes.grid(visible=True, which="major", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    verdict = "met" if result.passed else "missed"
    set_title(
        axes,
        f"Jitter tolerance: mask {verdict}",
        result.mask.title,
        f"BER {result.ber:g}",
        f"{result.symbols:,} symbols a run",
    )
    axes.legend(fontsize="small")
    return axes
