"""Repair on request: the value at DC, causality, passivity. Each says how much it changed and refuses beyond a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import zeta

from sirf._arrays import Complex, Float
from sirf._display import html_table, table
from sirf.channel.causality import CAUSAL_DB, early_db, early_levels
from sirf.channel.network import Network
from sirf.channel.resample import flatten, usual_step
from sirf.channel.screening import MIN_POINTS, WRONG_DC, dc_finding
from sirf.errors import LimitError, SirfError

LIMIT_DB = -20.0
"""Default limit of the largest change |new S - old S|: a tenth of full scale."""
STEPS = ("dc", "causal", "passive")
"""Repairs in the order in which they are made: passivity is last, for it must hold exactly."""
_EXTENSION = 4
"""Times the band over which a response is continued before it goes into the time domain."""
_ITERATIONS = 24
"""Projections between the file's data inside the band and causality; more would make up wild values beyond the band."""
_CLEAN_DB = -60.0
"""Level before time zero up to which an entry is left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStep:
    """What one repair did: `max_db` and `rms_db` are 20 log10 of the largest and of the rms |new S - old S| (0 dB is 1).

    `max_at` in Hz is where the largest change is; `points_added` counts new frequencies, which are no change.
    """

    kind: str
    max_db: float
    rms_db: float
    max_at: float
    points_added: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; no change at all is null."""
        return {
            "kind": self.kind,
            "max_db": self.max_db,
            "rms_db": self.rms_db,
            "max_hz": self.max_at,
            "points_added": self.points_added,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """A repaired `network` and the steps that led to it."""

    network: Network
    steps: tuple[RepairStep, ...]

    def to_dict(self) -> dict[str, Any]:
        """The steps as plain values for JSON."""
        return {"steps": [step.to_dict() for step in self.steps]}

    def __repr__(self) -> str:
        """One line: name and the largest change of each step."""
        changes = ", ".join(f"{step.kind} {_text(step.max_db)}" for step in self.steps)
        return f"Repair({self.network.name!r}, {changes})"

    def __str__(self) -> str:
        """A table of the steps."""
        return table(f"Repair of {self.network.name}", self._rows())

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return html_table(f"Repair of {self.network.name}", self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        return [
            (
                step.kind,
                f"largest change {_text(step.max_db)} at {step.max_at / 1e9:g} GHz, rms {_text(step.rms_db)}"
                + (f", {step.points_added} points added" if step.points_added else ""),
            )
            for step in self.steps
        ]


def repair(network: Network, steps: str | Iterable[str], *, limit_db: float = LIMIT_DB) -> Repair:
    """Repair `network`: `steps` of "dc", "causal", "passive" (a list, or text with commas), in that order.

    Raises `LimitError` when a step changes some S by more than `limit_db` (20 log10 |new - old|), `SirfError` for an unknown
    step or data too short to repair.
    """
    wanted = wanted_steps(steps)
    # not-a-number would let every change pass
    if not np.isfinite(limit_db):
        raise SirfError(f"limit must be a number of dB, got {limit_db!r}. Use -20.")
    ways: dict[str, Callable[[Network], Network]] = {"dc": with_dc, "causal": causal, "passive": passive}
    done = []
    for kind in (step for step in STEPS if step in wanted):
        # each step begins from what the one before it left
        new = ways[kind](network)
        step = _step(kind, network, new)
        if step.max_db > limit_db:
            raise LimitError(
                f"change by repair {kind} of {network.name or 'network'} must be at most {limit_db:g} dB, got "
                f"{step.max_db:.1f} dB at {step.max_at / 1e9:g} GHz. Raise the limit if you can bear that, or get better data."
            )
        network = new
        done.append(step)
    return Repair(network, tuple(done))


def wanted_steps(steps: str | Iterable[str]) -> list[str]:
    """The steps of a repair by name; `SirfError` for none and for unknown ones."""
    wanted = [step.strip() for step in steps.split(",")] if isinstance(steps, str) else list(steps)
    unknown = [step for step in wanted if step not in STEPS]
    if unknown or not wanted:
        raise SirfError(
            f"repair must be of {', '.join(STEPS)}, got {unknown or 'nothing'}. Use --repair passive,causal."
        )
    return wanted


def passive(network: Network) -> Network:
    """Nearest passive network: at each frequency the singular values above 1 become 1.

    U min(sigma, 1) V^H is the nearest matrix of norm at most 1 in the Frobenius and the spectral norm (Halmos 1972), and is
    symmetric if S is. The points are repaired one by one: causality may suffer by as much as S changes.
    """
    s = np.array(network.s)
    bad = np.flatnonzero(np.linalg.svd(s, compute_uv=False)[:, 0] > 1.0)
    # exactly one is fine: an ideal line stands there
    if bad.size:
        # only the points that need it: the others keep every bit of the file
        u, sigma, vh = np.linalg.svd(s[bad])
        s[bad] = (u * np.minimum(sigma, 1.0)[:, None, :]) @ vh
    return Network(network.frequency, s, z0=network.z0, name=network.name)


def causal(network: Network) -> Network:
    """Network whose response before time zero is taken out; Kramers and Kronig's relations in discrete form.

    Each entry that has more than -60 dB of its peak before time zero is brought to a uniform grid from DC and continued over
    four times the band by its own trend. Then two projections alternate (Papoulis 1975, Gerchberg 1974): the data hold inside
    the band; nothing but the slow tail of conductor loss (t^-1.5, its factor the median) lies in the last quarter of the
    period 1/step, less one period of the last frequency that the band edge smears. So the continuation takes up what a sharp
    band edge would else throw before time zero, and what stays is the lack of causality inside the band. The change comes
    back onto the file's grid; the grid itself stays.

    Raises `SirfError` for fewer than 8 points, and where the result is no more causal than `sirf.channel.quality` wants (-40 dB):
    on an uneven grid or far from DC the data do not tell enough.
    """
    frequency = network.frequency
    if frequency.size < MIN_POINTS:
        raise SirfError(
            f"points must be at least {MIN_POINTS} to repair causality, got {frequency.size} in {network.name or 'network'}. "
            "Use a finer grid."
        )
    s = np.array(network.s)
    for out in range(network.ports):
        for into in range(network.ports):
            value = network.s[:, out, into]
            # entry by entry: each has a delay of its own, and the file may be causal in all others
            level = early_db(frequency, value)
            if level is not None and level > _CLEAN_DB:
                s[:, out, into] -= _early_part(frequency, value)
    mended = Network(frequency, s, z0=network.z0, name=network.name)
    reached = early_levels(mended)
    if reached is not None and reached[0] > CAUSAL_DB:
        raise SirfError(
            f"level before time zero must fall to {CAUSAL_DB:g} dB by repair causal, got {reached[0]:.0f} dB for "
            f"{network.name or 'network'}. Use data on a uniform grid that reach down to DC."
        )
    return mended


def with_dc(network: Network) -> Network:
    """Network that begins at 0 Hz with a real value there.

    A missing DC point and the steps below the first point are extrapolated by `sirf.channel.resample.flatten` (loss a + b
    sqrt(f), phase ending at 0 or pi), a value that is not real or that its neighbours contradict is replaced; the new points are
    made passive. The open point of a DC block stays.
    """
    frequency, s = network.frequency, network.s
    if frequency[0] == 0 and np.all(s[0].imag == 0) and not (dc_finding(network) or "").startswith(WRONG_DC):
        return network
    # of one point alone its own frequency is the step
    step = usual_step(frequency) if frequency.size > 1 else float(frequency[0])
    if frequency[0] == 0:
        new, kept = np.zeros(1), frequency[1:]
    else:
        # the millionth: a first point on a multiple of the step must not get a neighbour by rounding
        new, kept = step * np.arange(max(int(np.ceil(frequency[0] / step - 1e-6)), 1), dtype=np.float64), frequency
    if kept.size < 2:
        raise SirfError(f"points must be at least 2 above DC, got {kept.size}. The value at DC cannot be extrapolated.")
    added = np.empty((new.size, network.ports, network.ports), dtype=np.complex128)
    for out in range(network.ports):
        for into in range(network.ports):
            flat = flatten(kept, s[frequency.size - kept.size :, out, into])
            # the bulk delay goes back in, which 'flatten' took out
            added[:, out, into] = flat.at(new) * np.exp(-2j * np.pi * new * flat.delay_s)
    # a real response in time has a real value at DC
    added[0] = added[0].real
    low = passive(Network(new, added))
    joined = np.concatenate((low.s, s[frequency.size - kept.size :]))
    return Network(np.concatenate((new, kept)), joined, z0=network.z0, name=network.name)


def _early_part(frequency: Float, value: Complex) -> Complex:
    """What a causal response near `value` (F,) lacks of it, on the file's grid."""
    step = usual_step(frequency)
    # last bin inside of the band
    last = round(float(frequency[-1]) / step)
    # at least four times the band, of a length at which the transform is fast
    bins = next_fast_len(_EXTENSION * last, real=True)
    grid = step * np.arange(bins + 1, dtype=np.float64)
    inside = grid <= frequency[-1]
    flat = flatten(frequency, value)
    # faded out at the top, for an edge there would ring in time as the band's own does
    spectrum = flat.at(grid) * np.exp(-2j * np.pi * grid * flat.delay_s) * _taper(bins + 1)
    data = spectrum[inside]
    # 2 bins samples a period: the last quarter is before time zero, but for one period of the last frequency right
    # before it
    early = slice((3 * bins) // 2, 2 * bins - int(np.ceil(2 * bins * step / frequency[-1])))
    # what may lie there: the late tail of conductor loss, falling as t^-1.5, with its turns round the period
    tail = zeta(1.5, np.arange(early.start, early.stop) / (2 * bins))
    for _ in range(_ITERATIONS):
        # first the data, then causality: the loop ends on the causal side
        spectrum[inside] = data
        response = irfft(spectrum)
        # the tail of conductor loss is long enough to come round to before time zero, and is no fault; a median finds
        # it, since spikes there are just what is to be removed
        response[early] = tail * np.median(response[early] / tail)
        spectrum = rfft(response)
    lack = np.zeros(bins + 1, dtype=np.complex128)
    # what the projections could not keep of the data is what no causal response has
    lack[inside] = data - spectrum[inside]
    nearest = np.rint(frequency / step).astype(np.intp)
    # on an even file the bins are its own points
    if np.allclose(nearest * step, frequency, rtol=0, atol=1e-6 * step):
        return np.asarray(lack[nearest])
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(grid[inside], lack[inside])(frequency))


def _taper(points: int) -> Float:
    """One over the lower half, then a cosine down to zero."""
    place = np.arange(points) / (points - 1)
    return np.asarray(0.5 + 0.5 * np.cos(2.0 * np.pi * np.clip(place - 0.5, 0.0, 0.5)))


def _step(kind: str, old: Network, new: Network) -> RepairStep:
    """Compare the frequencies that both have."""
    added = new.frequency.size - old.frequency.size
    # added points stand at the front, and are no change of what the file says
    change = np.abs(new.s[added:] - old.s)
    worst = change.max(axis=(1, 2))
    at = int(np.argmax(worst))
    return RepairStep(
        kind=kind,
        max_db=_db(float(worst[at])),
        rms_db=_db(float(np.sqrt(np.mean(change**2)))),
        max_at=float(old.frequency[at]),
        points_added=added,
    )


def _db(value: float) -> float:
    return 20.0 * float(np.log10(value)) if value > 0 else -np.inf


def _text(value: float) -> str:
    return f"{value:.1f} dB" if np.isfinite(value) else "none"
