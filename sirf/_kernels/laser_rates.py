"""Single-mode rate equations of a laser, step by step."""

from __future__ import annotations

from sirf._arrays import Float
from sirf._kernels.jit import kernel


@kernel
def carrier_rate(pump: float, carriers: float, photons: float, laser: Float) -> float:
    """dN/dt in 1/s for `pump` carriers a second; `laser` as in `photon_numbers`."""
    # compression: the gain falls as 1 / (1 + epsilon S), so that light does not grow without bound
    stimulated = laser[0] * (carriers - laser[1]) * photons / (1.0 + laser[2] * photons)
    rate: float = pump - carriers * laser[3] - stimulated
    return rate


@kernel
def photon_rate(carriers: float, photons: float, laser: Float) -> float:
    """dS/dt in 1/s; `laser` as in `photon_numbers`."""
    stimulated = laser[0] * (carriers - laser[1]) * photons / (1.0 + laser[2] * photons)
    rate: float = stimulated + laser[4] * carriers * laser[3] - photons * laser[5]
    return rate


@kernel
def photon_numbers(pump: Float, start: Float, laser: Float, step: float, steps: int, photons: Float) -> None:
    """Photon numbers (N,) at every `steps`-th step of `step` s, by the classical Runge-Kutta method of fourth order.

    `pump` (2 steps N + 1,) are carriers a second at every half step. `start` is (carriers, photons), and is left at the end.
    `laser` is gain G0 in 1/s, carriers at transparency, compression by a photon, 1 / carrier lifetime, share of spontaneous
    emission, 1 / photon lifetime.
    """
    n, s = start[0], start[1]
    half, sixth = 0.5 * step, step / 6.0
    place = 0
    for output in range(len(photons)):
        photons[output] = s
        for _ in range(steps):
            # the pump is given at half steps too, where the method looks twice
            early, middle, late = pump[place], pump[place + 1], pump[place + 2]
            n1, s1 = carrier_rate(early, n, s, laser), photon_rate(n, s, laser)
            x, y = n + half * n1, s + half * s1
            n2, s2 = carrier_rate(middle, x, y, laser), photon_rate(x, y, laser)
            x, y = n + half * n2, s + half * s2
            n3, s3 = carrier_rate(middle, x, y, laser), photon_rate(x, y, laser)
            x, y = n + step * n3, s + step * s3
            n4, s4 = carrier_rate(late, x, y, laser), photon_rate(x, y, laser)
            n += sixth * (n1 + 2.0 * (n2 + n3) + n4)
            # a step that takes more photons than there are leaves none; spontaneous emission starts them anew
            s = max(s + sixth * (s1 + 2.0 * (s2 + s3) + s4), 0.0)
            place += 2
    start[0], start[1] = n, s
