"""Draws and counts do not hang on the last bits of computed numbers: nearby links, and the same command in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.engine.counting.baud_rate import COUNTED_SYMBOLS, BaudRateLink
from sirf.engine.counting.count_errors import count_errors
from sirf.engine.retimed.retimed_chain import simulate_chain
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.simulate import simulate
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.converter import Converter
from sirf.receiver.receiver import Receiver
from sirf.results.error_count import ErrorCount
from sirf.signal.patterns import Pattern
from sirf.transmitter.aggressor import Aggressor
from sirf.transmitter.jitter import Jitter, SinusoidalJitter
from sirf.transmitter.transmitter import Transmitter
from tests.engine.links import SYMBOL_RATE, lossy
from tests.optics.links import back_to_back, straight_path


def copper() -> Link:
    """A link with everything that is drawn: symbols, noise, jitter of two kinds, the start of a long pattern, a phase."""
    jitter = Jitter(random_ui=0.01, sinusoidal=(SinusoidalJitter(0.02, 1e6),))
    return Link(
        Channel(lossy(1.0, 0.5e-9), fext=(lossy(0.04, 0.4e-9),), plane="die"),
        symbol_rate=SYMBOL_RATE,
        modulation="PAM4",
        transmitter=Transmitter(
            amplitude=0.4, amplitude_fext=0.4, amplitude_next=0.4, rise_time=20e-12, jitter=jitter,
            ffe=(-0.05, 0.9, -0.05), ffe_main=1,
        ),
        receiver=Receiver(
            noise_corner=8e9, noise_density=1.2e-13, ffe=(-0.1, 1.0, -0.2), ffe_main=1, dfe=(0.1, 0.0), sampling_offset_ui=0.0
        ),
        aggressors=(Aggressor(pattern=Pattern("prbs31q")),),
        samples_per_ui=8,
    )  # fmt: skip


def lit() -> Link:
    return back_to_back(straight_path(1e-3, mean=1e-3, noise=3e-10))


def clipping() -> Link:
    """A link with a converter so narrow that its codes are taken one by one."""
    link = copper()
    transmitter = replace(link.transmitter, jitter=Jitter())
    return link.replace(
        transmitter=transmitter, receiver=link.receiver.replace(converter=Converter(bits=4, full_scale=0.15))
    )


def moved(link: Link, part: float) -> Link:
    """The link with its computed numbers moved by about `part` of the largest beside them, each otherwise."""
    random = np.random.default_rng(5)

    def array(values: Any) -> Any:
        values = np.asarray(values)
        step = part * np.abs(values).max(initial=0.0)
        return values + step * random.standard_normal(values.shape)

    def network(one: Network) -> Network:
        return replace(one, s=array(one.s))

    def channel(one: Channel) -> Channel:
        return replace(
            one, through=network(one.through), fext=tuple(map(network, one.fext)), next=tuple(map(network, one.next))
        )

    def taps(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(float(x) for x in np.asarray(values) + part * random.standard_normal(len(values)))

    receiver = link.receiver.replace(
        ffe=taps(link.receiver.ffe),
        dfe=taps(link.receiver.dfe),
        sampling_offset_ui=link.receiver.sampling_offset_ui + part,
    )
    parts: dict[str, Any] = {"receiver": receiver}
    if link.optics is None:
        return link.replace(channel=channel(link.channel), **parts)
    span = link.optics
    return link.replace(channel=replace(span, before=channel(span.before), after=channel(span.after)), **parts)


def counted(link: Link, *, segments: int = 1, resume: Path | None = None) -> ErrorCount:
    return count_errors(link, max_symbols=segments * COUNTED_SYMBOLS, max_errors=10**9, rng=3, resume=resume)


RUNS: dict[str, tuple[Callable[[], Link], Callable[[Link], ErrorCount]]] = {
    "counting": (copper, counted),
    "counting codes": (clipping, counted),
    "waveform": (copper, lambda link: simulate(link, symbols=30_000, rng=3).errors),
    "waveform through light": (lit, lambda link: simulate(link, symbols=30_000, rng=3).errors),
    "counting through light": (lit, counted),
    "chain": (copper, lambda link: simulate_chain([link, link], symbols=20_000, rng=3).end_to_end),
}


@pytest.mark.parametrize("name", RUNS)
def test_numbers_moved_by_rounding_count_the_same(name: str) -> None:
    make, run = RUNS[name]
    link, other = make(), moved(make(), 1e-13)
    assert link.digest != other.digest
    count = run(link)
    assert count.errors > 10
    assert run(other) == count


def test_numbers_moved_by_rounding_are_sent_the_same_symbols() -> None:
    one, other = (BaudRateLink(link).segment(3, 0) for link in (copper(), moved(copper(), 1e-13)))
    assert np.array_equal(one.symbols, other.symbols)
    np.testing.assert_allclose(one.residual, other.residual, rtol=0, atol=1e-6)
    streams = [Stream(link, seed=3, ideal_feedback=False, eye=False) for link in (copper(), moved(copper(), 1e-13))]
    first, second = (stream.advance(20_000).sent for stream in streams)
    assert np.array_equal(first, second)


def other_taps(link: Link) -> Link:
    first, *rest = link.receiver.dfe
    return link.replace(receiver=link.receiver.replace(dfe=(first + 1e-3, *rest)))


def other_copper(link: Link) -> Link:
    through = link.channel.through
    return link.replace(channel=replace(link.channel, through=replace(through, s=through.s * (1.0 - 1e-4))))


def other_crosstalk(link: Link) -> Link:
    (fext,) = link.channel.fext
    return link.replace(channel=replace(link.channel, fext=(replace(fext, s=fext.s * (1.0 + 1e-4)),)))


@pytest.mark.parametrize("change", [other_taps, other_copper, other_crosstalk])
def test_a_link_that_differs_draws_otherwise(change: Callable[[Link], Link]) -> None:
    one, other = (BaudRateLink(link).segment(3, 0).symbols.copy() for link in (copper(), change(copper())))
    # of four levels a quarter agrees by chance
    assert np.mean(one == other) == pytest.approx(0.25, abs=0.01)


def test_a_coupling_capacitor_that_the_grid_does_not_show_makes_another_link() -> None:
    link = copper()
    coupled = link.replace(channel=replace(link.channel, coupling_corner=1e6))
    assert coupled.digest != link.digest
    assert coupled.rounded_digest != link.rounded_digest


def test_a_count_goes_on_with_numbers_moved_by_rounding_alone(tmp_path: Path) -> None:
    file = tmp_path / "count.json"
    counted(copper(), resume=file)
    with pytest.raises(SirfError, match="same link and seed"):
        counted(other_taps(copper()), segments=2, resume=file)
    assert counted(moved(copper(), 1e-13), segments=2, resume=file) == counted(copper(), segments=2)


COMMAND = """
import sys, numpy as np, sirf
optics = sirf.optics.load_optics("dr-silicon-mzm").with_fibre(500.0)
board = sirf.paths.pluggable("300 mm", rate_class="100g").to_channel(np.arange(0.0, 120.02e9, 40e6))
span = sirf.optics.Span(optics.path, before=board, after=board, swing=optics.swing, agc_db=optics.agc_db)
link = sirf.Link(span, standard="cei-112g-linear", samples_per_ui=16).optimized()
run = sirf.simulate(link, symbols=30_000, rng=1)
link = link.replace(optics=link.optics.linear())
count = sirf.count_errors(link, max_symbols=sys.argv[1], max_errors=10**9, rng=1, resume=sys.argv[2] or None)
print(run.errors.symbol_errors, run.errors.confusion, count.symbols, count.symbol_errors, count.confusion, count.link)
"""


def answer(symbols: int, file: Path | str, **environment: str) -> str:
    """What `COMMAND` prints in a process of its own."""
    known = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(symbols), str(file)],
        env=known | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_number_of_threads_and_another_processor_draw_the_same(tmp_path: Path) -> None:
    """The equaliser's taps are solved anew: two threads, and the kernels of an older processor, leave other last bits."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    one, two = (dict.fromkeys(threads, count) for count in "12")
    first, whole = (answer(segments * COUNTED_SYMBOLS, "", **one) for segments in (1, 2))
    kept = tmp_path / "count.json"
    assert answer(COUNTED_SYMBOLS, kept, **two) == first
    assert answer(2 * COUNTED_SYMBOLS, kept, **one, OPENBLAS_CORETYPE="Sandybridge") == whole
