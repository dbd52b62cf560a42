"""Streams of symbols through sampled responses: coarse sample phases by overlap-add of transforms, fine ones by interpolation.

A signal of about 1.5 symbol rates of bandwidth needs 4 to 8 samples per symbol; those are transformed, the other samples of an
eye are interpolated by a least-squares filter made for the spectrum at hand, with its error measured, not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single, SingleComplex
from sirf._kernels.polyphase import mix, overlap_add, refine
from sirf.signal.single_transform import irfft

INTERPOLATION_TAPS = 8
"""Coarse samples that an interpolated one is made of."""
MAX_INTERPOLATION_ERROR = 2e-4
"""Largest rms of the interpolation error relative to the rms of what is interpolated."""
MIN_PHASES = 4
"""Three phases just hold a bandwidth of 1.5 symbol rates, and leave interpolation no room."""
MIN_TRANSFORM = 8192
"""Least length of a transform in symbols; a power of two at least eight times the memory otherwise."""
FILTER_MARGIN = 2
"""Symbols on each side that the interpolation filter may reach over."""


@dataclass(frozen=True, slots=True, eq=False)
class PhaseGrid:
    """Coarse phases per symbol, and the `filter` (r, T) from them to `samples_per_ui` fine ones with its relative rms `error`."""

    samples_per_ui: int
    coarse: int
    filter: Single
    error: float


def choose_grid(
    shapes: Sequence[Float], samples_per_ui: int, *, allowed: float = MAX_INTERPOLATION_ERROR, fewest: int = MIN_PHASES
) -> PhaseGrid:
    """The fewest coarse phases (`fewest` at least) from which every one of `shapes` (N,) is interpolated within `allowed`.

    The filter minimises the mean squared error over signals with the sum of the shapes' power spectra (Wiener); what it leaves
    is evaluated for each shape alone. All phases are computed, without interpolation, where no smaller number will do.
    """
    m = samples_per_ui
    correlations = [_correlation(shape, (INTERPOLATION_TAPS + 1) * m) for shape in shapes]
    for coarse in (c for c in range(fewest, m) if m % c == 0 and m // c > 1):
        taps, error = _interpolator(correlations, m, coarse)
        # the same filter for one phase alone: it takes the sample and nothing around it
        if error <= allowed:
            return PhaseGrid(m, coarse, taps.astype(np.float32), error)
    unit = np.zeros((1, INTERPOLATION_TAPS), dtype=np.float32)
    unit[0, INTERPOLATION_TAPS // 2 - 1] = 1.0
    return PhaseGrid(m, m, unit, 0.0)


def _correlation(shape: Float, lags: int) -> Float:
    # twice as long with zeros, so that lags do not wrap round
    n = fft.next_fast_len(2 * max(len(shape), lags), real=True)
    power = np.abs(fft.rfft(shape, n)) ** 2
    result = fft.irfft(power, n)[:lags]
    return np.asarray(result / result[0])


def _interpolator(correlations: Sequence[Float], m: int, coarse: int) -> tuple[Float, float]:
    step = m // coarse
    total = np.sum(correlations, axis=0)
    at = (np.arange(INTERPOLATION_TAPS) - (INTERPOLATION_TAPS // 2 - 1)) * step
    distances = np.abs(at[:, None] - at[None, :])
    # a trace of white noise keeps the equations of an oversampled signal solvable
    matrix = total[distances] + 1e-10 * total[0] * np.eye(INTERPOLATION_TAPS)
    taps = np.zeros((step, INTERPOLATION_TAPS))
    worst = 0.0
    for r in range(step):
        # distances, since an autocorrelation is even
        cross = np.abs(at - r)
        # instant 0 is a coarse sample itself and is passed on exactly
        row = np.linalg.solve(matrix, total[cross]) if r else (at == 0).astype(float)
        taps[r] = row
        for one in correlations:
            # mean squared error of this row for a signal of this shape's correlation, which begins with one
            worst = max(worst, float(one[0] - 2.0 * row @ one[cross] + row @ one[distances] @ row))
    return taps, float(np.sqrt(max(worst, 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What a drive of one value per symbol does: `wave` (N,) at m samples per UI, `origin` the index of the symbol's instant.

    `delay` in samples comes on top; a moving response may be shifted by up to `movable` samples from block to block.
    """

    wave: Float
    origin: int
    delay: int = 0
    movable: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class FilterTable:
    """Transforms of the responses of several drives at the coarse phases, for blocks of `block` symbols.

    `lead` symbols of each block lie before the instant of its first symbol: output column j of a stream is UI j - `lead`.
    The length of the `transform` follows from the responses alone, so a result never depends on the size of calls. Drive q finds
    its coarse phases in every `step[q]`-th of the `responses` (rows, bins) from row `first[q]` on; one whose response may move
    holds all fine phases there, and begins as many rows later as it starts samples earlier.
    """

    grid: PhaseGrid
    lead: int
    transform: int
    block: int
    responses: SingleComplex
    first: NDArray[np.int64]
    step: NDArray[np.int64]

    @classmethod
    def of(
        cls, responses: Sequence[Response], grid: PhaseGrid, *, lead: int, transform: int, block: int | None = None
    ) -> FilterTable:
        """The table of `responses`, which reach over at most `transform` - `block` symbols (None: the longest block)."""
        m, c = grid.samples_per_ui, grid.coarse
        reach = max(span(one, lead, m) for one in responses) if block is None else transform - block
        rows = np.array([m + one.movable if one.movable else c for one in responses], dtype=np.int64)
        step = np.array([1 if one.movable else m // c for one in responses], dtype=np.int64)
        first = np.cumsum(rows) - rows
        spectra = np.empty((rows.sum(), transform // 2 + 1), dtype=np.complex64)
        for one, start, count, apart in zip(responses, first.tolist(), rows.tolist(), step.tolist(), strict=True):
            spectra[start : start + count] = _spectra(one, count, apart, m, lead, reach, transform)
        # from one coarse phase to the next: of a response that may move all fine ones lie between
        return cls(grid, lead, transform, transform - reach, spectra, first, m // c // step)

    def of_drives(self, drives: NDArray[np.int64]) -> FilterTable:
        """The table of some of the `drives`, in the order given."""
        return replace(self, first=self.first[drives], step=self.step[drives])

    def behind(self, other: FilterTable) -> FilterTable:
        """The table of the `other`'s drives and then of these; both are alike but for their responses."""
        return replace(
            self,
            responses=np.concatenate([other.responses, self.responses]),
            first=np.concatenate([other.first, self.first + len(other.responses)]),
            step=np.concatenate([other.step, self.step]),
        )


def _spectra(one: Response, rows: int, step: int, m: int, lead: int, columns: int, transform: int) -> SingleComplex:
    # sample of the wave that coarse phase r (rows) and symbol j (columns) see
    at = one.origin - lead * m - one.delay + step * np.arange(rows)[:, None] + m * np.arange(columns)[None, :]
    inside = (at >= 0) & (at < len(one.wave))
    values = np.where(inside, one.wave[np.clip(at, 0, len(one.wave) - 1)], 0.0)
    # single precision: its rounding, 1e-7 of the signal, lies far below any noise
    return np.asarray(fft.rfft(values.astype(np.float32), transform))


class Filterbank:
    """Overlap-add filters of several drives into one waveform, some blocks at a time.

    `rows` tells which of all drives of a run are those of the `table`; by default they are the first ones.
    """

    def __init__(self, table: FilterTable, rows: NDArray[np.int64] | None = None) -> None:
        c = table.grid.coarse
        self.table, self.block = table, table.block
        self.rows = np.arange(len(table.first)) if rows is None else rows
        self._coarse_rows = table.first[:, None] + table.step[:, None] * np.arange(c)
        self._tail = np.zeros((c, table.transform - table.block), dtype=np.float32)
        self._last = np.zeros((2 * FILTER_MARGIN, c), dtype=np.float32)

    def push(
        self, spectra: SingleComplex, shifts: NDArray[np.int64], out: Single, *, added: Single | None = None
    ) -> None:
        """Filter the drives of S blocks, given as transforms (S, drives, bins), into `out` (S block, m).

        The response of each starts `shifts` (S, drives) samples earlier, of those that may move. Row k of the whole output is UI
        k - lead - FILTER_MARGIN: interpolation looks ahead. `added` (S block, c) from elsewhere goes on top at the coarse
        phases, and is interpolated with the rest.
        """
        c, history = self.table.grid.coarse, 2 * FILTER_MARGIN
        # what the filter reaches back over comes from the call before: blocks join without a seam
        coarse = np.empty((history + len(out), c), dtype=np.float32)
        coarse[:history] = self._last
        if len(self.rows):
            # one layout, whichever NumPy chose for the indexed shifts: kernels compile anew for every one
            where = np.ascontiguousarray(self._coarse_rows + shifts[:, self.rows, None])
            mixed = np.empty((len(spectra), c, spectra.shape[2]), dtype=np.complex64)
            mix(spectra, self.rows, self.table.responses, where, mixed)
            pieces = irfft(mixed, self.table.transform)
            overlap_add(pieces, self.block, self._tail, coarse[history:])
            if added is not None:
                coarse[history:] += added
        else:
            coarse[history:] = 0.0 if added is None else added
        self._last[:] = coarse[len(out) :]
        refine(coarse, self.table.grid.filter, FILTER_MARGIN, len(out), out)


def span(one: Response, lead: int, samples_per_ui: int) -> int:
    """Columns that a response fills, `lead` symbols before the instant to its end."""
    return lead + (len(one.wave) - one.origin + one.delay) // samples_per_ui + 2


# eight times: seven eighths of each transform are then new symbols
def transform_length(memory: int) -> int:
    """Symbols of a transform for responses of `memory` symbols: a power of two, at least eight times as long."""
    return max(MIN_TRANSFORM, 1 << (8 * memory - 1).bit_length())
