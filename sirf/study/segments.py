"""The electrical segments of an architecture as links: what each receiver on the way from host to host has to decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sirf.channel.chain import linear_chain
from sirf.channel.path import Path, load_path
from sirf.link import Link
from sirf.presets import load
from sirf.system.architecture import Architecture

_HALF = 0.5 - 1e-16
BAND, STEP = 120e9, 10e6
"""Least band and step in Hz of the paths' networks."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One electrical segment: the link whose receiver decides (not yet equalised), and how many equal ones there are."""

    name: str
    link: Link
    count: int = 1


def path_of(architecture: Architecture, data_rate: float, length: float | None = None) -> Path:
    """The architecture's electrical path with the dies of `data_rate`; `length` in m of its variable segment."""
    path = load_path(architecture.path, rate_class=architecture.at(data_rate).rate_class)
    return path if length is None else path.with_length(length)


def segments(
    architecture: Architecture,
    data_rate: float,
    *,
    length: float | None = None,
    step: float = STEP,
    samples_per_ui: int = 32,
) -> tuple[Segment, ...]:
    """What is decided on the way, in order; optics count as ideal.

    Retimed: host to module and, equal to it, module to host. Half-retimed: host to module, then module to far host. Linear:
    one link through both paths. Electrical: one link.
    """
    interface = architecture.at(data_rate)
    path = path_of(architecture, data_rate, length)
    band = max(BAND, 1.05 * load(interface.standard).symbol_rate)
    channel = path.to_channel(np.arange(0.0, band + 0.5 * step, step), crosstalk=True)
    near = Link(channel, standard=interface.standard, samples_per_ui=samples_per_ui)
    match architecture.chain:
        case "retimed":
            return (Segment("host to engine, engine to host", near, 2),)
        case "half-retimed":
            far = Link(channel, standard=interface.far_standard, samples_per_ui=samples_per_ui)
            return Segment("host to engine", near), Segment("engine to host", far)
        case "linear":
            chain = linear_chain(channel, channel)
            link = Link(chain, standard=interface.standard, samples_per_ui=samples_per_ui)
            return (Segment("host to host through linear optics", link),)
        case "electrical":
            return (Segment("host to host", near),)


def composed(error_ratios: Sequence[float]) -> float:
    """Bit error ratio of segments in series that each send their decisions again: (1 - product of (1 - 2 p)) / 2.

    Two errors on one bit cancel; with small ratios they add.

    >>> composed([0.25, 0.5])
    0.5
    """
    return -0.5 * math.expm1(math.fsum(math.log1p(-2.0 * min(p, _HALF)) for p in error_ratios))
