"""What closes the eye, cause by cause: a waterfall of what each adds, and their distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import axes_or_new
from sirf.plot._palette import AMBER, BLUE, DARK, GREEN, MIDDLE, ORANGE, PINK, SKY
from sirf.plot._titles import conditions_of, name_of, set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.link import Link
    from sirf.study.interference_parts import InterferenceParts

_COLOURS = (SKY, BLUE, GREEN, AMBER, PINK, "#882255")
_STYLES = (":", "-.", "--", (0, (5, 1)), (0, (3, 1, 1, 1)), "-")


def interference_waterfall(result: Link | InterferenceParts, ax: Axes | None = None) -> Axes:
    """Voltage in mV that each cause adds to what closes the worst eye at the error ratio, from receiver noise to all together.

    The dashed line is A_s, half the distance of two levels: what is left below it opens the eye. The order of the causes is that
    of `sirf.study.interference_parts.interference_parts`, whose result may be given in place of a link.
    """
    axes, found = axes_or_new(ax, (6.8, 3.6)), _parts(result)
    # each bar begins where the one before it ended
    bottom = np.array([0.0, *(part.reached for part in found.parts)])
    for index, (part, step) in enumerate(zip(found.parts, found.added, strict=True)):
        bar = axes.bar(index, 1e3 * step, bottom=1e3 * bottom[index], color=_COLOURS[index], width=0.7)
        axes.bar_label(bar, [f"+{1e3 * step:.2f}"], fontsize="x-small", padding=1)
        axes.plot([index + 0.35, index + 0.65], [1e3 * part.reached] * 2, color=MIDDLE, linewidth=0.8)
    total, available = 1e3 * found.parts[-1].reached, 1e3 * found.available
    bar = axes.bar(len(found.parts), total, color=DARK, width=0.7)
    axes.bar_label(bar, [f"{total:.2f}"], fontsize="x-small", padding=1)
    axes.axhline(available, color=ORANGE, linestyle="--", linewidth=1.2, label=f"signal A_s, {available:.2f} mV")
    # words below each other, for the bars stand close together
    names = [*(part.name.replace(" ", "\n") for part in found.parts), "all\ntogether"]
    axes.set_xticks(range(len(names)), names, fontsize="x-small")
    # room for the numbers over the bars
    axes.set(ylabel=f"exceeded at {found.ratio:g} (mV)", ylim=(0.0, 1.15 * max(total, available)))
    state = f"open by {available - total:.2f} mV a side" if available > total else "closed"
    set_title(axes, f"What closes the worst eye of {name_of(found.link)}: {state}", *conditions_of(found.link))
    axes.legend(fontsize="small", loc="upper left")
    return axes


def interference_density(result: Link | InterferenceParts, ax: Axes | None = None) -> Axes:
    """Probability density per mV of noise and interference, each cause on top of those before it, on a logarithmic axis.

    The dashed lines are half the distance to the next level, where an error begins. Arguments as in `interference_waterfall`.
    """
    axes, found = axes_or_new(ax, (6.8, 3.6)), _parts(result)
    available = 1e3 * found.available
    # per mV, as the axis says
    top = 1e-3 * max(float(part.density.max()) for part in found.parts)
    # deep enough to see the ratio at which the eye is judged
    floor = top * min(found.ratio, 1e-6)
    for index, part in enumerate(found.parts):
        # a density of zero has no logarithm
        seen = part.density > 0.0
        last = index == len(found.parts) - 1
        axes.plot(
            1e3 * part.volts[seen],
            1e-3 * part.density[seen],
            color=DARK if last else _COLOURS[index],
            linestyle="-" if last else _STYLES[index],
            linewidth=1.6 if last else 1.1,
            label=part.name if index == 0 else f"and {part.name}",
        )
    for side in (-available, available):
        axes.axvline(side, color=ORANGE, linestyle="--", linewidth=1.0)
    axes.plot([], [], color=ORANGE, linestyle="--", linewidth=1.0, label="half way to the next level")
    axes.set(xlabel="noise and interference (mV)", ylabel="probability density (1/mV)", yscale="log")
    axes.set(xlim=(-1.3 * available, 1.3 * available), ylim=(floor, 10.0 * top))
    set_title(axes, f"Noise and interference of {name_of(found.link)}, by cause", *conditions_of(found.link))
    axes.legend(fontsize="x-small", loc="upper right")
    return axes


def _parts(result: Link | InterferenceParts) -> InterferenceParts:
    from sirf.link import Link
    from sirf.study.interference_parts import interference_parts

    return interference_parts(result) if isinstance(result, Link) else result
