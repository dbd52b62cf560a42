"""Streams at one sample per symbol: random numbers, filters and edges, in float32 loops that the compiler turns into vectors.

Nothing here keeps state but the generator's, which the caller holds. All loops may reassociate sums (`fastmath`): the result is
the same in every run of one machine, and vectors need it.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Single = NDArray[np.float32]
Words = NDArray[np.uint64]

LANES = 16
"""Generators that run side by side, so that one vector instruction moves several."""
STEPS = 8
"""Words that each of them makes at a time."""
UPPER, LOWER = (1, 0) if sys.byteorder == "little" else (0, 1)
"""Where the halves of a 64-bit word lie among its two of 32 bits."""
BLOCK = 2048
"""Output samples of a filter that stay in the first cache while all taps pass."""
UNROLL = 8
"""Taps that share one pass over the output: tap counts are multiples of it."""
SCATTERED = 4
"""The same for taps that do not lie side by side."""

# sine and cosine of y quarter turns, |y| at most 1, by Taylor: left out are (pi/2)^13 / 13! = 6e-8 and (pi/2)^14 / 14!
# = 6e-9, what float32 cannot hold
_SINE = tuple(np.float32((-1) ** k * (math.pi / 2) ** (2 * k + 1) / math.factorial(2 * k + 1)) for k in range(6))
_COSINE = tuple(np.float32((-1) ** k * (math.pi / 2) ** (2 * k) / math.factorial(2 * k)) for k in range(7))
S1, S3, S5, S7, S9, S11 = _SINE
C0, C2, C4, C6, C8, C10, C12 = _COSINE
# 2 artanh(s) = 2 s + 2/3 s³ + …; for |s| up to 0.172 the first term left out, 2/11 s^11, is below 1e-9
L3, L5, L7, L9 = np.float32(2 / 3), np.float32(2 / 5), np.float32(2 / 7), np.float32(2 / 9)
LN2 = np.float32(math.log(2.0))
HALF, ONE, TWO = np.float32(0.5), np.float32(1.0), np.float32(2.0)
# fractions of a 32-bit word: of a sign and 31 bits, of 32 bits, and half a step
P31, P32, P33 = np.float32(2.0**-31), np.float32(2.0**-32), np.float32(2.0**-33)


@kernel
def seed_state(entropy: NDArray[np.uint32], out: NDArray[np.uint32]) -> None:
    """Fill `out` (n,) with the state that NumPy's `SeedSequence` generates from `entropy` (k,), k at least 4, bit for bit.

    Melissa O'Neill's seed_seq_fe (2015), which takes NumPy some 24 microseconds for the seed of 16 generators, and this one half.
    """
    pool = np.empty(4, dtype=np.uint32)
    constant = np.uint32(0x43B0D7E5)
    for turn in range(4 * (len(entropy) + 1)):
        # four words of entropy fill the pool, each of the pool is mixed into the others, further entropy into all four
        source, target = turn // 4 - 1, turn % 4
        if turn < 4:
            word = entropy[turn]
        elif turn < 20:
            word = pool[source]
        else:
            word = entropy[source]
        if 4 <= turn < 20 and source == target:
            continue
        word ^= constant
        constant = np.uint32(constant * np.uint32(0x931E8875))
        word = np.uint32(word * constant)
        word ^= word >> np.uint32(16)
        if turn >= 4:
            word = np.uint32(np.uint32(0xCA01F9DD) * pool[target]) - np.uint32(np.uint32(0x4973F715) * word)
            word = np.uint32(word)
            word ^= word >> np.uint32(16)
        pool[target] = word
    constant = np.uint32(0x8B51F9DD)
    for k in range(len(out)):
        word = pool[k % 4] ^ constant
        constant = np.uint32(constant * np.uint32(0x58F38DED))
        word = np.uint32(word * constant)
        out[k] = word ^ (word >> np.uint32(16))


@kernel
def _next_word(
    s0: np.uint64, s1: np.uint64, s2: np.uint64, s3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """The next word of a generator, and its state after that."""
    total = s0 + s3
    # rotl(s0 + s3, 23) + s0: the "++" scrambler
    word = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    third, fourth = s2 ^ s0, s3 ^ s1
    turned = (fourth << np.uint64(45)) | (fourth >> np.uint64(19))
    return word, s0 ^ fourth, s1 ^ third, third ^ (s1 << np.uint64(17)), turned


@kernel
def random_words(state: Words, out: Words) -> None:
    """Fill `out` (n,), n a multiple of 16, with 64-bit words of 16 interleaved xoshiro256++ generators; moves `state` (4, 16).

    Word i comes from lane i % 16. Generator: Blackman and Vigna, ACM TOMS 47 (2021) 36.
    """
    s0, s1, s2, s3 = state[0].copy(), state[1].copy(), state[2].copy(), state[3].copy()
    rows = len(out) // LANES
    for first in range(0, rows - STEPS + 1, STEPS):
        part = out[first * LANES : (first + STEPS) * LANES]
        for lane in range(LANES):
            # several steps in registers: a state that went to memory after each would keep the next one waiting
            a, b, c, d = s0[lane], s1[lane], s2[lane], s3[lane]
            for step in range(STEPS):
                part[step * LANES + lane], a, b, c, d = _next_word(a, b, c, d)
            s0[lane], s1[lane], s2[lane], s3[lane] = a, b, c, d
    for row in range(rows // STEPS * STEPS, rows):
        part = out[row * LANES : (row + 1) * LANES]
        for lane in range(LANES):
            part[lane], s0[lane], s1[lane], s2[lane], s3[lane] = _next_word(s0[lane], s1[lane], s2[lane], s3[lane])
    # a slice assigned to a slice would compile text code for its error message
    for lane in range(LANES):
        state[0, lane], state[1, lane], state[2, lane], state[3, lane] = s0[lane], s1[lane], s2[lane], s3[lane]


@kernel(fastmath=True)
def normals(words: Words, out: Single) -> None:
    """Standard normal deviates (n,) from random `words` (n,), n even, by the method of Box and Muller (1958).

    A pair takes two words: the radius from all 64 bits of one, so that the tails are right to 9 deviations, the angle from the
    upper half of the other. Logarithm, sine and cosine are series good to float32, written out so that they vectorise.
    """
    half = len(words) // 2
    # words of 32 bits, as wide as the deviates: those of 64 would halve what a vector holds
    halves = words.view(np.uint32)
    radial, angular = halves[: 2 * half], halves[2 * half : 4 * half]
    sines, cosines = out[:half], out[half : 2 * half]
    for i in range(half):
        # a small upper half leaves room in the mantissa for the lower one
        uniform = (np.float32(radial[2 * i + UPPER]) + np.float32(radial[2 * i + LOWER]) * P32 + P33) * P32
        # ln u = e ln 2 + 2 artanh((m - 1) / (m + 1)), m within sqrt(1/2) … sqrt(2)
        bits = np.float32(uniform).view(np.int32)
        # 0x3F3504F3 is the bit pattern of sqrt(1/2): the difference's upper bits are the power of two that brings m
        # into the range
        exponent = (bits - np.int32(0x3F3504F3)) >> np.int32(23)
        mantissa = np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32)
        s = (mantissa - ONE) / (mantissa + ONE)
        s2 = s * s
        logarithm = np.float32(np.int32(exponent)) * LN2 + s * (TWO + s2 * (L3 + s2 * (L5 + s2 * (L7 + s2 * L9))))
        # the series may end a rounding above ln 1 = 0
        radius = np.sqrt(max(-TWO * logarithm, np.float32(0.0)))
        # half a turn about the cosine's axis; one more bit says on which side
        y = np.float32(np.int32(angular[2 * i + UPPER])) * P31
        y2 = y * y
        sine = y * (S1 + y2 * (S3 + y2 * (S5 + y2 * (S7 + y2 * (S9 + y2 * S11)))))
        cosine = C0 + y2 * (C2 + y2 * (C4 + y2 * (C6 + y2 * (C8 + y2 * (C10 + y2 * C12)))))
        side = ONE - np.float32(np.int32(angular[2 * i + LOWER] & np.uint32(1))) * TWO
        sines[i] = radius * sine
        cosines[i] = radius * cosine * side


@kernel
def random_symbols(words: Words, order: np.uint64, symbols: NDArray[np.uint8]) -> None:
    """Level indices (2 n,) in 0 … order - 1 from random `words` (n,), one from each half; biased by less than 2^-29."""
    n = len(words)
    upper, lower = symbols[:n], symbols[n : 2 * n]
    for i in range(n):
        # Lemire's multiply and shift: a modulo would cost a division and not vectorise
        upper[i] = ((words[i] >> np.uint64(32)) * order) >> np.uint64(32)
        lower[i] = ((words[i] & np.uint64(0xFFFFFFFF)) * order) >> np.uint64(32)


@kernel
def _units(levels: Single) -> tuple[np.float32, np.float32]:
    """What the inner levels are multiples of, and what the outer ones are."""
    most = len(levels) - 1
    outer = levels[most] / np.float32(most)
    # of two or three levels none but zero lies inside
    inner = levels[most - 1] / np.float32(most - 2) if most > 2 else outer
    return inner, outer


@kernel
def random_levels(words: Words, bits: int, levels: Single, out: Single) -> None:
    """Random `levels` (2^`bits`,) as in `take_levels` into `out` (n,), from the bits of `words`: each gives 64 // `bits`."""
    count = len(words)
    most = np.int32((1 << bits) - 1)
    inner, outer = _units(levels)
    for part in range(64 // bits):
        shift = np.uint64(part * bits)
        row = out[part * count : (part + 1) * count]
        for i in range(len(row)):
            step = np.int32(2) * np.int32((words[i] >> shift) & np.uint64(most)) - most
            row[i] = np.float32(step) * (outer if abs(step) == most else inner)


@kernel
def take_levels(symbols: NDArray[np.uint8], levels: Single, out: Single) -> None:
    """`levels` (L,) of `symbols` (n,): multiples of two units vectorise, a table does not.

    Levels are symmetric about zero, and the inner ones equally spaced: level mismatch moves all of them by one factor.
    """
    most = np.int32(len(levels) - 1)
    inner, outer = _units(levels)
    for i in range(len(symbols)):
        step = np.int32(2) * np.int32(symbols[i]) - most
        out[i] = np.float32(step) * (outer if abs(step) == most else inner)


@kernel(fastmath=True)
def correlate_add(wave: Single, taps: Single, out: Single) -> None:
    """Add the sum over j of taps[j] wave[i + j] to out[i]; `taps` (8 k,), `wave` (n + 8 k - 1 at least,), `out` (n,)."""
    total = len(out)
    for start in range(0, total, BLOCK):
        size = min(BLOCK, total - start)
        target = out[start : start + size]
        for j in range(0, len(taps), UNROLL):
            h0, h1, h2, h3 = taps[j], taps[j + 1], taps[j + 2], taps[j + 3]
            h4, h5, h6, h7 = taps[j + 4], taps[j + 5], taps[j + 6], taps[j + 7]
            w = wave[start + j : start + j + size + 7]
            for i in range(size):
                target[i] += (
                    h0 * w[i]
                    + h1 * w[i + 1]
                    + h2 * w[i + 2]
                    + h3 * w[i + 3]
                    + h4 * w[i + 4]
                    + h5 * w[i + 5]
                    + h6 * w[i + 6]
                    + h7 * w[i + 7]
                )


@kernel(fastmath=True)
def correlate_stretches(
    wave: Single,
    taps: Single,
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    phases: NDArray[np.int64],
    lead: int,
    stretch: int,
    out: Single,
) -> None:
    """Add the sum over j of taps[row, j] wave[i + offsets[row, j]] to out[i], with the row `phases[s]` in stretch s.

    `taps` (M, T), `offsets` (M, T), `out` (n,); of a row `lengths` (M,) count, a multiple of 4. The first stretch has `lead`
    samples more than `stretch`, the last what is left.
    """
    start = 0
    for s in range(len(phases)):
        row = phases[s]
        stop = lead + (s + 1) * stretch if s + 1 < len(phases) else len(out)
        size = stop - start
        target = out[start:stop]
        for j in range(0, lengths[row], SCATTERED):
            h0, h1, h2, h3 = taps[row, j], taps[row, j + 1], taps[row, j + 2], taps[row, j + 3]
            w0, w1 = wave[start + offsets[row, j] :], wave[start + offsets[row, j + 1] :]
            w2, w3 = wave[start + offsets[row, j + 2] :], wave[start + offsets[row, j + 3] :]
            for i in range(size):
                target[i] += h0 * w0[i] + h1 * w1[i] + h2 * w2[i] + h3 * w3[i]
        start = stop


@kernel(fastmath=True)
def delayed_sums(waves: Single, taps: Single, offsets: NDArray[np.int64], out: Single) -> None:
    """Sums over j of `taps`[b, j] times the periodic wave b, earlier by `offsets`[b, j] samples: `waves` and `out` (B, n).

    `taps` (B, T) and `offsets` (B, T), from 0 to n - 1; T is a multiple of 4.
    """
    rows, n = waves.shape
    twice = np.empty(2 * n, dtype=np.float32)
    for b in range(rows):
        wave, target = waves[b], out[b]
        for i in range(n):
            # two periods: what is earlier reads on from the first into the second
            twice[i] = twice[n + i] = wave[i]
            target[i] = np.float32(0.0)
        for j in range(0, taps.shape[1], SCATTERED):
            h0, h1, h2, h3 = taps[b, j], taps[b, j + 1], taps[b, j + 2], taps[b, j + 3]
            w0, w1 = twice[offsets[b, j] :], twice[offsets[b, j + 1] :]
            w2, w3 = twice[offsets[b, j + 2] :], twice[offsets[b, j + 3] :]
            for i in range(n):
                target[i] += h0 * w0[i] + h1 * w1[i] + h2 * w2[i] + h3 * w3[i]


@kernel(fastmath=True)
def compress(staircase: Single, compression: np.float32, lost: Single) -> None:
    """Take compression x³ off `staircase` (n,) in place, and leave -compression x³ in `lost` (n,)."""
    for i in range(len(staircase)):
        # the cubic term of a driver that compresses: x - compression x³
        x = staircase[i]
        lost[i] = -compression * x * x * x
        staircase[i] = x + lost[i]


@kernel(fastmath=True)
def displace(
    staircase: Single,
    random: Single,
    side: Single,
    other: Single,
    random_ui: np.float32,
    duty_cycle_ui: np.float32,
    first: Single,
    second: Single,
    kept: Single,
) -> None:
    """Drives (n,) of the first- and second-order responses to displaced edges: -dx tau and dx tau² / 2.

    `staircase` (n + 1,) is the Tx output, edge k leading into sample k + 1. tau = random_ui x random + side + other, and half of
    `duty_cycle_ui` more for a rising edge, less for a falling one; `side` and `other` may be empty. `kept` (n,) takes tau, or
    nothing where it is empty.
    """
    n = len(first)
    for k in range(n):
        first[k] = random_ui * random[k]
    if len(side):
        for k in range(n):
            first[k] += side[k]
    if len(other):
        for k in range(n):
            first[k] += other[k]
    for k in range(n):
        step = staircase[k + 1] - staircase[k]
        # positive duty-cycle distortion makes rising edges later
        duty = HALF * duty_cycle_ui
        tau = first[k] + (duty if step > np.float32(0.0) else -duty)
        first[k] = -step * tau
        second[k] = HALF * step * tau * tau
        if len(kept):
            kept[k] = tau
