"""Effective return loss (ERL): the noise that reflections make, in dB of the signal (IEEE 802.3 clause 93A.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.annex_93a_response import impulse_response
from sirf.channel.figures.quantized import sampled_signal_pdf
from sirf.channel.network import Network
from sirf.channel.screening import on_fine_grid
from sirf.errors import SirfError
from sirf.signal.filters import butterworth4, gaussian_edge, raised_cosine

Gate: TypeAlias = Literal["802.3cd", "before", "constant"]

TRUNCATION = 1e-5
"""Reflections end at the last sample above this part of their peak; pulses of the through path use a coarser one."""
_LEAD = 500e-12
"""Delay in s put before the reflection, so that what filters smear to before its start does not wrap around."""
_TRANSITS = 5.0
"""Delays of the through path after which no echo counts where the standard does not say how long to look."""
_NOTHING = 1e-3
"""Part of a bin below which a reflection is rounding of a match: it has no phase to unwrap, and no bin to fall into."""
_EDGE = 3.0
"""Delay, in rise times, after which a Gaussian edge has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErlSettings:
    """What a standard states for ERL; names of the COM keywords in brackets.

    `symbol_rate` in baud [f_b], `der0` [DER_0], PAM `levels` [L], `samples_per_ui` [M]; `rise_time` in s, 20 to 80 %, of the
    test step [TR_TDR]; `corner_per_symbol_rate` of the receiver filter [f_r]; `length_ui` of the reflection that counts [N], None
    for five times the through path's delay;
    `equalized_ui`, the reach of the feedback [N_bx]; `rho_x` and `beta_x` (dB/s), how reflections within it are excused;
    `fixture_delay` in s at port 1 and 2, cut away [T_fx]; `tukey_window` between f_r and f_b; `impedance` of the test
    step in ohm a line [Z_t]; `bin_size` of the distribution in units of the incident step; `gate` the form of G_rr [Grr]:
    "802.3cd" (1) as the standard has it, "before" (0) rho_x (1 + rho_x) beyond the feedback's reach too, "constant" (2) rho_x
    within it.

    Raises `SirfError` for values out of range.
    """

    symbol_rate: float
    der0: float
    length_ui: float | None
    levels: int = 4
    samples_per_ui: int = 32
    rise_time: float = 10e-12
    corner_per_symbol_rate: float = 0.75
    equalized_ui: float = 0.0
    rho_x: float = 0.618
    beta_x: float = 0.0
    fixture_delay: tuple[float, float] = (0.0, 0.0)
    tukey_window: bool = True
    impedance: float = 50.0
    bin_size: float = 1e-4
    gate: Gate = "802.3cd"

    def __post_init__(self) -> None:
        """Check ranges."""
        positive = ("symbol_rate", "rise_time", "corner_per_symbol_rate", "impedance", "bin_size")
        for name in positive:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise SirfError(f"{name} must be positive and finite, got {value!r}. See the COM configuration.")
        if self.length_ui is not None and not (math.isfinite(self.length_ui) and self.length_ui > 0):
            raise SirfError(
                f"length_ui must be positive and finite, or None, got {self.length_ui!r}. Use N of the standard."
            )
        if self.gate not in get_args(Gate):
            raise SirfError(f"gate must be one of {', '.join(get_args(Gate))}, got {self.gate!r}. Use '802.3cd'.")
        if not 0 < self.der0 < 0.5:
            raise SirfError(f"der0 must lie between 0 and 0.5, got {self.der0!r}. Give for example 1e-4.")
        if self.levels < 2 or self.samples_per_ui < 4:
            raise SirfError(
                f"levels and samples_per_ui must be at least 2 and 4, got {self.levels} and {self.samples_per_ui}. "
                "Use levels=4, samples_per_ui=32."
            )
        # the window needs a band between corner and symbol rate to fall in
        if self.tukey_window and self.corner_per_symbol_rate >= 1:
            raise SirfError(
                f"corner_per_symbol_rate must be below 1 with a Tukey window, got {self.corner_per_symbol_rate!r}. "
                "Use 0.75, or tukey_window=False."
            )
        if self.equalized_ui < 0 or min(self.fixture_delay) < 0:
            raise SirfError(
                f"equalized_ui and fixture_delay must not be negative, got {self.equalized_ui!r} and "
                f"{self.fixture_delay!r}. Use 0."
            )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EffectiveReflection:
    """Reflection of one symbol at a port.

    `time` (T,) in s from the arrival of the step, `ptdr` (T,) what comes back, `effective` (T,) what of it counts, both in units
    of the incident step. `phase` is the sampling phase with the most of it, `erl_db` the result.
    """

    time: Float
    ptdr: Float
    effective: Float
    phase: int
    samples_per_ui: int
    erl_db: float

    @property
    def samples(self) -> Float:
        """The effective reflection one UI apart at its worst phase."""
        return self.effective[self.phase :: self.samples_per_ui]


def effective_return_loss(network: Network, settings: ErlSettings, *, port: int) -> float:
    """ERL in dB at `port` (1 or 2) of a differential two-port, clause 93A.5.5; infinite where nothing comes back.

    ERL11 and ERL22 of COM; the standard's ERL is the smaller. With a transmitter's package in front of the channel, cascade it
    first and take port 2. The other port is terminated in `settings.impedance`.

    >>> from sirf.channel.figures.standard_limits import load_limits
    >>> settings = load_limits("802.3ck-kr1").erl
    >>> effective_return_loss(channel.through, settings, port=1)
    12.2
    """
    return effective_reflection(network, settings, port=port).erl_db


def effective_reflection(network: Network, settings: ErlSettings, *, port: int) -> EffectiveReflection:
    """Reflection waveform, its gate and ERL at `port` (1 or 2), clauses 93A.5.1 to 93A.5.5; see `effective_return_loss`.

    Raises `SirfError` for a port that is not there, or where the reflection ends before the gate opens.
    """
    if not 1 <= port <= min(network.ports, 2):
        raise SirfError(f"port must be 1 or 2 and belong to the network, got {port}. Count from 1.")
    # the standard's reflection is against its own resistance, which need not be that of the file
    network = on_fine_grid(network.renormalized(2.0 * settings.impedance))
    # what a fixture shows first is not the channel's: it is cut away, so the record has to be that much longer
    duration = settings.fixture_delay[port - 1] + _duration(network, settings)
    time, ptdr = _pulse_reflection(network.frequency, network.s[:, port - 1, port - 1], settings, port, duration)
    effective = ptdr * _gate(time - settings.fixture_delay[port - 1], settings)
    m = settings.samples_per_ui
    # the sampling phase with the most of the reflection is the one that the standard counts
    phase = int(np.argmax([np.linalg.norm(effective[start::m]) for start in range(m)]))
    value, probability = sampled_signal_pdf(effective[phase::m], levels=settings.levels, bin_size=settings.bin_size)
    # the distribution is symmetric: its lower tail at DER_0 is the noise, turned positive
    worst = -float(value[int(np.argmax(np.cumsum(probability) >= settings.der0))])
    erl_db = -20.0 * math.log10(worst) if worst > 0 else math.inf
    return EffectiveReflection(time=time, ptdr=ptdr, effective=effective, phase=phase, samples_per_ui=m, erl_db=erl_db)


def _duration(network: Network, settings: ErlSettings) -> float:
    """How long in s the reflection counts after the fixture."""
    if settings.length_ui is not None:
        return settings.length_ui / settings.symbol_rate
    if network.ports < 2:
        raise SirfError("length_ui must be given for a one-port, got None. Use N of the standard.")
    rate = settings.samples_per_ui * settings.symbol_rate
    through = impulse_response(network.frequency, network.s[:, 1, 0], sample_rate=rate)
    # delay of the through path by the peak of its impulse response
    return _TRANSITS * int(np.argmax(through)) / rate + _LEAD


def _pulse_reflection(
    frequency: Float, reflection: Complex, settings: ErlSettings, port: int, duration: float
) -> tuple[Float, Float]:
    """Time in s and pulse TDR waveform PTDR(t) of clause 93A.5.1; the step arrives at time 0."""
    corner = settings.corner_per_symbol_rate * settings.symbol_rate
    rise = settings.rise_time
    delay = _LEAD + _EDGE * rise
    filters = gaussian_edge(frequency, rise) * butterworth4(frequency, corner)
    if settings.tukey_window:
        # of the window's two ends the first is the corner and the last the symbol rate, as in clause 93A.5.1
        filters = filters * raised_cosine(frequency, corner, settings.symbol_rate)
    value = reflection * filters * np.exp(-2j * np.pi * frequency * delay)
    rate = settings.samples_per_ui * settings.symbol_rate
    # nothing comes back: without a phase the way into the time domain would refuse it
    if np.max(np.abs(value)) < _NOTHING * settings.bin_size:
        count = math.ceil(duration * rate) + settings.samples_per_ui
        return np.arange(count) / rate, np.zeros(count)
    impulse = impulse_response(frequency, value, sample_rate=rate, truncation=TRUNCATION)
    time = np.arange(impulse.size) / rate - _LEAD
    # from one rise time on: what lies before is the foot of the Gaussian
    first = int(np.searchsorted(time, rise))
    last = int(np.searchsorted(time, duration)) + 1
    kept = impulse[first:last]
    if kept.size == 0:
        raise SirfError(f"reflection at port {port} must last beyond its edge, got none. Use a wider band.")
    # a pulse is a step less the same one UI later: a difference of running sums
    total = np.concatenate((np.zeros(settings.samples_per_ui), np.cumsum(kept)))
    pulse = total[settings.samples_per_ui :] - total[: -settings.samples_per_ui]
    # later by the edge's foot: time zero is then the middle of the step
    return time[first:last] - _EDGE * rise, pulse


def _gate(time: Float, settings: ErlSettings) -> Float:
    """G_rr(t) G_loss(t) of clause 93A.5.2 over time in s after the fixture: zero before it, one beyond the equaliser's reach."""
    # N_bx taps act from the first to the (N_bx + 1)th UI
    reach = settings.equalized_ui + 1.0
    x = time * settings.symbol_rate
    excused = settings.rho_x * (1.0 + settings.rho_x) * np.exp(-(((x - reach) / reach) ** 2))
    # rho_x is the golden ratio less one: rho (1 + rho) is then nearly one, which is no excuse at all at the end of the
    # reach
    if settings.gate == "constant":
        excused = np.full_like(x, settings.rho_x)
    beyond = settings.rho_x * (1.0 + settings.rho_x) if settings.gate == "before" else 1.0
    if settings.equalized_ui > 0:
        # beta_x counts in dB a second: UI over the symbol rate are seconds
        excused = excused * 10.0 ** (settings.beta_x * (x - reach) / settings.symbol_rate / 20.0)
    # nothing before the fixture's end, then what the equaliser excuses, then all of it
    return np.where(x < 0, 0.0, np.where(x <= reach, excused, beyond))
