"""Eyes and waveforms at other places of the chain than the slicer: transmitter output, channel output, behind the CTLE."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single
from sirf._kernels.polyphase import accumulate
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.engine.baseline_wander import WanderStream
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.light.averaged_chain import averaged
from sirf.engine.light.light_chain import SAMPLES_PER_UI, SKIN_EFFECT_UI, LightChain
from sirf.engine.waveform.plan import LightPlan, Plan, noise_responses, signal_responses
from sirf.engine.waveform.polyphase import Filterbank, FilterTable, Response, choose_grid, span
from sirf.engine.waveform.symbol_source import Blocks
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from sirf.results.eye_histogram import EyeHistogram
from sirf.signal.pam import thresholds

PLACES = ("transmitter", "channel", "ctle")
"""Where a run can look beside the slicer."""
VOLTAGE_BINS = 512
MAX_LOST_ENERGY = 1e-4
"""Part of the energy of a place's response behind light that may reach further back than the run keeps."""


class CurvedLight(Protocol):
    """A run's light, as the last block has it."""

    def seen_by(self, chain: LightChain, coarse: int) -> Single:
        """The last block (block, `coarse`) V behind another chain."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class CapturePoint:
    """What lies between the transmitter's symbols and one place.

    `end` holds its responses, `table` filters the drives in `rows`, the chain `light` the amplifier's current where curves lie
    before; `top` is the range in V, `levels` (L,) the means of the sent levels in V. Samples come `early` UI before the slicer's.
    """

    name: str
    end: FrontEnd
    rows: NDArray[np.int64]
    table: FilterTable
    light: LightChain | None
    top: float
    levels: Float
    early: int

    @property
    def delay(self) -> float:
        """From the start of a symbol at the transmitter to its instant here, in s."""
        return self.end.start_time + self.end.sampling / (self.end.samples_per_ui * self.end.symbol_rate)


@lru_cache(maxsize=8)
def place(link: Link, shared: Plan, name: str) -> CapturePoint:
    """The place called `name`; `SirfError` for a name that is none."""
    if name not in PLACES:
        raise SirfError(
            f"capture must name places of {', '.join(PLACES)}, got {name!r}. The slicer's eye is always there."
        )
    # seen without equaliser, clock and converter: the place's own instant follows from the pulse that stands there
    seen = _up_to(link, name)
    end = front_end(seen)
    m, lead, block = end.samples_per_ui, shared.table.lead, shared.table.block
    light, levels = None, link.levels * end.main_cursor
    if shared.light is not None and name != "transmitter":
        light, levels = _behind_light(link, seen.receiver, m, shared.light)
    # one grid for all that comes to the place: phases are then the same columns of one histogram
    grid = choose_grid([end.through] if light else [one.wave for one in signal_responses(link, end)], m)
    found = list(_straight(link, seen, end, shared, name))
    rows, responses = [row for row, _ in found], [one for _, one in found]
    # behind light there may be nothing but what comes through it
    reach = max((span(one, lead, m) for one in responses), default=0)
    transform = 1 << (block + reach - 1).bit_length()
    table = FilterTable.of(responses, grid, lead=lead, transform=transform, block=block)
    early = 0 if light else shared.lag
    return CapturePoint(name, end, np.array(rows, dtype=np.int64), table, light, _range(link, end), levels, early)


def _straight(link: Link, seen: Link, end: FrontEnd, shared: Plan, name: str) -> Iterator[tuple[int, Response]]:
    """Numbers of the drives that come to a place by responses alone, and these."""
    curved = shared.light is not None
    sources = len(link.aggressors)
    if name == "transmitter" or not curved:
        yield from enumerate(signal_responses(link, end))
    if name == "transmitter":
        return
    straight = set(shared.rows.tolist())
    for number, wave in enumerate(end.crosstalk, start=shared.fixed):
        # what couples in ahead of the light passes its curves
        if number in straight:
            yield number, Response(wave, 0, movable=end.samples_per_ui)
    # noise that light adds at the receiver's input is seen there; behind curves it is in the current already
    added = None if curved or link.optics is None else link.optical_noise
    if shared.noise_rate and (name == "ctle" or added is not None):
        noises = noise_responses(seen.receiver, end, rate=shared.noise_rate, added=added)
        yield from enumerate(noises, start=shared.fixed + sources)


def _behind_light(link: Link, receiver: Receiver, m: int, plan: LightPlan) -> tuple[LightChain, Float]:
    """The chain to a place behind the curves, and the means (L,) in V of the sent levels at its instant, m samples per UI."""
    found = averaged(link, receiver)
    chain = found.chain
    # what the run has thrown away cannot be filtered: a place with a longer memory is refused, not cut
    # a run keeps as much of the past as its own receiver asks for
    held = max(int((plan.past - SKIN_EFFECT_UI) * SAMPLES_PER_UI - chain.start * chain.rate), 0)
    lost = float(np.sum(chain.taps[held:] ** 2) / np.sum(chain.taps**2))
    if lost > MAX_LOST_ENERGY:
        raise SirfError(
            f"capture must be of a place whose response ends within the {plan.past} UI that the run keeps, got one that has "
            f"{lost:.1e} of its energy later. Take the slicer's eye alone."
        )
    at_instant = found.waves.slicer[::m]
    # means by level, as the slicer's eye has them: curves of light take levels out of their even steps
    levels = np.array([at_instant[found.sent == level].mean() for level in range(link.order)])
    return chain.at_rate(plan.chain.per_ui), levels


def _up_to(link: Link, name: str) -> Link:
    bare = dataclasses.replace(
        # what decides, adapts or follows acts behind every place that can be asked for
        link.receiver,
        ffe=(1.0,),
        ffe_main=0,
        dfe=(),
        sampling_offset_ui=0.0,
        adaptation=None,
        dfe_unrolled=False,
        vga=None,
        converter=None,
        clock=None,
        wander=None,
    )
    if name == "ctle":
        return link.replace(receiver=bare)
    raw = dataclasses.replace(bare, noise_corner=None, noise_density=0.0, ctle=None)
    if name == "channel":
        return link.replace(receiver=raw)
    # an ideal channel, so that the same code shows the transmitter's own output
    # eight symbol rates: the ideal channel must not narrow the transmitter's own edge
    frequency = np.linspace(0.0, 8.0 * link.symbol_rate, 2049)
    s = np.zeros((len(frequency), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = 1.0
    through = Channel(through=Network(frequency, s, z0=100.0, name="through"), plane="die", name="through")
    return link.replace(channel=through, optics=None, receiver=raw, aggressors=())


def _range(link: Link, end: FrontEnd) -> float:
    """A fifth above the sum of all cursors, crosstalk and six rms of noise: room for displaced edges."""
    m = end.samples_per_ui
    whole = np.abs(end.through[: len(end.through) // m * m]).reshape(-1, m).sum(axis=0).max()
    crosstalk = sum(
        float(np.abs(wave[: len(wave) // m * m]).reshape(-1, m).sum(axis=0).max()) for wave in end.crosstalk
    )
    # six rms: beyond them a run of a million symbols has nothing
    return 1.2 * float(np.abs(link.levels).max() * (whole + crosstalk) + 6.0 * end.receiver_noise)


class Capture:
    """Waveform and eye of one run at one place, sampled by the receiver's clock moved to the place's own instant."""

    def __init__(self, link: Link, shared: Plan, name: str, *, keep: int) -> None:
        """So many rows are kept of the blocks before as the slicer's waveform `keep`s."""
        self.link, self.place = link, place(link, shared, name)
        self.block = shared.table.block
        self.bank = Filterbank(self.place.table)
        # what comes straight is seen earlier than the slicer's samples, which wait for what the light makes
        m = self.place.end.samples_per_ui
        self.keep = keep + self.place.early
        self.wave = np.zeros((self.keep, m), dtype=np.float32)
        self.histogram = np.zeros((m, VOLTAGE_BINS), dtype=np.int64)
        self.wander: WanderStream | None = None

    def push(self, drawn: Blocks, light: CurvedLight | None) -> None:
        """Filter what was `drawn`; `light` holds its current."""
        past = self.wave[-self.keep :]
        self.wave = np.empty((self.keep + len(drawn.symbols), self.wave.shape[1]), dtype=np.float32)
        self.wave[: self.keep] = past
        rows, table, added = self.place.rows, self.place.table, None
        if self.place.light is not None:
            assert light is not None
            added = light.seen_by(self.place.light, table.grid.coarse)
        spectra = np.asarray(fft.rfft(drawn.drives[:, rows, : self.block], table.transform))
        new = self.wave[self.keep :]
        self.bank.push(spectra, drawn.shifts[:, rows], new, added=added)
        if self.wander is not None:
            for first in range(0, len(new), self.block):
                part = slice(first, first + self.block)
                new[part] += self.wander.push(drawn.symbols[part]).astype(np.float32)[:, None]

    def accumulate(self, origin: int, position: Float) -> None:
        """Add symbols at the instants `position` (k,) in UI to the eye; the waveform starts at UI `origin`."""
        accumulate(
            self.wave.reshape(-1),
            origin,
            position,
            # neither feedback nor a slow gain is there to be taken off: zeros and ones leave the wave as it is
            np.zeros(len(position)),
            np.ones(len(position), dtype=np.float32),
            0.0,
            np.empty((len(position), 0), dtype=np.float32),
            0,
            -self.place.top,
            VOLTAGE_BINS / (2.0 * self.place.top),
            self.histogram,
        )

    def eye(self) -> EyeHistogram:
        """The eye so far; thresholds half way between the levels that the main cursor makes here."""
        return histogram_eye(self.histogram, self.place.top, thresholds(self.place.levels))


def histogram_eye(counts: NDArray[np.int64], top: float, decision: Float) -> EyeHistogram:
    """An eye of `counts` (m, bins) over ±`top` V with the thresholds `decision`."""
    m, bins = counts.shape
    edges = np.linspace(-top, top, bins + 1)
    return EyeHistogram(
        # UI from the instant, which stands in the middle column
        phase_ui=(np.arange(m) - m // 2) / m,
        volts=0.5 * (edges[1:] + edges[:-1]),
        counts=counts.copy(),
        thresholds=decision,
    )
