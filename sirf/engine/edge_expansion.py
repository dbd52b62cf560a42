"""What displaced edges add as a power series in their displacement, as long as the jitter asks for: one filter an order."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sirf._arrays import Float
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.front_end import FrontEnd, front_end
from sirf.link import Link
from sirf.signal.pam import mean_square
from sirf.transmitter.jitter import LARGEST_DEVIATIONS

MAX_ERROR_SHARE = 0.003
"""What the series may leave of the largest transition, relative to the Gaussian blur of a decision: noise and random jitter.

Neither dual-Dirac nor slow jitter blurs anything: most errors come while it is at its peak, and there all edges that move
together leave their errors alike. Then an error ratio of 1e-3 or 1e-4 is off by 1 to 1.5 times this share.
"""
MAX_TAIL_ERROR_SHARE = 0.03
"""The same of the expansion about rest at the largest displacement, six rms of random jitter, which hardly ever comes."""
USUAL_DEVIATIONS = 2.0
"""Rms of random jitter, beside all else at its peak, up to which most errors of a count come."""
MAX_ORDER = 9
"""Longest series."""
FIT_NODES = 41
"""Displacements at which a series is fitted."""
MIN_NOISE_RATIO = 1e-3
"""Noise relative to the main cursor that counts where there is none."""


@lru_cache(maxsize=32)
def series_length(link: Link) -> int:
    """Orders of the series that a link's jitter needs: 2 where the expansion about rest does, else as many as a fit needs."""
    # the front end's own edge, so that the series holds for what the engines sample
    end, jitter = front_end(link), link.transmitter.jitter
    furthest = jitter.largest(symbol_rate=link.symbol_rate)
    response = EdgeResponse.of(end)
    tau = _nodes(furthest)
    exact = response.moved(np.broadcast_to(tau, (response.count, FIT_NODES)))
    steps = np.diff([0.0, *link.transmitter.ffe, 0.0])
    # mean square of dx tau: independent symbols through the FFE's differences, times the variance of random displacement
    spread = jitter.random_ui**2 * mean_square(link.levels) * float(np.sum(steps**2))
    # an error of the series matters only against what blurs the eye anyway
    blur = float(np.sqrt(end.receiver_noise**2 + end.transmitter_noise**2 + spread * float(np.sum(response.edges**2))))
    # the sum of |steps| is the largest transition, at levels of ±1: the error is meant per unit transition
    unit = max(blur, MIN_NOISE_RATIO * end.main_cursor) / float(np.sum(np.abs(steps)))
    # s(t - tau) - s(t): an edge that comes later is seen earlier in its course, hence the minus sign
    taylor = np.abs(-np.outer(response.edges, tau) + 0.5 * np.outer(response.slopes, tau**2) - exact)
    usual = np.abs(tau) <= furthest - (LARGEST_DEVIATIONS - USUAL_DEVIATIONS) * jitter.gaussian_ui(
        symbol_rate=link.symbol_rate
    )
    if taylor.max() <= MAX_TAIL_ERROR_SHARE * unit and taylor[:, usual].max(initial=0.0) <= MAX_ERROR_SHARE * unit:
        return 2
    # one order more each time: every order is one more filter in each run
    for order in range(3, MAX_ORDER):
        fit = _coefficients(exact, furthest, order) @ _powers(tau, order)
        if np.abs(fit - exact).max() <= MAX_ERROR_SHARE * unit:
            return order
    return MAX_ORDER


def series_responses(link: Link, end: FrontEnd) -> tuple[Float, ...]:
    """Responses (N,) at every sample of `end` to the drives -dx tau, dx tau² / 2, dx tau³ / 2, … of transitions dx.

    As many as `series_length` of the link says: `edge` and `edge_slope` of the front end, or the least-squares fit over all
    displacements to what the step response says.
    """
    order = series_length(link)
    if order == 2:
        return end.edge, end.edge_slope
    furthest = link.transmitter.jitter.largest(symbol_rate=link.symbol_rate)
    response = EdgeResponse.of(end)
    every = EdgeResponse(
        response.step, response.rise, response.bend, end.samples_per_ui, len(end.edge), 1, end.samples_per_ui
    )
    exact = every.moved(np.broadcast_to(_nodes(furthest), (every.count, FIT_NODES)))
    fitted = _coefficients(exact, furthest, order)
    # drives are -dx tau and dx tau^n / 2 (`displace`), so the coefficients of tau^n are turned and doubled to match
    return -fitted[:, 0], *(2.0 * fitted[:, power] for power in range(1, order))


def _nodes(furthest: float) -> Float:
    # Chebyshev's nodes: dense at both ends, where a polynomial in tau would otherwise swing
    return np.asarray(furthest * np.cos(np.pi * (np.arange(FIT_NODES) + 0.5) / FIT_NODES))


def _powers(tau: Float, order: int) -> Float:
    return np.stack([tau**power for power in range(1, order + 1)])


def _coefficients(exact: Float, furthest: float, order: int) -> Float:
    """Coefficients (K, `order`) of tau, tau², … that fit `exact` (K, FIT_NODES) best."""
    # fitted on [-1, 1] and scaled afterwards: powers of a small tau would make the matrix singular to rounding
    scale = furthest ** np.arange(1, order + 1)
    shape = _powers(_nodes(1.0), order)
    return np.asarray(exact @ np.linalg.pinv(shape) / scale)
