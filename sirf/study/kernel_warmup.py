"""Kernels of a comparison, compiled before its work is shared out: else all processes would compile the same ones."""

from __future__ import annotations

from concurrent.futures import Executor

from sirf._kernels.com_search import search_setting
from sirf._kernels.jit import is_cached
from sirf._kernels.symbol_chain import run_chain
from sirf.channel.channel import Channel
from sirf.com.margin import com
from sirf.engine.statistical.analysis import statistical_eye
from sirf.link import Link
from sirf.paths import cpo

CHIP_TO_CHIP, CHIP_TO_MODULE = "802.3ck-cr1", "802.3ck-c2m"
"""Standards whose margins take different kernels: Annex 93A and clause 120G."""


def compile_shared(pool: Executor) -> None:
    """Wait until one process of `pool` has compiled what eyes take, and another what margins take.

    Both leave their kernels on disk, where all processes find them; what is there already is not asked for.
    """
    # what is on disk need not be compiled
    asked = [ask for ask, kernel in ((first_eye, run_chain), (first_margins, search_setting)) if not is_cached(kernel)]
    for task in [pool.submit(ask) for ask in asked]:
        task.result()


def first_eye() -> None:
    """A statistical eye of a short link."""
    # one phase: all kernels of an eye run for it too
    statistical_eye(Link(_short_channel(), standard=CHIP_TO_CHIP).optimized(), phases=1)


def first_margins() -> None:
    """Margins of a short channel by both procedures."""
    for standard in (CHIP_TO_CHIP, CHIP_TO_MODULE):
        # one package case each
        com(_short_channel(), standard=standard, package_case=1)


def _short_channel() -> Channel:
    # kernels are compiled for types of arrays and not for their lengths: the shortest channel does
    return cpo(length="30 mm", rate_class="100g").to_channel()
