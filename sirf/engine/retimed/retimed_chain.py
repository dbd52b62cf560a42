"""Links in series that each send again what they have decided, bit by bit: errors of each and from end to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sirf._arrays import Symbols
from sirf._digest import digest
from sirf.engine.contract import RETIMED, check_link
from sirf.engine.counting.symbol_comparison import SymbolComparison
from sirf.engine.retimed.relay import Relay
from sirf.engine.seeding import Seed, integer_seed
from sirf.engine.waveform.simulate import PROGRESS_BLOCK
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.chain_count import ChainRun
from sirf.units import Given, parse_count

MAX_RATE_DIFFERENCE = 0.01
"""Largest difference of symbol rates within a chain, relative: what FEC adds on the way."""


class ChainInterrupted(KeyboardInterrupt):
    """Ctrl-C during a run of a chain; `run` holds what was counted until then."""

    def __init__(self, run: ChainRun) -> None:
        # no words of its own: the command line says what is left of the answer
        super().__init__()
        self.run = run


def simulate_chain(
    links: Sequence[Link],
    *,
    symbols: Given = 1_000_000,
    rng: Seed = None,
    ideal_feedback: bool = False,
    block: int = PROGRESS_BLOCK,
    progress: Callable[[int, int, int], None] | None = None,
) -> ChainRun:
    """Send random symbols through links in series, each of which sends again what the one before has decided.

    Every link is simulated as `sirf.simulate` does, with noise, jitter and feedback errors of its own.

    Parameters
    ----------
    links
        From the first transmitter to the last receiver. The first sends its pattern or random symbols, the others what they are
        given, symbol k as symbol k: nothing is framed again.
    symbols
        So many symbols are counted, after those that fill the memory of all links and let their clocks settle.
    rng
        Seed: a non-negative integer, a NumPy Generator, or None for fresh entropy. The first link runs as by itself.
    ideal_feedback
        Feed back in each receiver what its transmitter has sent: no DFE error propagation. What is sent again are decisions.
    block
        Symbols handed on at a time; changes nothing but how often `progress` is called, and the memory.
    progress
        Called with (symbols done, symbols asked, bit errors from end to end).

    With precoding a link's errors are those behind its decoder. A retimer's transmitter has a clock of its own: wander that its
    receiver has followed stays behind. Ctrl-C raises `ChainInterrupted` with what was counted so far in its `run`. Raises
    `SirfError` for no link or symbol, links of different numbers of levels or of symbol rates more than 1 % apart, a sequence
    detector, ideal feedback beside adaptation, and for what `sirf.simulate` refuses.

    >>> run = sirf.simulate_chain([link, link], symbols=2_000, rng=1)
    >>> run.end_to_end.errors
    0
    """
    links = tuple(links)
    symbols, block = parse_count(symbols, name="symbols"), parse_count(block, name="block")
    _check_links(links)
    _check_receivers(links, ideal_feedback)
    last = _relays(links, integer_seed(rng), ideal_feedback)
    book = _Book(last)
    try:
        # symbols before the first that counts are sent through as well, so that every link in the chain has settled
        while left := last.first - last.index:
            last.take(min(block, left))
        while left := symbols - book.symbols:
            book.add(last.take(min(block, left)))
            if progress is not None:
                progress(book.symbols, symbols, book.errors)
    except KeyboardInterrupt:
        raise ChainInterrupted(book.run(links, ideal_feedback)) from None
    return book.run(links, ideal_feedback)


def _check_links(links: tuple[Link, ...]) -> None:
    """Validate the links: each sends on the symbols of the one before."""
    if not links:
        raise SirfError("links must hold at least one link, got none. Give them from the first transmitter on.")
    first = links[0]
    for place, link in enumerate(links, start=1):
        if link.order != first.order:
            raise SirfError(
                f"links must have one number of levels, got {first.order} in the first and {link.order} in link {place}. "
                "Use one modulation all the way."
            )
        if abs(link.symbol_rate / first.symbol_rate - 1.0) > MAX_RATE_DIFFERENCE:
            raise SirfError(
                f"links must have symbol rates within {MAX_RATE_DIFFERENCE:.0%}, got "
                f"{first.symbol_rate / 1e9:g} GBd in the first and "
                f"{link.symbol_rate / 1e9:g} GBd in link {place}. Use one rate all the way: symbols are sent one for one."
            )


def _check_receivers(links: tuple[Link, ...], ideal: bool) -> None:
    """Validate the receivers: their decisions have to come out symbol by symbol."""
    for place, link in enumerate(links, start=1):
        check_link(RETIMED, link, where=f" in link {place}")
        if ideal and link.receiver.adaptation is not None:
            raise SirfError(
                f"ideal_feedback must be False where a receiver adapts, got True and adaptation in link {place}. "
                "Leave one of them out."
            )


def _relays(links: tuple[Link, ...], seed: int, ideal: bool) -> Relay:
    """The last of the relays that stand for `links`."""
    last = Relay(links[0], seed=seed, ideal=ideal)
    for place, link in enumerate(links[1:], start=1):
        # equal links in series must not share their noise
        words = np.random.SeedSequence(seed, spawn_key=(place,)).generate_state(2, np.uint64)
        last = Relay(link, seed=int(words[0]) << 64 | int(words[1]), ideal=ideal, before=last)
    return last


class _Book:
    """Comparisons of a chain: of each link, and from end to end."""

    def __init__(self, last: Relay) -> None:
        chain = last.chain
        self.streams = [relay.stream for relay in chain]
        identities = [relay.stream.plan.digest for relay in chain]
        gaps = [relay.stream.receiver.gap for relay in chain]
        order = last.link.order
        self.segments = [
            SymbolComparison(order, gap=gap, identity=identity) for gap, identity in zip(gaps, identities, strict=True)
        ]
        whole = identities[0] if len(chain) == 1 else digest(*identities)
        # from end to end a burst may be held together by the longest feedback of all links
        self.whole = SymbolComparison(order, gap=max(gaps), identity=whole)

    @property
    def symbols(self) -> int:
        """Symbols compared."""
        return self.whole.symbols

    @property
    def errors(self) -> int:
        """Bit errors from end to end."""
        return self.whole.errors

    def add(self, history: Symbols) -> None:
        """Compare the rows of `history` (1 + 2 N, n), as `Relay.take` gives them."""
        decided, wrong = history[1::2], history[2::2]
        # strict=False: the last decisions are what nobody sends on
        for segment, sent, got, line in zip(self.segments, (history[0], *decided), decided, wrong, strict=False):
            segment.add(sent, got, line)
        # wrong on any of the lines
        self.whole.add(history[0], decided[-1], np.bitwise_or.reduce(wrong, axis=0))

    def run(self, links: tuple[Link, ...], ideal_feedback: bool) -> ChainRun:
        """What was counted so far."""
        return ChainRun(
            links=links,
            end_to_end=replace(self.whole.count(), stretch=max(stream.stretch for stream in self.streams)),
            segments=tuple(
                replace(segment.count(), stretch=stream.stretch, sampling=stream.sampling)
                for segment, stream in zip(self.segments, self.streams, strict=True)
            ),
            ideal_feedback=ideal_feedback,
        )
