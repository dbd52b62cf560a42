"""Titles in words: what a picture shows, of which file, under which conditions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from sirf.errors import printable
from sirf.plot._axes import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.link import Link

CHARACTERS_PER_INCH = 14.0
"""Small letters that fit an inch."""


def set_title(axes: Axes, what: str, *conditions: str) -> None:
    """Title of a picture: what it shows, and below that its conditions (empty ones are left out), wrapped to the axes."""
    # axes that a caller made alone have no place in a grid
    place = axes.get_subplotspec()
    # a picture in a row has that share of the width for its title
    columns = 1 if place is None else place.get_gridspec().ncols / len(place.colspan)
    width = max(int(CHARACTERS_PER_INCH * axes.figure.get_figwidth() / columns), 24)  # type: ignore[union-attr]  # a sub-figure has one too
    # names come from files: none of their characters may command anything
    below = ", ".join(filter(None, conditions))
    lines = [line for text in (what, below) for line in textwrap.wrap(printable(text), width)]
    axes.set_title(plain("\n".join(lines)), fontsize="small")


def conditions_of(link: Link) -> tuple[str, str, str]:
    """Standard, symbols and loss of a link in words."""
    return (
        link.standard or "no standard",
        f"{link.modulation} at {link.symbol_rate / 1e9:g} GBd",
        # no loss is none, of whichever sign
        f"{round(link.insertion_loss_db, 1) + 0.0:.1f} dB die to die",
    )


def name_of(link: Link) -> str:
    """What the link's channel is called."""
    return link.channel.name or "channel"
