"""Kernels of a comparison, compiled before its work is shared out: else all processes would compile the same ones."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from sirf._kernels.com_search import search_settings
from sirf._kernels.jit import cache_folder, is_cached
from sirf._kernels.pattern_sums import sum_tails
from sirf._kernels.symbol_chain import run_chains
from sirf._kernels.uniform_line import open_line
from sirf.channel.channel import Channel
from sirf.com.margin import com
from sirf.engine.statistical.analysis import statistical_eye
from sirf.link import Link
from sirf.optics.library import load_optics
from sirf.optics.span import Span
from sirf.paths import cpo, pluggable

CHIP_TO_CHIP, CHIP_TO_MODULE = "802.3ck-cr1", "802.3ck-c2m"
"""Standards whose margins take different kernels: Annex 93A and clause 120G."""
THROUGH_LIGHT, CURVED_OPTICS = "cei-112g-linear", "dr-silicon-mzm"
"""A standard and optics of one symbol rate, for an eye behind every curve of a linear drive."""


def compile_shared(pool: Executor, *, light: bool) -> None:
    """Wait until one process of `pool` has compiled what eyes take, and another what margins take.

    All leave their kernels on disk, where all processes find them; what is there already is not asked for. `light` is whether any
    row has optics.
    """
    # without a folder for them, what one process compiles helps no other
    if cache_folder(open_line) is None:
        return
    # ahead of the others, which all begin with a channel
    _ask(pool, [first_paths] if not is_cached(open_line) else [])
    eyes = first_light if light and not is_cached(sum_tails) else first_eye
    # one process does both eyes, whose kernels are the same up to the slicer
    wanted = not is_cached(run_chains) or eyes is first_light
    _ask(pool, [ask for ask, missing in ((eyes, wanted), (first_margins, not is_cached(search_settings))) if missing])


def _ask(pool: Executor, asked: list[Callable[[], object]]) -> None:
    for task in [pool.submit(ask) for ask in asked]:
        task.result()


def first_paths() -> None:
    """Networks of a package, and of a board with its vias."""
    _short_channel()
    pluggable(length="30 mm", rate_class="100g").to_channel(crosstalk=True)


def first_eye() -> None:
    """A statistical eye of a short link."""
    # one phase: all kernels of an eye run for it too
    statistical_eye(Link(_short_channel(), standard=CHIP_TO_CHIP).optimized(), phases=1)


def first_light() -> None:
    """The same, and one behind the curves of light."""
    first_eye()
    channel, preset = _short_channel(), load_optics(CURVED_OPTICS)
    span = Span(preset.path, before=channel, after=channel, swing=preset.swing, agc_db=preset.agc_db)
    statistical_eye(Link(span, standard=THROUGH_LIGHT).optimized(), phases=1)


def first_margins() -> None:
    """Margins of a short channel by both procedures."""
    for standard in (CHIP_TO_CHIP, CHIP_TO_MODULE):
        # one package case each
        com(_short_channel(), standard=standard, package_case=1)


def _short_channel() -> Channel:
    # kernels are compiled for types of arrays and not for their lengths: the shortest channel does
    return cpo(length="30 mm", rate_class="100g").to_channel(crosstalk=True)
