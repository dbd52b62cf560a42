"""Redrivers and retimers in a chain of vendor models: each link ends in the receiving half of the next one's repeater.

`Repeater_Type` of a link's receiver model says what it is (IBIS 6.0, [Repeater Pin]): a redriver hands its waveform on to the
transmitting half, a retimer decides and sends again. Each half is initialised with its own channel, as up to IBIS 7.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float, Symbols
from sirf.ami.flow import modelled
from sirf.ami.run import ModelStream
from sirf.engine.seeding import Seed, integer_seed
from sirf.engine.waveform.capture import histogram_eye
from sirf.errors import SirfError
from sirf.results.error_count import ErrorCount
from sirf.results.eye_histogram import EyeHistogram
from sirf.units import Given, parse_count

if TYPE_CHECKING:
    from sirf.link import Link


TYPES = ("Redriver", "Retimer")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepeaterRun:
    """What `simulate_repeaters` returns: errors from the first transmitter to the last receiver, and the eye at the last."""

    links: tuple[Link, ...]
    errors: ErrorCount
    eye: EyeHistogram

    @property
    def ber(self) -> float:
        """Bit errors / bits from end to end."""
        return self.errors.ber

    def __repr__(self) -> str:
        """One line."""
        return f"RepeaterRun({len(self.links)} links, {self.errors!r}, eye height {1e3 * self.eye.eye_height():.2f} mV)"


def simulate_repeaters(links: Sequence[Link], *, symbols: Given = 1_000_000, rng: Seed = None) -> RepeaterRun:
    """Send random symbols through links that follow one another, repeaters between them, in the time domain.

    Every link but the last has a `receiver_model` with `Repeater_Type` Redriver or Retimer; the last has a receiver model that
    decides. Modulation, symbol rate and samples per UI are the same in all.

    Raises `SirfError` for links that do not belong together or a receiver that is no repeater.
    """
    symbols = parse_count(symbols, name="symbols")
    _check(links)
    seed = integer_seed(rng)
    stream = _stream(tuple(links), seed)
    with stream:
        stream.advance(symbols)
    receiver = stream.receiver
    eye = histogram_eye(receiver.histogram, receiver.top, receiver.decision_levels())
    return RepeaterRun(links=tuple(links), errors=receiver.count, eye=eye)


def _check(links: Sequence[Link]) -> None:
    if len(links) < 2:
        raise SirfError(f"links must be at least 2, got {len(links)}. Use sirf.simulate for one.")
    first = links[0]
    for number, one in enumerate(links, start=1):
        if (one.modulation, one.symbol_rate, one.samples_per_ui) != (
            first.modulation,
            first.symbol_rate,
            first.samples_per_ui,
        ):
            raise SirfError(
                f"links must have one modulation, symbol rate and samples_per_ui, got another in link {number}."
            )
        if one.receiver_model is None:
            raise SirfError(
                f"receiver_model must be given in every link of repeaters, got none in link {number}. Give one."
            )
        if number < len(links) and _type(one) not in TYPES:
            raise SirfError(
                f"receiver_model of link {number} must have Repeater_Type Redriver or Retimer, got {_type(one)}. "
                "Take another model."
            )
        if number > 1 and one.transmitter_model is not None:
            # 7.2 lets Init know what lies ahead; here each half knows its own channel
            wanted = one.transmitter_model.info("Tx_Impulse_Input")
            if wanted is not None:
                raise SirfError(
                    f"transmitter_model of link {number} must take the impulse response of its own channel, got Tx_Impulse_Input "
                    f"{wanted}: the redriver flow of IBIS 7.2, in which AMI_Init is given all that lies before it, is not built. "
                    "Take a model of AMI_Version 7.1 or earlier."
                )
    if not modelled(links[-1]).receiver_decides:
        raise SirfError(
            "receiver_model of the last link must have AMI_GetWave, got AMI_Init alone. Take another model."
        )


def _type(link: Link) -> str | None:
    found = None if link.receiver_model is None else link.receiver_model.info("Repeater_Type")
    return None if found is None else str(found)


def _stream(links: tuple[Link, ...], seed: int) -> ModelStream:
    """The last link's stream, those before it upstream; each place has its own seed."""
    # a seed of its own for each place, the same in every run
    own = int(np.random.SeedSequence([seed, len(links)]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    if len(links) == 1:
        return ModelStream(modelled(links[0]), seed=seed, eye=True)
    before = _stream(links[:-1], seed)
    # what is ahead of the last link is a link of links
    upstream = ModelRedriver(before) if _type(links[-2]) == "Redriver" else Retimer(before)
    # the last link draws noise of its own: with one seed all places would draw the same
    return ModelStream(modelled(links[-1]), seed=own, eye=True, upstream=upstream)


class ModelRedriver:
    """Hands on the waveform behind the receiving half, and what was sent for it."""

    waves = True

    def __init__(self, stream: ModelStream) -> None:
        self.stream, self.m = stream, stream.m
        self.original: Symbols = np.zeros(0, dtype=np.uint8)
        self._count = 0

    def symbols(self, count: int) -> Symbols:
        """The next symbols of the first transmitter."""
        self._count = count
        receiver = self.stream.receiver
        # a model may hold symbols back: blocks until enough have come
        while receiver.passed_symbols() < count:
            self.stream.produce()
        self.original, self._wave = receiver.take(count)
        return self.original

    def wave(self) -> Float:
        """Their waveform (count M,) in V."""
        return self._wave

    def __enter__(self) -> ModelRedriver:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the models before it."""
        self.stream.__exit__(*error)


class Retimer:
    """Hands on decisions, and what the first transmitter sent for them."""

    waves = False

    def __init__(self, stream: ModelStream) -> None:
        self.stream = stream
        # decisions are kept as pairs and not counted
        stream.receiver.keeps = True
        self.original: Symbols = np.zeros(0, dtype=np.uint8)

    def symbols(self, count: int) -> Symbols:
        """The next decisions."""
        kept = self.stream.receiver.kept
        kept.clear()
        self.stream.advance(count)
        self.original, decided = (np.concatenate(part) for part in zip(*kept, strict=True))
        return np.asarray(decided)

    def wave(self) -> Float:
        """A retimer hands on no waveform."""
        raise AssertionError("a retimer hands on symbols")

    def __enter__(self) -> Retimer:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the models before it."""
        self.stream.__exit__(*error)
