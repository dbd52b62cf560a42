"""From a file's grid to a uniform grid: the value at DC, interpolation inside the band, continuation beyond its edge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.cached_spectra import root_grid, transform_grid, turned
from sirf.channel.network import bulk_delay
from sirf.channel.spline_grid import LEAST_KNOTS, SplineGrid, spline_grid

UNEVEN = 1e-3
"""Largest deviation of a step from the usual one on an even grid."""
MAX_STEP_HZ = 10e6
"""Step to which an uneven grid is resampled at most, that of COM's configurations."""
MAX_POINTS = 20_001
"""Points of a resampled grid at most."""
_LOW_POINTS = 8
"""Points above DC from which the value at DC is extrapolated."""
_TOP = 0.25
"""Part of the band, at its upper end, from which the continuation takes its slope and delay."""
_JUMP = 0.2
"""Distance of the value at DC from its neighbour above which it may be one that no neighbour knows of."""
DECAYED = 6.1
"""Distances in `FlatResponse.reach` beyond which nothing of the mismatch at the edge is left: exp(-6.1²) is below 1e-16."""
_REAL = 0.02
"""A file's DC value is believed when its imaginary part is below this part of its neighbour's magnitude."""


_CLEAR_TURN = 0.02
"""Least corner, relative to the first point, that the phase of a file without a DC point is believed to show."""
_SMALLEST_TURN = 1e-4
"""The same where a point at DC has proved the coupling."""
MAX_UNRESOLVED = 0.5
"""Corner of a coupling, relative to the grid's step, from which on the data themselves hold its droop."""
_SETTLED = 1e-9
"""Relative step of the corner at which its search ends; the next one would be its square."""


@dataclass(frozen=True, slots=True, eq=False)
class FlatResponse:
    """A response with its bulk delay taken out, known from DC to the band edge, and its trend beyond.

    `root` (F,) is the square root of frequency, `value` (F,) the response without `delay_s`. Beyond `edge` Hz the response
    is `level` exp(-`loss` (sqrt f - sqrt edge)) with the delay `edge_delay_s`, to which `mismatch` decays over `reach` Hz.
    """

    root: Float
    value: Complex
    delay_s: float
    edge: float
    level: complex
    loss: float
    edge_delay_s: float
    mismatch: complex
    reach: float
    warnings: tuple[str, ...]

    def at(self, frequency: Float) -> Complex:
        """Response without the bulk delay at ascending `frequency` (G,) in Hz, from DC to beyond the band edge."""
        inside = int(np.searchsorted(frequency, self.edge, side="right"))
        result = np.empty(frequency.size, dtype=np.complex128)
        # the point at the edge itself belongs to the data
        result[:inside] = self._inside(np.sqrt(frequency[:inside]))
        result[inside:] = self.beyond(frequency[inside:])
        return result

    def later_on_transform_grid(
        self, n_samples: int, sample_rate: float, delay_s: float, points: int | None = None
    ) -> Complex:
        """Response (n_samples // 2 + 1,) at the frequencies of a real transform, later by `delay_s` than without the bulk delay.

        As `at`, but the even steps of the grid turn all phases at once, and what has decayed is left out. At all frequencies, or
        at the first `points` of them.
        """
        frequency, root = (grid(n_samples, sample_rate)[:points] for grid in (transform_grid, root_grid))
        step = sample_rate / n_samples
        inside = int(np.searchsorted(frequency, self.edge, side="right"))
        result = np.empty(frequency.size, dtype=np.complex128)
        beyond = frequency[inside:] - self.edge
        # beyond that the mismatch is below the last bit
        near = slice(inside, inside + int(np.searchsorted(beyond, DECAYED * self.reach)))
        turns = turned(near.stop, step * delay_s)
        # the same spline as of `at`, for a pair of grids that link after link comes back to; few knots have no spline
        # but an exact polynomial
        known = self._inside if self.root.size < LEAST_KNOTS else self._on_kept_grid
        result[:inside] = known(root[:inside]) * turns[:inside]
        if inside == frequency.size:
            return result
        # phase of the first point beyond the edge; the even steps turn it on from there
        start = float(beyond[0]) * self.edge_delay_s + float(frequency[inside]) * delay_s
        trend = turned(beyond.size, step * (self.edge_delay_s + delay_s)) * (self.level * np.exp(-2j * np.pi * start))
        result[inside:] = trend * np.exp(-self.loss * (root[inside:] - np.sqrt(self.edge)))
        decay = self.mismatch * np.exp(-((beyond[: near.stop - inside] / self.reach) ** 2))
        result[near] += decay * turns[inside:]
        return result

    def _inside(self, root: Float) -> Complex:
        # a skin-effect line is a smooth function of sqrt(f), and complex values pass through a notch where phase jumps
        if self.root.size >= LEAST_KNOTS:
            return SplineGrid(self.root, root)(self.value)
        # a line or a parabola
        order = self.root.size - 1
        powers = np.polynomial.polynomial.polyfit(self.root, self.value, order)
        return np.asarray(np.polynomial.polynomial.polyval(root, powers), dtype=np.complex128)

    def _on_kept_grid(self, root: Float) -> Complex:
        return spline_grid(self.root, root)(self.value)

    def beyond(self, beyond: Float) -> Complex:
        """Response without the bulk delay at frequencies (G,) in Hz that all lie beyond the band edge."""
        # loss as of a skin, phase as of a delay: both go on as they were at the top of the band
        trend = self.level * np.exp(
            -self.loss * (np.sqrt(beyond) - np.sqrt(self.edge)) - 2j * np.pi * (beyond - self.edge) * self.edge_delay_s
        )
        # the data do not end on their own trend: what they are off fades out within a twentieth of the band
        return np.asarray(trend + self.mismatch * np.exp(-(((beyond - self.edge) / self.reach) ** 2)))


def coupling_corner(frequency: Float, value: Complex) -> float | None:
    """Corner in Hz of an AC coupling that `value` (F,) shows but its grid does not resolve; None where there is none.

    A coupling capacitor between resistances is a factor jf / (jf + corner): close to one at the lowest points but for a phase of
    corner / f, which is fitted beside the sqrt(f) and f of a line. A point of zero at 0 Hz among ones is proof by itself; without
    such a point the phase must tell clearly. Corners above half the grid's step are resolved and left alone; so is crosstalk,
    whose magnitude falls towards DC.
    """
    above = frequency > 0
    points, values = frequency[above][:_LOW_POINTS], value[above][:_LOW_POINTS]
    magnitude = np.abs(values)
    # three unknowns (sqrt(f), f, corner) need a few points more; the phase of zero means nothing
    if points.size < 5 or not np.all(magnitude > 0):
        return None
    # crosstalk and a resolved corner fall in magnitude towards DC; an unresolved coupling shows in the phase alone
    if magnitude[0] < max(0.8 * magnitude[1], 0.5 * np.abs(value).max()):
        return None
    blocked = not above[0] and np.abs(value[0]) < 0.1 * magnitude[0]
    # without its bulk delay, or the turns of the phase would hide the corner
    flat = values * np.exp(2j * np.pi * points * bulk_delay(points, values))
    phase = np.unwrap(np.angle(flat))
    # an inverted pair adds pi, and unwrapping may add turns
    phase -= np.pi * round(float(phase[-1]) / np.pi)
    scaled = points / points[0]
    line = _line_basis(scaled.tobytes())
    plain = _misfit(line, phase)
    if not blocked and plain <= _SMALLEST_TURN:
        # sqrt(f) and f tell all of the phase: no corner shows
        return None
    turn = 0.0
    for _ in range(8):  # arctan(corner / f) about the last corner
        # tilt: derivative of arctan(turn / f) with respect to the turn
        tilt = scaled / (scaled**2 + turn**2)
        # linear in the turn about the last one (Newton), what is constant brought to the other side
        wanted = phase - np.arctan(turn / scaled) + turn * tilt
        # least squares with the line beside it: what sqrt(f) and f can explain is not the corner's, so only what the
        # line leaves of the tilt counts
        own = tilt - line @ (tilt @ line)
        # between zero and twice the first point: the step may overshoot, the corner may not be negative
        last, turn = turn, min(max(float(own @ wanted) / float(own @ own), 0.0), 2.0)
        if abs(turn - last) <= _SETTLED * turn:
            break
    left = phase - np.arctan(turn / scaled)
    rest = _misfit(line, left)
    clear = rest < 0.1 * plain and plain > _SMALLEST_TURN and turn > (_SMALLEST_TURN if blocked else _CLEAR_TURN)
    if not (blocked or clear):
        return None
    # proved by an open DC point, but too low to be measured: zero stands for that
    corner = turn * float(points[0]) if clear else 0.0
    return corner if corner < MAX_UNRESOLVED * usual_step(frequency) else None


@lru_cache(maxsize=8)
def _line_basis(points: bytes) -> Float:
    """Orthonormal columns (F, 2) that span sqrt(f) and f of a line, at `points` (F,); kept by value."""
    scaled = np.frombuffer(points)
    return np.linalg.qr(np.stack([np.sqrt(scaled), scaled], axis=1)).Q


def _misfit(basis: Float, values: Float) -> float:
    """Norm of what the orthonormal columns of `basis` (F, B) leave of `values` (F,) at best."""
    return float(np.linalg.norm(values - basis @ (values @ basis)))


def without_coupling(frequency: Float, value: Complex, corner: float) -> tuple[Float, Complex]:
    """The response of the same copper without its AC coupling, above DC."""
    above = frequency > 0
    points = frequency[above]
    # the inverse of jf / (jf + corner)
    return points, value[above] * (1.0 - 1j * corner / points)


def flatten(frequency: Float, value: Complex) -> FlatResponse:
    """Take the bulk delay out of `value` (F,) at `frequency` (F,) in Hz, settle its DC value and its trend at the edge."""
    delay, warnings = causal_delay(frequency, value)
    flat = value * np.exp(2j * np.pi * frequency * delay)
    dc, dc_warnings = _dc_value(frequency, flat)
    above = frequency > 0
    root = np.concatenate(([0.0], np.sqrt(frequency[above])))
    level, loss, edge_delay = _edge_trend(frequency, flat)
    return FlatResponse(
        root=root,
        value=np.concatenate(([dc], flat[above])),
        delay_s=delay,
        edge=float(frequency[-1]),
        level=level,
        loss=loss,
        edge_delay_s=edge_delay,
        mismatch=complex(flat[-1] - level),
        reach=0.05 * float(frequency[-1]),
        warnings=warnings + dc_warnings,
    )


def uneven_step(frequency: Float) -> float | None:
    """Largest step in Hz of an uneven grid; None for an even one, which may begin anywhere, and may begin with a shorter step."""
    return _steps(np.asarray(frequency, dtype=np.float64).tobytes())[1]


def usual_step(frequency: Float) -> float:
    """Median step in Hz of a grid (F,) of two points at least."""
    return _steps(np.asarray(frequency, dtype=np.float64).tobytes())[0]


@lru_cache(maxsize=16)
def _steps(grid: bytes) -> tuple[float, float | None]:
    """Median step of a grid, and its largest one where the grid is uneven; kept by value."""
    steps = np.diff(np.frombuffer(grid))
    # the median, for one missing point must not double the step; by hand, since NumPy's loads masked arrays, 20 ms of a command
    ordered, middle = np.sort(steps), steps.size // 2
    usual = float(ordered[middle] + ordered[~middle]) / 2.0 if steps.size else float("nan")
    if steps.size < 2:
        return usual, None
    # a file may begin with a short step from DC to where its instrument begins
    inner = steps[1:] if steps[0] < usual * (1 + UNEVEN) else steps
    # None: what is even needs no largest step
    return usual, None if np.all(np.abs(inner - usual) <= UNEVEN * usual) else float(steps.max())


def even_grid(frequency: Float) -> Float:
    """Multiples of one step from the first to the last of `frequency` (F,) in Hz; the last one is met.

    The step is 10 MHz, or finer where the usual step is; only grids whose shortest step is coarser keep that.
    """
    last = float(frequency[-1])
    steps = np.diff(frequency)
    shortest = MAX_STEP_HZ if uneven_step(frequency) is None else float(steps.min())
    # at least eight points, and where the sweep is uneven no finer than its shortest step
    wanted = min(max(shortest, min(usual_step(frequency), MAX_STEP_HZ)), last / _LOW_POINTS)
    # the last frequency is met exactly: count, not step, is what is chosen
    count = min(int(np.ceil(last / wanted * (1 - 1e-9))), MAX_POINTS - 1)
    # no point below the data: what lies there is extrapolated elsewhere
    first = int(np.ceil(float(frequency[0]) / last * count * (1 - 1e-9)))
    grid = np.arange(first, count + 1, dtype=np.float64) * (last / count)
    grid[-1] = last
    return grid


def causal_delay(frequency: Float, value: Complex) -> tuple[float, tuple[str, ...]]:
    """Bulk delay in s; a coarse grid that folds a long delay to a negative one is unfolded."""
    delay = bulk_delay(frequency, value)
    largest = uneven_step(frequency)
    coarse = usual_step(frequency) if largest is None else largest
    if delay * coarse < -0.1:
        # a delay beyond half of 1 / step shows as a negative one: a whole period is added
        delay += 1.0 / coarse
    if delay * coarse <= 0.4:
        return delay, ()
    return delay, (
        f"delay of {delay * 1e9:.3g} ns is long for a frequency step of {1e-6 * coarse:.3g} MHz: "
        "the response may be folded in time. Use a finer step.",
    )


def _dc_value(frequency: Float, flat: Complex) -> tuple[float, tuple[str, ...]]:
    """Real value at DC: the file's own if it is real, else extrapolated."""
    if frequency[0] > 0:
        # without a neighbour the value itself is the scale
        return _extrapolated_dc(frequency, flat), ()
    own, scale = complex(flat[0]), float(np.abs(flat[1])) if flat.size > 1 else 1.0
    if flat.size > _LOW_POINTS and jumps_at_dc(flat):
        return _extrapolated_dc(frequency[1:], flat[1:]), ()
    if abs(own.imag) <= _REAL * max(scale, abs(own)) or flat.size < 3:
        return own.real, ()
    dc = _extrapolated_dc(frequency[1:], flat[1:])
    return dc, (f"value at DC is not real (phase {np.degrees(np.angle(own)):.1f} degrees): replaced by extrapolation.",)


def jumps_at_dc(flat: Complex) -> bool:
    """Whether the first value of a response without its delay (F,) lies far from the next ones, which lie close together.

    Skin effect moves a line by sqrt(f), so from DC to the first point 2.4 times as far as from there to the second. A capacitor
    in series opens it at DC alone; no spline may pass through that.
    """
    jump = abs(flat[1] - flat[0])
    return bool(jump > _JUMP and jump > 4.0 * abs(flat[2] - flat[1]))


def _extrapolated_dc(frequency: Float, flat: Complex) -> float:
    """DC value from the lowest points: loss a0 + a1 sqrt(f) and a phase that ends at 0 or pi.

    Where no such phase is near (crosstalk, a DC block), the real part is extrapolated in sqrt(f) instead.
    """
    low = slice(0, min(_LOW_POINTS, frequency.size))
    root, values = np.sqrt(frequency[low]), flat[low]
    # the logarithm below takes no zero
    if root.size < 4 or not np.all(np.abs(values) > 0):
        return float(values[0].real)
    # columns of size one keep the least squares well conditioned
    scaled = root / root[-1]
    loss = np.linalg.lstsq(np.stack([np.ones_like(scaled), scaled], axis=1), np.log(np.abs(values)), rcond=None)[0]
    phase = np.linalg.lstsq(
        np.stack([np.ones_like(scaled), scaled, scaled**2], axis=1), np.unwrap(np.angle(values)), rcond=None
    )[0]
    # at DC a real response is positive or negative: whole half turns
    turns = round(float(phase[0]) / np.pi)
    if loss[1] <= 0.0 and abs(phase[0] - turns * np.pi) < 0.3:
        # a line loses as sqrt(f), so its value at DC lies above all others; a fit through noise is held below 2
        return float((-1.0) ** turns * np.exp(min(float(loss[0]), float(np.log(2.0)))))
    real = np.linalg.lstsq(np.stack([np.ones_like(scaled), scaled], axis=1), values.real, rcond=None)[0]
    # never beyond what the band itself shows
    return float(np.clip(real[0], -np.abs(values).max(), np.abs(values).max()))


def _edge_trend(frequency: Float, flat: Complex) -> tuple[complex, float, float]:
    """Level at the band edge, loss per sqrt(Hz) (never a gain) and delay in s of the top of the band."""
    top = frequency >= (1.0 - _TOP) * frequency[-1]
    points, values = frequency[top], flat[top]
    # nothing to fit: the last value, without loss or delay
    if points.size < 4 or not np.any(np.abs(values) > 0):
        return complex(flat[-1]), 0.0, 0.0
    delay = bulk_delay(points, values)
    # counted from the edge: the intercept is the level there
    steps = np.sqrt(points) - np.sqrt(frequency[-1])
    # notches down to zero would pull the line through the logarithms without end
    log_magnitude = np.log(np.maximum(np.abs(values), 1e-6 * np.abs(values).max()))
    centre, intercept = float(np.mean(steps)), float(np.mean(log_magnitude))
    about = steps - centre
    # a resonance at the top may rise, but a passive line never goes on with gain
    loss = max(-float(about @ log_magnitude) / float(about @ about), 0.0)
    # the straight line goes through both means
    intercept += loss * centre
    # the phase at the edge, from all of the top with its delay taken out, weighted by magnitude
    aligned = values * np.exp(2j * np.pi * (points - frequency[-1]) * delay)
    phase = float(np.angle(np.sum(aligned * np.abs(aligned))))
    return complex(np.exp(intercept + 1j * phase)), loss, delay
