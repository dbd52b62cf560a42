"""What equalisers do: their curves over frequency, the eye before and after them, the way of their search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.plot._axes import axes_or_new
from sirf.plot._palette import BLUE, DARK, GREEN, MIDDLE, ORANGE, PALE, PINK
from sirf.plot._titles import conditions_of, name_of, set_title
from sirf.units import db20

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.link import Link
    from sirf.results.margin import ComResult


Dash = str | tuple[int, tuple[int, ...]]

POINTS = 1001
"""Frequencies of a curve."""
FLOOR_DB = -60.0
"""Curves are drawn down to here."""


def equalizer_response(link: Link, ax: Axes | None = None) -> Axes:
    """Gain in dB over GHz of the copper from die to die, each linear equaliser, and all of them together.

    Tx FFE, CTLE and Rx FFE as the link has them, each alone; "together" holds the transmitter's edge and the noise filter too.
    Decision feedback is no filter of the signal and not among them. Raises `SirfError` for a link with vendor models.
    """
    if link.has_models:
        raise SirfError(
            "link must have equalisers of its own for their curves, got vendor models. Draw plot.pulse(link) instead."
        )
    from sirf.transmitter.edge import transmitter_edge

    axes = axes_or_new(ax, (6.4, 4.0))
    copper, tx, rx = link.transfers()[0], link.transmitter, link.receiver
    # up to the symbol rate: beyond it nothing of a pulse is left to equalise
    f = np.linspace(0.0, min(float(copper.frequency[-1]), link.symbol_rate), POINTS)
    # the magnitude: phases are not drawn, and gains multiply
    line = np.interp(f, copper.frequency, np.abs(copper.value))
    curves: list[tuple[str, Float, str, Dash]] = [
        ("copper" if link.optics is None else "copper and light", line, DARK, "-")
    ]
    if len(tx.ffe) > 1:
        curves.append((f"Tx FFE, {len(tx.ffe)} taps", _taps(tx.ffe, f, link.symbol_rate), ORANGE, "--"))
    if rx.ctle is not None:
        curves.append(("CTLE", np.abs(rx.ctle.transfer(f)), BLUE, "-."))
    if len(rx.ffe) > 1:
        curves.append((f"Rx FFE, {len(rx.ffe)} taps", _taps(rx.ffe, f, link.symbol_rate), PINK, (0, (3, 1, 1, 1))))
    total = np.prod([gain for _, gain, *_ in curves], axis=0) * np.abs(transmitter_edge(f, tx.rise_time))
    if rx.noise_corner is not None:
        from sirf.signal.filters import butterworth4

        total = total * np.abs(butterworth4(f, rx.noise_corner))
    # what is left for the slicer: all curves together and what no equaliser is
    curves.append(("together", total, GREEN, "-"))
    for label, gain, colour, style in curves:
        width = 1.8 if label == "together" else 1.2
        axes.plot(f / 1e9, db20(np.maximum(gain, 1e-6)), color=colour, linestyle=style, linewidth=width, label=label)
    axes.axvline(0.5e-9 * link.symbol_rate, color=MIDDLE, linewidth=0.8, linestyle=":", label="Nyquist")
    axes.axhline(0.0, color=PALE, linewidth=0.6)
    low, high = axes.get_ylim()
    axes.set(xlabel="frequency (GHz)", ylabel="gain (dB)", xlim=(0.0, f[-1] / 1e9), ylim=(max(low, FLOOR_DB), high))
    set_title(axes, f"Equalisers of {name_of(link)}", *conditions_of(link))
    axes.legend(fontsize="x-small", ncol=2, loc="lower left")
    return axes


def _taps(taps: Sequence[float], frequency: Float, symbol_rate: float) -> Float:
    """Gain (F,) of taps one UI apart."""
    # the main tap's delay changes no magnitude
    turns = np.outer(np.arange(len(taps)), frequency) / symbol_rate
    return np.asarray(np.abs(np.asarray(taps) @ np.exp(-2j * np.pi * turns)))


def equalizer_eyes(link: Link, ax: Sequence[Axes] | None = None, *, phases: int | None = 32) -> tuple[Axes, Axes]:
    """The statistical eye before the equalisers (neither Tx FFE, CTLE, Rx FFE nor DFE) and after them, on one scale.

    `ax` holds two axes; a new figure by default. `phases` as in `sirf.statistical_eye`. Returns both axes.
    """
    from sirf.engine.statistical.analysis import statistical_eye
    from sirf.plot.eye import SHOWN_OF_RANGE, eye

    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(1, 2, figsize=(10.0, 4.2), layout="constrained", sharey=True)[1]
    before, after = ax
    # the same link otherwise: noise, channel and rate are those of the one with equalisers
    bare = link.replace(transmitter=link.transmitter.without_equalizers(), receiver=link.receiver.without_equalizers())
    results = [statistical_eye(one, phases=phases) for one in (bare, link)]
    top = 1e3 * SHOWN_OF_RANGE * max(float(result.volts[-1]) for result in results)
    for axes, result, when in zip((before, after), results, ("before", "after"), strict=True):
        eye(result, axes, limit_mv=top)
        set_title(axes, f"{name_of(link)} {when} its equalisers", f"BER {result.ber:.1e}", *conditions_of(link))
    after.set_ylabel("")
    return before, after


def search_path(result: Link | ComResult, ax: Axes | None = None) -> Axes:
    """The way of an equaliser search: figure of merit in dB of each setting that was better than all before, and its CTLE gains.

    Of a link that `optimized()` returned, or of a COM result. Raises `SirfError` for one whose equaliser was not searched.
    """
    from sirf.link import Link

    axes = axes_or_new(ax, (6.8, 4.0))
    if isinstance(result, Link):
        report = result.equalizer_report
        if report is None or not report.path:
            raise SirfError("link must come from an equaliser search, got one as given. Take link.optimized().")
        # gains of all stages, then the taps, then the merit
        steps: list[tuple[tuple[float, ...], float]] = [(tuple(one[:-2]), float(one[-1])) for one in report.path]
        count, title = report.candidates, f"Equaliser search of {name_of(result)}"
        conditions: tuple[str, ...] = conditions_of(result)
    else:
        chosen = result.chosen
        if not chosen.path:
            raise SirfError("result must hold the path of its search, got none. Compute COM with this version.")
        steps = [((g_dc, g_dc2), merit) for g_dc, g_dc2, merit in chosen.path]
        count, title = chosen.evaluated, f"COM search of {result.channel or 'channel'}"
        conditions = (result.name, f"case {result.case}", chosen.method)
    merits = np.array([merit for _, merit in steps])
    places = np.arange(1, len(steps) + 1)
    axes.step(places, merits, where="post", color=PALE, linewidth=0.8)
    axes.plot(places, merits, "o", color=BLUE, markersize=4, label="better than all before")
    axes.plot(places[-1], merits[-1], "^", color=ORANGE, markersize=8, label=f"chosen: {merits[-1]:.2f} dB")
    # at most two dozen labels, the last of them always
    every = max(1, -(-len(steps) // 24))
    for place, (gains, _) in list(zip(places, steps, strict=True))[::-every][::-1]:
        text = "/".join(f"{gain:g}" for gain in gains)
        axes.annotate(
            text, (place, 0.01), xycoords=("data", "axes fraction"), rotation=90, fontsize="x-small", ha="center"
        )
    # a search that found one setting has no spread
    room = 0.3 * max(float(np.ptp(merits)), 0.1)
    axes.set(xlabel="improvement (below: CTLE gains in dB)", ylabel="figure of merit (dB)")
    axes.set_ylim(float(merits.min()) - room, float(merits.max()) + 0.25 * room)
    axes.set_xticks(places[:: max(1, len(steps) // 10)])
    set_title(axes, title, *conditions, f"{count:,} settings evaluated")
    axes.legend(fontsize="small", loc="center right")
    return axes
