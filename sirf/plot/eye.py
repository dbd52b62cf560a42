"""The eye diagram: density over one unit interval, contours of the openings over it, their size beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sirf._arrays import Float
from sirf.channel.spline_grid import LEAST_KNOTS, spline_grid
from sirf.plot._axes import LINE_STYLES, axes_or_new
from sirf.plot._titles import conditions_of, name_of, set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

    from sirf.results.eye_histogram import EyeHistogram
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun


DECADES = 3.0
"""Decades of density that the picture shows: enough for the tails, few enough that the levels stand out."""
CONTOURS = (1e-6, 1e-9, 1e-12)
# of Okabe and Ito, so that colour-blind readers tell the contours apart
COLOURS = ("#d55e00", "#000000", "#009e73", "#cc79a7")
SHOWN_OF_RANGE, SHOWN_OF_HISTOGRAM = 0.68, 0.95
"""Part of the voltage range that the picture shows, of a statistical eye and of a histogram."""
FINE = 16
"""Contour points drawn for each phase computed."""
Outlines: TypeAlias = list[tuple[Float, Float] | None]
"""The closed outline (UI, mV) of each eye, None of a closed one."""


def eye(
    result: StatisticalEye | WaveformRun | EyeHistogram,
    ax: Axes | None = None,
    *,
    contours: Sequence[float] | None = None,
    limit_mv: float | None = None,
    colour_bar: bool | None = None,
) -> Axes:
    """Draw the eye of a statistical result, of a bit-by-bit run, or one that it captured elsewhere.

    Parameters
    ----------
    ax
        Axes to draw on; a new figure by default.
    contours
        Error ratios whose openings are outlined (statistical results only); the link's DER0 and smaller ones by default.
    limit_mv
        Half height of the voltage axis in mV, for eyes side by side on one scale.
    colour_bar
        Draw the scale of the density beside the eye; by default where a figure is made here.

    Returns the axes. One unit interval is shown, the sampling instant in its middle. The figures beside the eyes are height
    and width at DER0, or peak to peak over the run.
    """
    axes = axes_or_new(ax, (7.0, 4.8))
    from sirf.results.eye_histogram import EyeHistogram
    from sirf.results.statistical_eye import StatisticalEye

    if isinstance(result, StatisticalEye):
        phase, volts, density, thresholds = result.phase_ui, result.volts, result.density, result.thresholds
        heights, widths = result.eye_heights(), result.eye_widths()
    else:
        seen = result if isinstance(result, EyeHistogram) else result.eye
        phase, volts, density, thresholds = seen.phase_ui, seen.volts, seen.density, seen.thresholds
        heights, widths = seen.eye_heights(), seen.eye_widths()
    # a density in 1/V: per mV it is a thousandth, so that the area stays one
    paint = _density(axes, phase, 1e3 * volts, 1e-3 * density)
    if isinstance(result, StatisticalEye):
        outlined = outlines(result, contour_ratios(result) if contours is None else contours)
        if outlined:
            contour_legend(axes, contour_lines(axes, result, outlined))
    axes.axvline(0.0, color="0.4", linewidth=0.6, linestyle=":")
    # the statistical engine's range is wide for its transforms, a histogram's is fitted to what came
    shown = SHOWN_OF_RANGE if isinstance(result, StatisticalEye) else SHOWN_OF_HISTOGRAM
    top = limit_mv if limit_mv is not None else 1e3 * shown * float(np.abs(volts).max())
    place = "voltage (mV)" if isinstance(result, EyeHistogram) else "slicer input (mV)"
    axes.set(xlabel="time about the sampling instant (UI)", ylabel=place, ylim=(-top, top), xlim=(-0.5, 0.5))
    _sizes(axes, 1e3 * thresholds, heights, widths, top)
    _title(axes, result)
    # an axis that the caller gave is likely one of several, with one scale for all
    if ax is None if colour_bar is None else colour_bar:
        axes.figure.colorbar(paint, ax=axes, label=DENSITY_LABEL)
    return axes


DENSITY_LABEL = "log10 of probability density (1/mV)"


def _title(axes: Axes, result: StatisticalEye | WaveformRun | EyeHistogram) -> None:
    from sirf.results.eye_histogram import EyeHistogram
    from sirf.results.statistical_eye import StatisticalEye

    if isinstance(result, EyeHistogram):
        return
    how = f"BER {result.ber:.1e}"
    if isinstance(result, StatisticalEye):
        what = "Statistical eye"
    else:
        what, how = "Eye bit by bit", f"{result.errors.symbols:,} symbols, {how}"
    set_title(axes, f"{what} of {name_of(result.link)}", *conditions_of(result.link), how)


def _density(axes: Axes, phase: Float, millivolts: Float, density: Float) -> AxesImage:
    # decision feedback changes at the end of the interval: the last phase goes on to +0.5, the first is not repeated there
    held = np.vstack([density, density[-1:]]).T
    # not the greatest of all: one narrow level at one phase would leave everything else pale
    peak = float(np.percentile(held.max(axis=0), 97))
    # a single phase has no step
    step, bin_width = float(phase[1] - phase[0]) if len(phase) > 1 else 1.0, float(millivolts[1] - millivolts[0])
    return axes.imshow(
        np.log10(np.maximum(held, peak * 10**-DECADES)),
        # pixels are centred on phases and bins
        extent=(
            phase[0] - step / 2,
            phase[-1] + 1.5 * step,
            millivolts[0] - bin_width / 2,
            millivolts[-1] + bin_width / 2,
        ),
        vmin=np.log10(peak) - DECADES,
        vmax=np.log10(peak),
        cmap="Blues",
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
    )


def contour_lines(axes: Axes, result: StatisticalEye, outlined: Mapping[float, Outlines]) -> list[Line2D]:
    """Outlines by error ratio over an eye, a line with a label for each ratio, from below upwards."""
    drawn: list[Line2D] = []
    for index, (ratio, found) in enumerate(outlined.items()):
        label = contour_label(result, ratio, found)
        shapes = [outline for outline in found if outline is not None]
        # one line for all eyes, with gaps between them; empty where all are closed, but for its place in the legend
        time, millivolts = (np.concatenate([[], *(np.append(shape[k], np.nan) for shape in shapes)]) for k in (0, 1))
        colour, style = COLOURS[index % len(COLOURS)], LINE_STYLES[index % len(LINE_STYLES)]
        drawn += axes.plot(time, millivolts, color=colour, linestyle=style, linewidth=1.2, label=label)
    return drawn


def contour_label(result: StatisticalEye, ratio: float, outlines_found: Outlines) -> str:
    """The name of the outlines at an error ratio: whose ratio it is, and how many of the eyes are open at it."""
    label = f"{ratio:g}" + (" (DER0)" if ratio == result.link.der0 else "")
    opened = sum(outline is not None for outline in outlines_found)
    if opened == len(result.thresholds):
        return label
    return f"{label}, {opened} of {len(result.thresholds)} open" if opened else f"{label}, closed"


def contour_legend(axes: Axes, lines: Sequence[Line2D]) -> Legend:
    """The legend of outlines on their axes."""
    return axes.legend(
        handles=lines,
        title="error ratio",
        fontsize="x-small",
        title_fontsize="x-small",
        loc="upper left",
        framealpha=0.9,
    )


def contour_ratios(result: StatisticalEye) -> list[float]:
    """Error ratios that are outlined by default: the link's DER0 and smaller ones."""
    # no contour twice: the link's own ratio may be one of the usual
    return [result.der0, *(ratio for ratio in CONTOURS if ratio < 0.99 * result.der0)]


def outlines(result: StatisticalEye, ratios: Sequence[float]) -> dict[float, Outlines]:
    """Per error ratio and eye the closed outline (UI, mV), carried between the phases to its tips; None when closed."""
    phase = result.phase_ui
    if len(phase) < 2:
        return {ratio: [None] * len(result.thresholds) for ratio in ratios}
    # through the sampling instant, where an opening narrower than a step still counts
    fine = np.unique(np.append(np.linspace(phase[0], phase[-1], FINE * (len(phase) - 1) + 1), 0.0))
    # edges are smooth over the phase; straight lines between few phases would cut the tips off
    between = partial(np.interp, fine, phase) if len(phase) < LEAST_KNOTS else spline_grid(phase, fine)
    found: dict[float, Outlines] = {}
    for ratio, spans in zip(ratios, result.spans(ratios), strict=True):
        # both edges of an eye at once, as one complex number, in millivolts as the axis has
        edges = [np.asarray(between(1e3 * (low + 1j * high))) for low, high in np.moveaxis(spans, 0, -1)]
        found[ratio] = [_outline(fine, one.real, one.imag) for one in edges]
    return found


def _outline(time: Float, low: Float, high: Float) -> tuple[Float, Float] | None:
    """The outline of an eye between its edges; None when closed at the sampling instant."""
    centre = int(np.argmin(np.abs(time)))
    if low[centre] >= high[centre]:
        return None
    shut = np.flatnonzero(low >= high)
    before, after = shut[shut < centre], shut[shut > centre]
    # up to the first closed points on both sides: an opening farther off belongs to the neighbouring symbol
    run = slice(before[-1] + 1 if len(before) else 0, after[0] if len(after) else len(time))
    time, bottom, top = time[run], low[run], high[run]
    # along the bottom, back along the top, closed at the start
    return np.concatenate([time, time[::-1], time[:1]]), np.concatenate([bottom, top[::-1], bottom[:1]])


def _sizes(axes: Axes, thresholds: Float, heights: Sequence[float], widths: Sequence[float], top: float) -> None:
    """Height and width beside each eye; the least of each, as tables have them, where the eyes are too near on this scale."""
    for threshold in thresholds:
        axes.axhline(threshold, color="0.4", linewidth=0.6, linestyle=":")

    def text(height: float, width: float, *, closed: str) -> str:
        return f"{1e3 * height:.1f} mV\n{width:.3f} UI" if height > 0 else closed

    labels = [
        (threshold, text(*size, closed="closed")) for threshold, *size in zip(thresholds, heights, widths, strict=True)
    ]
    # two lines of small print need a fifth of the half axis
    if len(thresholds) > 1 and float(np.min(np.diff(thresholds))) < 0.2 * top:
        least = text(min(heights), min(widths), closed="not all open")
        labels = [(float(np.mean(thresholds)), f"least of each\n{least}" if min(heights) > 0 else least)]
    for threshold, words in labels:
        axes.text(
            0.485,
            threshold,
            words,
            fontsize="x-small",
            ha="right",
            va="center",
            linespacing=1.1,
            bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )
