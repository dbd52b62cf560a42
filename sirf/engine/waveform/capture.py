"""Eyes and waveforms at other places of the chain than the slicer: transmitter output, channel output, behind the CTLE."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single
from sirf._kernels.polyphase import accumulate
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.waveform.plan import Plan, noise_responses, signal_responses
from sirf.engine.waveform.polyphase import Filterbank, FilterTable, Response, choose_grid, span
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.eye_histogram import EyeHistogram
from sirf.signal.pam import thresholds

PLACES = ("transmitter", "channel", "ctle")
"""Where a run can look beside the slicer."""
VOLTAGE_BINS = 512


@dataclass(frozen=True, slots=True, eq=False)
class CapturePoint:
    """What lies between the transmitter's symbols and one place: `end` its responses, `table` its filters, `top` V its range."""

    name: str
    end: FrontEnd
    table: FilterTable
    top: float

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
    if link.optics is not None:
        raise SirfError(
            f"capture must be empty for a link with light in it, got {name!r}. Take its slicer's eye alone."
        )
    seen = _up_to(link, name)
    end = front_end(seen)
    m, lead, block = end.samples_per_ui, shared.table.lead, shared.table.block
    responses = signal_responses(link, end)
    grid = choose_grid([one.wave for one in responses], m)
    if name != "transmitter":
        responses += [Response(wave, 0, movable=m) for wave in end.crosstalk]
    if name == "ctle" and shared.noise_rate:
        responses += noise_responses(seen.receiver, end, rate=shared.noise_rate)
    reach = max(span(one, lead, m) for one in responses)
    transform = 1 << (block + reach - 1).bit_length()
    table = FilterTable.of(responses, grid, lead=lead, transform=transform, block=block)
    return CapturePoint(name, end, table, _range(link, end))


def _up_to(link: Link, name: str) -> Link:
    bare = dataclasses.replace(
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
    frequency = np.linspace(0.0, 8.0 * link.symbol_rate, 2049)
    s = np.zeros((len(frequency), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = 1.0
    through = Channel(through=Network(frequency, s, z0=100.0, name="through"), plane="die", name="through")
    return link.replace(channel=through, receiver=raw, aggressors=())


def _range(link: Link, end: FrontEnd) -> float:
    """A fifth above the sum of all cursors, crosstalk and six rms of noise: room for displaced edges."""
    m = end.samples_per_ui
    whole = np.abs(end.through[: len(end.through) // m * m]).reshape(-1, m).sum(axis=0).max()
    crosstalk = sum(
        float(np.abs(wave[: len(wave) // m * m]).reshape(-1, m).sum(axis=0).max()) for wave in end.crosstalk
    )
    return 1.2 * float(np.abs(link.levels).max() * (whole + crosstalk) + 6.0 * end.receiver_noise)


class Capture:
    """Waveform and eye of one run at one place, sampled by the receiver's clock moved to the place's own instant."""

    def __init__(self, link: Link, shared: Plan, name: str, *, rows: int) -> None:
        self.link, self.place = link, place(link, shared, name)
        self.bank = Filterbank(self.place.table)
        m = self.place.end.samples_per_ui
        self.wave = np.zeros((rows, m), dtype=np.float32)
        self.histogram = np.zeros((m, VOLTAGE_BINS), dtype=np.int64)

    def push(self, drives: Single, moved: tuple[tuple[int, int], ...]) -> None:
        """Filter the `drives` (q, n) of a block; `moved` tells drive and shift of each aggressor."""
        table = self.place.table
        drive_count = len(table.spectra)
        for drive, shift in moved:
            if drive < drive_count:
                self.bank.move(drive, shift)
        keep = len(self.wave) - table.block
        self.wave[:keep] = self.wave[table.block :]
        spectra = np.asarray(fft.rfft(drives[:drive_count, : table.block], table.transform))
        self.bank.push(spectra, self.wave[keep:])

    def accumulate(self, origin: int, position: Float) -> None:
        """Add symbols at the instants `position` (k,) in UI to the eye; the waveform starts at UI `origin`."""
        accumulate(
            self.wave.reshape(-1),
            origin,
            position,
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
        return histogram_eye(self.histogram, self.place.top, thresholds(self.link.levels * self.place.end.main_cursor))


def histogram_eye(counts: NDArray[np.int64], top: float, decision: Float) -> EyeHistogram:
    """An eye of `counts` (m, bins) over ±`top` V with the thresholds `decision`."""
    m, bins = counts.shape
    edges = np.linspace(-top, top, bins + 1)
    return EyeHistogram(
        phase_ui=(np.arange(m) - m // 2) / m,
        volts=0.5 * (edges[1:] + edges[:-1]),
        counts=counts.copy(),
        thresholds=decision,
    )
