"""Expectation of exp(theta x) of the symbols that jittered edges tie together, at one real theta.

The same Markov chain as the kernel `symbol_chain`, which takes a whole line in the complex plane; here a few numbers do, and
whole arrays of them take less time than a kernel takes to load. Windows of symbols are numbered, the oldest first:
(g L + h) L + i with their levels g, h, i of L.
"""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float, Integer


def edge_factors(
    theta: float,
    volts: Float,
    shares: Float,
    counts: Integer,
    weights: Float,
    aparts: Float,
    ties: Float,
    levels: Float,
) -> Float:
    """(2, …, Q, L⁴): expectation of exp(theta x v) over the displacement of each edge, given its four symbols.

    Arguments as in `SymbolChain`, but for `volts` (…, Q, 1 or 2, N) of any number of chains, and `aparts` (Q,) the roots of its
    `rests`: a transition x = `weights`[q] . levels ± `aparts`[q] meets a displaced edge v, one of `volts`[…, q, 0] or, where
    x < 0, of the last of `volts`[…, q] (N,).
    """
    (*chains, edges, sides, nodes), square = volts.shape, len(levels) ** 2
    counted = np.arange(nodes) < counts[:, None]
    moved = theta * np.where(counted[:, None], volts, 0.0)
    # an exponential of each symbol at each node; of pairs they are products, and the factor is a scalar product of two pairs
    swings = np.multiply.outer(weights, levels)
    single = np.exp(swings[:, None, :, :, None] * moved[..., None, None, :])
    # in numbers throughout: where no edge is displaced there are no nodes, and NumPy cannot tell a size from nothing
    pairs = (*chains, edges, sides, square, nodes)
    early = (single[..., 0, :, None, :] * single[..., 1, None, :, :]).reshape(pairs)
    late = (single[..., 2, :, None, :] * single[..., 3, None, :, :]).reshape(pairs)
    late *= np.where(counted, shares, 0.0)[:, None, None]
    steps = (swings[:, 0, :, None] + swings[:, 1, None, :]).reshape(edges, square, 1) + (
        swings[:, 2, :, None] + swings[:, 3, None, :]
    ).reshape(edges, 1, square)
    late = late.swapaxes(-1, -2)

    def met(apart: Float) -> Float:
        """With a rest of `apart` (Q, 1, 1): scalar products by BLAS."""
        here = early * np.exp(apart * moved)[..., None, :] if apart.any() else early
        return _by_side(np.matmul(here, late), steps + apart).reshape(*chains, edges, square**2)

    rest = aparts[:, None, None]
    minus = met(-rest)
    # without rests both are the same
    plus = met(rest) if aparts.any() else minus
    # an edge that is not displaced has the factor one
    even = np.where(counts[:, None] == 0, 1.0, 0.5 * (minus + plus))
    return np.stack([even, 0.5 * ties[:, None] * (plus - minus)])


def _by_side(means: Float, steps: Float) -> Float:
    """Of `means` (…, sides, J, J) those of the last side where `steps` (…, J, J) are below zero, else those of the first."""
    first, last = means[..., 0, :, :], means[..., -1, :, :]
    return first if means.shape[-3] == 1 else np.where(steps < 0.0, last, first)


def chain_moments(
    theta: float, factors: Float, cursors: Float, main: int, levels: Float, likely: Float, pinned: int
) -> Float:
    """(…, L, P): E exp(theta x) given the level of the main symbol, of symbols h … h + 3 tied by `factors`[…, h] (2, …, Q, L⁴).

    `cursors` (…, Q + 3) in V, of any number of chains; that of the main symbol at index `main` (2 … Q + 1) is not used. With -1
    for `pinned` there is one column; with 0, 1 or 3 it is what each level contributes of that symbol of the four from `main` - 2
    on, P = L. Levels have the shares `likely` (L,), symbols taken as independent.
    """
    count, edges, joint = len(levels), factors.shape[-2], main - 2
    # share of each level times its exponential; of the main symbol, which is given, one
    weights = likely * np.exp(theta * cursors[..., None] * levels)
    weights[..., main, :] = 1.0
    # edges first, then chains
    even, odd = np.moveaxis(factors, -2, 1).reshape(2, edges, *factors.shape[1:-2], count, count, count, count)
    before, tied = levels[:, None, None, None], bool(factors[1].any())
    # What is odd in the symbol before the window stands beside what is even: from the left weighed by that symbol's level, from
    # the right a unit of it. So no message has an axis for the main symbol or for the pinned one: both lie where messages meet.
    left = weights[..., 0, :, None, None] * weights[..., 1, None, :, None] * weights[..., 2, None, None, :]
    left_odd = np.zeros_like(left)

    def moved_on(q: int) -> Float:
        value = np.asarray(even[q] * left[..., None])
        return value + odd[q] * left_odd[..., None] if tied else value

    for q in range(joint):
        # symbol q leaves the window and q + 3 enters it
        value = weights[..., q + 3, None, None, None, :] * moved_on(q)
        left = value.sum(axis=-4)
        left_odd = (before * value).sum(axis=-4) if tied else left
    right, right_odd = np.ones_like(left), np.zeros_like(left)

    def met(right: Float, right_odd: Float) -> Float:
        """From the right, with an axis for the symbol before the window."""
        return right[..., None, :, :, :] + before * right_odd[..., None, :, :, :] if tied else right[..., None, :, :, :]

    for q in range(edges - 1, joint, -1):
        value = weights[..., q + 3, None, None, None, :] * met(right, right_odd)
        right = (even[q] * value).sum(axis=-1)
        right_odd = (odd[q] * value).sum(axis=-1) if tied else right
    # axes g, h, i, j of the transition of the main symbol, which is i
    joined = weights[..., joint + 3, None, None, None, :] * moved_on(joint) * met(right, right_odd)
    if pinned < 0:
        return np.asarray(joined.sum(axis=(-4, -3, -1)))[..., None]
    kept = np.moveaxis(joined, (-2, pinned - 4), (-4, -3))
    return np.asarray(kept.sum(axis=(-2, -1)))
