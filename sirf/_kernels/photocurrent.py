"""What a photodiode makes of light and its noise, sample by sample, in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float32] | NDArray[np.float64]


@kernel(fastmath=True)  # sums of a few terms in single precision, in one order on one machine
def noisy_currents(
    power: Real, beats: Real, intensity: Real, thermal: Real, current: Real, white: Real, constants: Real
) -> None:
    """`current` (n,) in A about its mean, of light `power` + `beats` (n,) in W, and the `white` noise (n,) in A behind the diode.

    `constants` (6,): the diode's responsivity in A/W and its dark current in A, the mean current in A, what makes relative noise
    of the light of the deviates `intensity` (n,), and what the variance of `white` is: in A times the current, and in A² always
    (`thermal` (n,) deviates).
    """
    slope, dark, mean, relative = constants[0], constants[1], constants[2], constants[3]
    per_current, always, nothing = constants[4], constants[5], constants[0] - constants[0]
    for i in range(len(power)):
        # light has no negative power; its noise goes with the light itself, not with what beats with it
        bright = max(power[i] + beats[i], nothing)
        steady = slope * power[i] + dark
        current[i] = slope * bright + dark + relative * steady * intensity[i] - mean
        white[i] = np.sqrt(per_current * max(steady, nothing) + always) * thermal[i]
