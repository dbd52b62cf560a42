"""The one way into the time domain: from a transfer function on a file's grid to step, impulse and pulse responses.

Two named conventions. `physical` (default, for the engines): DC extrapolated, bulk delay taken out, interpolation in
sqrt(f), a smooth continuation beyond the band edge. `annex_93a`: what the IEEE 802.3 COM reference code does.
The method and its measured errors are in docs/theory/time-domain.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.fft import irfft, rfft
from numpy.typing import NDArray

from sirf._arrays import Complex, Float, keep_freed_memory
from sirf.channel.band_split import Bands
from sirf.channel.cached_spectra import KEPT_GRIDS, folded_shape, symbol_low_pass, transform_grid
from sirf.channel.resample import MAX_UNRESOLVED, FlatResponse, coupling_corner, flatten, usual_step, without_coupling
from sirf.channel.transfer import Pulse, Transfer
from sirf.errors import SirfError
from sirf.signal.fast_length import next_fast_length
from sirf.units import Given, parse_symbol_rate

Filters: TypeAlias = Callable[[Float], NDArray[np.complex128]]
Convention: TypeAlias = Literal["physical", "annex_93a"]

TAIL_ENERGY = 1e-6
"""Part of the pulse's energy that the fast path may leave out (-60 dB)."""
WRAP_DB = -50.0
"""Highest level of the pulse, relative to its peak, where the file's time window folds back, without a warning."""
FADE_UI = 8.0
"""UI over which a window fades out, and UI of zeros behind."""
KEPT_TRANSFERS, MOST_KEPT_POINTS = 16, 20_000
"""Prepared transfers that are kept, and points of a grid up to which they are."""
_LEAD_UI, _TRAIL_UI = 8, 48
_LONGEST = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTransfer:
    """A transfer on the uniform grid of an FFT, ready for any filters: each response costs a multiply and one inverse.

    `frequency` (n_samples // 2 + 1,) runs from 0 to `samples_per_ui` x `symbol_rate` / 2; `value` is the transfer with
    `start_time` (s, the time of sample 0, a whole number of samples) taken out, so `delay_s`, the bulk delay, lies
    `delay_s - start_time` into the response. `omitted_energy` is the part of the pulse's energy outside the window.
    Responses are circular: what lies before sample 0 appears at the end. `coupling_corner` in Hz is that of an AC coupling whose
    tail goes on behind the window (0: none); `wander_warning` says what a response without it lacks.
    """

    frequency: Float
    value: Complex
    n_samples: int
    samples_per_ui: int
    symbol_rate: float
    start_time: float
    delay_s: float
    omitted_energy: float
    warnings: tuple[str, ...]
    coupling_corner: float = 0.0
    wander_warning: str = ""

    @property
    def sample_rate(self) -> float:
        """Samples per second."""
        return self.samples_per_ui * self.symbol_rate

    @property
    def time(self) -> Float:
        """Time of the samples in s (n_samples,)."""
        return self.start_time + np.arange(self.n_samples) / self.sample_rate

    def time_response(self, spectrum: Complex | float = 1.0) -> Float:
        """Inverse Fourier transform in 1/s (n_samples,) of `spectrum`, given at `frequency`, through the transfer.

        1 gives the impulse response, j 2 pi f its derivative, the spectrum of a pulse in V s the pulse in V.
        """
        return np.asarray(irfft(self.value * spectrum, n=self.n_samples) * self.sample_rate)

    def pulse(self, filter_values: Complex | float = 1.0, amplitude: float = 1.0) -> Pulse:
        """Response in V to a symbol of `amplitude` V that lasts from 0 to one UI, through filters given at `frequency`."""
        volts = self.time_response(filter_values * (amplitude * symbol_spectrum(self.frequency, self.symbol_rate)))
        warnings = self.warnings + ((self.wander_warning,) if self.wander_warning else ())
        return _pulse(self.time, volts, self.samples_per_ui, self.symbol_rate, warnings)


def symbol_spectrum(frequency: Float, symbol_rate: float) -> Complex:
    """Spectrum in s of a rectangle of height one from 0 to one UI: T sinc(f T) exp(-j pi f T)."""
    turns = frequency / symbol_rate
    return np.asarray(np.sinc(turns) * np.exp(-1j * np.pi * turns) / symbol_rate)


def pulse_response(
    transfer: Transfer,
    *,
    symbol_rate: Given,
    samples_per_ui: int = 32,
    filters: Filters | None = None,
    amplitude: float = 1.0,
    convention: Convention = "physical",
) -> Pulse:
    """Response to one symbol of `amplitude` V, `samples_per_ui` samples a UI, through `transfer` and `filters`.

    `filters(frequency)` gives the product of transmitter and receiver filters at the frequencies in Hz that it is asked
    for. `time` is true time: the symbol begins at 0. Raises `SirfError` for a bad rate, resolution or convention.

    >>> f = np.arange(0, 60e9, 10e6)
    >>> pulse = pulse_response(Transfer(f, np.exp(-2j * np.pi * f * 1e-9)), symbol_rate=50e9, samples_per_ui=16)
    >>> bool(0.999e-9 < pulse.time[pulse.cursor] < 1.021e-9)
    True
    """
    # loaded only where it is asked for
    if convention == "annex_93a":
        from sirf.channel import annex_93a_response

        return annex_93a_response.pulse_response(
            transfer, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui, filters=filters, amplitude=amplitude
        )
    if convention != "physical":
        raise SirfError(f"convention must be 'physical' or 'annex_93a', got {convention!r}. Use 'physical'.")
    prepared = prepare(transfer, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui)
    return prepared.pulse(1.0 if filters is None else filters(prepared.frequency), amplitude)


def step_response(
    transfer: Transfer,
    *,
    symbol_rate: Given,
    samples_per_ui: int = 32,
    filters: Filters | None = None,
    amplitude: float = 1.0,
    convention: Convention = "physical",
) -> Pulse:
    """Response to a step of `amplitude` V at time 0; arguments as in `pulse_response`. `cursor` is the sample farthest from zero.

    The step is the sum of pulses one UI apart, over the whole window of the data: nothing of the tail is left out.
    """
    symbol_rate = parse_symbol_rate(symbol_rate)
    if convention == "physical":
        prepared = prepare(transfer, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui, tail_energy=0.0)
        pulse = prepared.pulse(1.0 if filters is None else filters(prepared.frequency), amplitude)
    else:
        pulse = pulse_response(
            transfer,
            symbol_rate=symbol_rate,
            samples_per_ui=samples_per_ui,
            filters=filters,
            amplitude=amplitude,
            convention=convention,
        )
    # a last UI that is not whole is filled up, and cut off again below
    padding = -pulse.volts.size % samples_per_ui
    rows = np.pad(pulse.volts, (0, padding)).reshape(-1, samples_per_ui)
    # each phase of a UI by itself: a step is a pulse now and at every UI before
    volts = np.cumsum(rows, axis=0).ravel()[: pulse.volts.size]
    return _pulse(pulse.time, volts, samples_per_ui, symbol_rate, pulse.warnings)


def prepare(
    transfer: Transfer,
    *,
    symbol_rate: Given,
    samples_per_ui: int = 32,
    tail_energy: float = TAIL_ENERGY,
) -> PreparedTransfer:
    """Extrapolate, resample and continue `transfer` once, so that `PreparedTransfer` gives any response cheaply.

    The window in time is as short as it can be with at most `tail_energy` of a pulse's energy outside; 0 keeps twice the
    span that the file's frequency step can tell apart. `warnings` says where the data could not bear the result. An AC coupling
    whose corner lies below the frequency step, as the transfer knows it or its phase tells, is taken out of the data and put back
    in time, by its pole: inside the window it is exact, and `coupling_corner` says how the tail goes on behind it.

    Raises `SirfError` for a symbol rate that is not positive or a `samples_per_ui` outside 2 to 1024.
    """
    symbol_rate = parse_symbol_rate(symbol_rate)
    if not 2 <= samples_per_ui <= 1024:
        raise SirfError(f"samples_per_ui must be between 2 and 1024, got {samples_per_ui}. Use 32.")
    frequency, value = transfer.frequency, transfer.value
    step, corner = usual_step(frequency), transfer.coupling_corner
    if corner is None:
        corner = coupling_corner(frequency, value)
    elif corner >= MAX_UNRESOLVED * step:
        # the data hold it themselves
        corner = None
    if corner is not None:
        frequency, value = without_coupling(frequency, value, corner)
    # a dozen arrays of some MB come and go
    keep_freed_memory()
    # the long response first; how much of it counts is known only then
    long = _long_response(flatten(frequency, value), frequency, symbol_rate, samples_per_ui)
    prepared = _shortened(long, tail_energy, 0.0 if corner is None else corner)
    if corner is None:
        return prepared
    note = _wander_warning(corner, step, symbol_rate)
    # of a corner that does not show nothing can be put back
    lost = () if corner else (note,)
    return replace(prepared, warnings=prepared.warnings + lost, wander_warning=note if corner else "")


def prepare_once(transfer: Transfer, *, symbol_rate: float, samples_per_ui: int) -> PreparedTransfer:
    """`prepare` with its usual tail, kept by content: channels that differ in their aggressors or their light share copper."""
    if transfer.frequency.size > MOST_KEPT_POINTS:
        return prepare(transfer, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui)
    return _kept(_TransferContent(transfer), symbol_rate, samples_per_ui)


class _TransferContent:
    """A transfer that compares and hashes by its values."""

    __slots__ = ("content", "transfer")

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.content = transfer.frequency.tobytes(), transfer.value.tobytes(), transfer.coupling_corner

    def __hash__(self) -> int:
        """That of the values."""
        return hash(self.content)

    def __eq__(self, other: object) -> bool:
        """Whether the values are the same."""
        return isinstance(other, _TransferContent) and self.content == other.content


@lru_cache(maxsize=KEPT_TRANSFERS)
def _kept(content: _TransferContent, symbol_rate: float, samples_per_ui: int) -> PreparedTransfer:
    prepared = prepare(content.transfer, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui)
    # shared from now on
    prepared.value.flags.writeable = False
    return prepared


def _wander_warning(corner: float, step: float, symbol_rate: float) -> str:
    """What an AC coupling below the frequency step leaves out of a response that ends.

    Its tail is -2 pi corner / symbol_rate of the level a symbol, falling as exp(-2 pi corner t): the sum of squares over all
    earlier symbols is pi corner / symbol_rate.
    """
    if corner == 0.0:
        return (
            f"DC is blocked at a corner that the frequency step of {step / 1e6:.3g} MHz does not show: baseline wander is not in "
            "the response."
        )
    share = float(np.sqrt(np.pi * corner / symbol_rate))
    return (
        f"AC coupling at {corner / 1e6:.3g} MHz lies below the frequency step of {step / 1e6:.3g} MHz: baseline wander, "
        f"{share:.3g} of the signal's rms as interference, goes on behind the response. Use a step below {corner / 5e6:.2g} MHz "
        "to have it inside."
    )


@dataclass(frozen=True, slots=True, eq=False)
class _LongResponse:
    """Impulse response over the longest window; in order of time, sample `origin` is the bulk delay `delay_s`.

    `spectrum` is that of the response from the bulk delay on, which still holds `folded` times `folded_shape`; its lowest
    frequencies alone where `flat` is split into `bands`. `pulse` holds every `thinning`-th sample of the response to a symbol,
    which is enough to see where its energy lies.
    """

    flat: FlatResponse
    size: int
    bands: Bands | None
    spectrum: Complex
    folded: float
    pulse: Float
    thinning: int
    origin: int
    delay_samples: int
    delay_s: float
    samples_per_ui: int
    symbol_rate: float
    warnings: tuple[str, ...]

    def impulse(self, first: int, size: int) -> Float:
        """The response (size,) in order of time from sample `first` on, without what is folded back."""
        # sample zero of the ring is the bulk delay, not the start of the window
        if self.bands is not None and self.bands.holds(size):
            whole = self.bands.piece(self.flat, self.spectrum, first - self.origin, size)
        else:
            circular, start = irfft(self._whole_spectrum(), n=self.size), (first - self.origin) % self.size
            # most of a window is dropped: it is neither turned nor mended
            whole = np.concatenate([circular[start : start + size], circular[: max(start + size - self.size, 0)]])
        # nothing of the tail is taken out twice: the shape is that of the whole window
        whole -= self.folded * folded_shape(self.size, self.origin, first, size)
        return whole

    def _whole_spectrum(self) -> Complex:
        if self.bands is None:
            return self.spectrum
        return self.flat.later_on_transform_grid(self.size, self.bands.sample_rate, self.bands.delay_s)


def _long_response(flat: FlatResponse, grid: Float, symbol_rate: float, samples_per_ui: int) -> _LongResponse:
    sample_rate = symbol_rate * samples_per_ui
    span = 1.0 / usual_step(grid)
    # interpolation halves the step: the window is two periods 1/step long, so that what folds back can be told
    n = _fast_samples(int(2.0 * span * sample_rate), samples_per_ui)
    # whole samples are only bookkeeping; the fraction that is left is a phase on the spectrum
    delay_samples = round(flat.delay_s * sample_rate)
    rest = flat.delay_s - delay_samples / sample_rate
    thinning = _thinning(samples_per_ui)
    # a thinner grid in time is a narrower band: the top of the spectrum is dropped
    few = n // thinning
    bands = Bands.of(flat, n, sample_rate, thinning, rest)
    value = flat.later_on_transform_grid(n, sample_rate, rest, None if bands is None else few // 2 + 1)
    smooth = symbol_low_pass(few, samples_per_ui // thinning, symbol_rate)
    # a quarter of the window before the arrival shows what comes too early, and what is folded back
    pulse = np.roll(irfft(value[: few // 2 + 1] * smooth / thinning, n=few), few // 4)
    folded = _folded_part(pulse, few // 4)
    pulse -= folded * folded_shape(few, few // 4)
    return _LongResponse(
        flat=flat,
        size=n,
        bands=bands,
        spectrum=value,
        folded=folded,
        pulse=pulse,
        thinning=thinning,
        origin=n // 4,
        delay_samples=delay_samples,
        delay_s=flat.delay_s,
        samples_per_ui=samples_per_ui,
        symbol_rate=symbol_rate,
        warnings=flat.warnings + _wrap_warnings(pulse, few // 4, round(0.5 * span * sample_rate / thinning), span),
    )


def _thinning(samples_per_ui: int) -> int:
    """Every how many samples a symbol through `symbol_low_pass` is looked at: eight a UI, where that is down to 2e-7."""
    thinning = 1
    # at least eight samples of a UI stay, and an even number of them
    while samples_per_ui % (4 * thinning) == 0 and samples_per_ui >= 16 * thinning:
        thinning *= 2
    return thinning


def _folded_part(pulse: Float, origin: int) -> float:
    """How much of `folded_shape` the slow tail of conductor loss folds back, falling as t^-1.5 beyond the window of T.

    The sum of (t + k T)^-1.5 over k = 1, 2, … is a Hurwitz zeta function; its factor is measured where a causal response is
    still zero, between the start of the window and shortly before the response arrives.
    """
    shape = folded_shape(pulse.size, origin)
    # a fifth of the lead is left out: the band edge rings there
    before = slice(0, round(0.8 * origin))
    return float(np.mean(pulse[before]) / np.mean(shape[before]))


def _wrap_warnings(pulse: Float, origin: int, half_span: int, span: float) -> tuple[str, ...]:
    """A warning when the pulse has not decayed where the span of the file's frequency step ends."""
    size = np.abs(pulse)
    # a ring about the place, on both sides of the circle: one sample could lie in a zero crossing
    near, far = int(np.floor(0.9 * half_span)) + 1, int(np.ceil(1.1 * half_span))
    ring = np.concatenate(
        [size[max(origin - far + 1, 0) : max(origin - near + 1, 0)], size[origin + near : origin + far]]
    )
    peak = float(size.max())
    if not ring.size or peak == 0.0:
        return ()
    # a floor far below what matters keeps the logarithm finite
    level = 20.0 * np.log10(max(float(ring.max()) / peak, 1e-15))
    if level <= WRAP_DB:
        return ()
    return (
        f"response is still {level:.0f} dB of its peak after half of the {span * 1e9:.3g} ns that the frequency step "
        "can tell apart: it wraps around. Use a finer step.",
    )


def _shortened(long: _LongResponse, tail_energy: float, corner: float) -> PreparedTransfer:
    m, thinning = long.samples_per_ui, long.thinning
    first, last, omitted = _window(long.pulse, m // thinning, long.origin // thinning, tail_energy)
    first, last = first * thinning, last * thinning
    if tail_energy > 0:
        # room for what filters yet to come spread: little ahead, more behind
        first, last = max(first - _LEAD_UI * m, 0), min(last + _TRAIL_UI * m, long.size)
    # never longer than what was computed
    n = min(_fast_samples(last - first, m), long.size)
    # the window moves back where its rounded length would pass the end
    first = max(min(first, long.size - n), 0)
    sample_rate = m * long.symbol_rate
    kept = long.impulse(first, n)
    if corner:
        kept = _coupled(kept, 2.0 * np.pi * corner / sample_rate)
    if tail_energy > 0:
        faded = fade(m)[-n:]
        kept[n - faded.size :] *= faded
    return PreparedTransfer(
        frequency=transform_grid(n, sample_rate),
        value=np.asarray(rfft(kept)),
        n_samples=n,
        samples_per_ui=m,
        symbol_rate=long.symbol_rate,
        # 'origin' is where the bulk delay lies in the window: true time starts that much earlier
        start_time=(first - long.origin + long.delay_samples) / sample_rate,
        delay_s=long.delay_s,
        omitted_energy=omitted,
        warnings=long.warnings,
        coupling_corner=corner,
    )


def _coupled(impulse: Float, pole: float) -> Float:
    """An impulse response (N,) behind a series capacitor, whose `pole` is in radians a sample.

    h(t) less 2 pi corner times the integral of h(u) exp(-2 pi corner (t - u)) over all u before t.
    """
    size = impulse.size
    if pole * size < 1.0:
        # nothing has decayed much by the window's end: the integral is a running sum, and half of what comes just now
        growing = np.exp(pole * np.arange(size))
        running = np.cumsum(impulse * growing) / growing - 0.5 * impulse
        return np.asarray(impulse - 2.0 * np.tanh(0.5 * pole) * running)
    falling = np.exp(-pole * np.arange(size))
    # the trapezoidal rule: half of what comes just now; the sum is short of no DC, as the integral is
    falling[0] = 0.5
    tail = irfft(rfft(impulse, 2 * size) * rfft(falling, 2 * size), 2 * size)[:size]
    return np.asarray(impulse - 2.0 * np.tanh(0.5 * pole) * tail)


@lru_cache(maxsize=KEPT_GRIDS)
def fade(samples_per_ui: int) -> Float:
    """What the last samples of a window are multiplied by: from one down to zero over `FADE_UI`, then zero for as long.

    Filters must not carry the cut tail round to the start.
    """
    # UI to the end
    ui_before_end = np.arange(round(2.0 * FADE_UI * samples_per_ui), 0, -1) / samples_per_ui
    found = np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(ui_before_end / FADE_UI - 1.0, 0.0, 1.0)))
    found.flags.writeable = False
    return found


def _window(pulse: Float, samples_per_ui: int, origin: int, tail_energy: float) -> tuple[int, int, float]:
    """First and last sample between which all but `tail_energy` of the energy lies, and what lies outside.

    `pulse` holds a whole number of UI.
    """
    if tail_energy <= 0:
        return 0, pulse.size, 0.0
    rows = pulse.reshape(-1, samples_per_ui)
    # by symbols first: a search in whole rows costs a fraction of one in samples
    energy = np.cumsum(np.einsum("ij,ij->i", rows, rows))
    total = float(energy[-1])
    if total == 0.0:
        return origin, origin + 1, 0.0

    def reached(share: float) -> tuple[int, float]:
        """First sample with this share of the energy up to it, and the energy before that sample."""
        row = int(np.searchsorted(energy, share * total))
        within = np.cumsum(np.append(energy[row - 1] if row else 0.0, rows[row] ** 2))
        # the last sum of a row may differ from the energy up to it in its last bits
        place = min(int(np.searchsorted(within[1:], share * total)), samples_per_ui - 1)
        return row * samples_per_ui + place, float(within[place])

    # half of the energy that may be lost at each end
    first, before = reached(0.5 * tail_energy)
    last, rest = reached(1.0 - 0.5 * tail_energy)
    # the last sample's own energy lies inside
    inside = rest + float(pulse[last]) ** 2 - before
    return first, last + 1, max(1.0 - inside / total, 0.0)


def _fast_samples(samples: int, samples_per_ui: int) -> int:
    """A number of samples, a whole even number of UI, at which the FFT is fast, not far above `samples`."""
    # room for filters in any case, and an upper limit of memory for one response
    wanted = min(max(samples, 64 * samples_per_ui), _LONGEST)
    # a product of small primes, times the samples of two UI
    return 2 * next_fast_length(-(-wanted // (2 * samples_per_ui))) * samples_per_ui


def _pulse(time: Float, volts: Float, samples_per_ui: int, symbol_rate: float, warnings: tuple[str, ...]) -> Pulse:
    return Pulse(
        time,
        volts,
        samples_per_ui=samples_per_ui,
        symbol_rate=symbol_rate,
        cursor=int(np.argmax(np.abs(volts))),  # an inverted pair has its peak below zero
        warnings=warnings,
    )
