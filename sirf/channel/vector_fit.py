"""A rational model of a network by vector fitting (Gustavsen and Semlyen 1999); the fit itself is scikit-rf's.

For parts and short segments: a line needs about one pair of poles for every half turn of its phase over the band, so a long
channel is better used as data (see `docs/theory/quality.md`).
"""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf._display import html_table, table
from sirf.channel.network import Network
from sirf.channel.quality import PASSIVE
from sirf.errors import LimitError, SirfError

_PAIRS = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64)
"""Numbers of complex pole pairs that are tried in turn; the first that is good enough wins, for spare poles do harm."""
_REAL_POLES = 2
_TEST_SPAN = 2.0
"""Passivity is tested up to this multiple of the last frequency."""


@dataclass(frozen=True, slots=True, eq=False)
class RationalModel:
    """S_ij(f) = constant_ij + sum over n of residues_ijn / (j 2 pi f - poles_n), and the conjugate term for complex poles.

    `poles` (N,) and `residues` (P, P, N) in rad/s, each complex pair once (positive imaginary part), `constant` (P, P);
    `rms_error` and `max_error` are those of |model - data| over all entries at the data's frequencies up to `last` in Hz.
    """

    poles: Complex
    residues: Complex
    constant: Float
    z0: float
    last: float
    rms_error: float
    max_error: float
    name: str = ""

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.poles, self.residues, self.constant):
            array.flags.writeable = False

    @property
    def order(self) -> int:
        """Number of states for each input: real poles once, complex pairs twice."""
        # a complex pair is two states of a real system
        return int(np.sum(np.where(self.poles.imag == 0, 1, 2)))

    @property
    def stable(self) -> bool:
        """Whether all poles lie in the left half plane: the model is causal then."""
        return bool(np.all(self.poles.real < 0))

    @property
    def largest_singular_value(self) -> float:
        """Largest singular value from 0 Hz to twice the last frequency, on 2001 points."""
        # beyond the data, where nothing held the fit down
        s = self.network(np.linspace(0.0, _TEST_SPAN * self.last, 2001)).s
        return float(np.linalg.svd(s, compute_uv=False).max())

    @property
    def passive(self) -> bool:
        """Whether no singular value exceeds 1 + 1e-5 up to twice the last frequency."""
        return self.largest_singular_value <= 1.0 + PASSIVE

    def network(self, frequency: ArrayLike) -> Network:
        """The model at `frequency` (F,) in Hz, inside or beyond the data's band."""
        # j w, a row for each frequency
        points = np.asarray(frequency, dtype=np.float64)
        turn = 2j * np.pi * points[:, None]
        # a complex pole is stored once and stands for its conjugate too
        paired = self.poles.imag != 0
        s = (1.0 / (turn - self.poles)) @ self.residues.reshape(-1, self.poles.size).T
        s += (1.0 / (turn - self.poles[paired].conj())) @ self.residues[..., paired].reshape(-1, paired.sum()).conj().T
        ports = self.constant.shape[0]
        return Network(points, s.reshape(-1, ports, ports) + self.constant, z0=self.z0, name=self.name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: real and imaginary parts as pairs."""

        def pairs(values: Complex) -> list[Any]:
            return np.stack([values.real, values.imag], axis=-1).tolist()  # type: ignore[no-any-return]

        return {
            "order": self.order,
            "stable": self.stable,
            "passive": self.passive,
            "rms_error": self.rms_error,
            "max_error": self.max_error,
            "last_hz": self.last,
            "z0_ohm": self.z0,
            "poles": pairs(self.poles),
            "residues": pairs(self.residues),
            "constant": self.constant.tolist(),
        }

    def __repr__(self) -> str:
        """One line: order and error."""
        return f"RationalModel({self.name!r}, order {self.order}, rms error {self.rms_error:.3g})"

    def __str__(self) -> str:
        """The figures as a table."""
        return table(f"Rational model of {self.name}", self._rows())

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return html_table(f"Rational model of {self.name}", self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("order", f"{self.order} ({self.poles.size} poles and pairs)"),
            ("error", f"rms {self.rms_error:.3g}, largest {self.max_error:.3g}, to {self.last / 1e9:g} GHz"),
            ("stable", "yes" if self.stable else "no"),
            ("passive", f"{'yes' if self.passive else 'no'}: largest singular value {self.largest_singular_value:.6f}"),
        ]


def vector_fit(
    network: Network,
    *,
    max_error: float = 1e-3,
    max_pairs: int = 36,
    points: int = 401,
    passive: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> RationalModel:
    """Rational model of `network`: the fewest pole pairs whose rms error is at most `max_error`, passive if asked.

    At most `points` frequencies, evenly taken, are fitted; the errors are those at all. Passivity is enforced by perturbing
    the residues (scikit-rf's `passivity_enforce`, after Gustavsen 2008) and then tested here, up to twice the last frequency.
    `progress` is told what is fitted next, and how many of all numbers of pairs have been tried.

    Raises `LimitError` when `max_pairs` pairs do not reach `max_error`, or no fit that does is passive; `SirfError` for fewer
    than 16 points or a `max_error` that is not positive.
    """
    check_error(max_error, max_pairs)
    if network.frequency.size < 16:
        raise SirfError(f"points must be at least 16 to fit, got {network.frequency.size}. Use a finer grid.")
    # evenly by index, first and last with them
    taken = np.unique(np.linspace(0, network.frequency.size - 1, min(points, network.frequency.size)).astype(np.intp))
    thin = Network(network.frequency[taken], network.s[taken], z0=network.z0, name=network.name)
    best: RationalModel | None = None
    # no more poles than points
    most = min(max_pairs, (taken.size - _REAL_POLES) // 2)
    counts = [count for count in _PAIRS if count <= most]
    for tried, pairs in enumerate(counts):
        if progress is not None:
            reached = "" if best is None else f", rms error {best.rms_error:.2g} so far"
            progress(f"{pairs} pole pair{'s' if pairs > 1 else ''}{reached}", tried, len(counts))
        model = _fitted(network, thin, pairs, passive=passive)
        if model is None:
            continue
        if model.rms_error <= max_error and model.stable and (model.passive or not passive):
            return model
        # kept for the message alone
        if best is None or model.rms_error < best.rms_error:
            best = model
    found = "no usable fit" if best is None else f"{best.rms_error:.2g}" + (", not passive" if not best.passive else "")
    raise LimitError(
        f"rms error of a {'passive ' if passive else ''}model of {network.name or 'network'} must be at most {max_error:g}, "
        f"got {found} with up to {most} pole pairs. Allow more pairs or error, or fit a shorter piece."
    )


def check_error(max_error: float, max_pairs: int = 36) -> None:
    """`SirfError` unless both limits of a fit are positive."""
    if not max_error > 0 or max_pairs < 1:
        raise SirfError(
            f"max_error and max_pairs must be positive, got {max_error!r} and {max_pairs!r}. Use 1e-3 and 36."
        )


def _fitted(network: Network, thin: Network, pairs: int, *, passive: bool) -> RationalModel | None:
    """One fit; None where scikit-rf's linear algebra gives up."""
    from skrf.vectorFitting import VectorFitting

    fit = VectorFitting(thin.to_network())
    with python_warnings.catch_warnings(), np.errstate(all="ignore"):
        python_warnings.simplefilter(
            "ignore"
        )  # its remarks on convergence and passivity are judged by the errors below
        try:
            fit.vector_fit(n_poles_real=_REAL_POLES, n_poles_cmplx=pairs, **_known(fit.vector_fit, enforce_dc=False))
            model = _model(fit, network)
            # only a fit that is nearly good: enforcing passivity on a bad one mends nothing
            if passive and model.rms_error < 0.1 and not model.passive:
                last = _TEST_SPAN * float(network.frequency[-1])
                fit.passivity_enforce(f_max=last, **_known(fit.passivity_enforce, preserve_dc=False))
                model = _model(fit, network)
        except (np.linalg.LinAlgError, ValueError, RuntimeError):
            return None
    return model


def _known(function: Callable[..., Any], **options: bool) -> dict[str, bool]:
    """The options that this version of scikit-rf knows: forcing the value at DC, new in 2.0, spoils the fit elsewhere."""
    return {name: value for name, value in options.items() if name in signature(function).parameters}


def _model(fit: Any, network: Network) -> RationalModel:
    ports = network.ports
    model = RationalModel(
        poles=np.array(fit.poles, dtype=np.complex128),
        residues=np.array(fit.residues, dtype=np.complex128).reshape(ports, ports, -1),
        constant=np.array(fit.constant_coeff, dtype=np.float64).reshape(ports, ports),
        z0=network.z0,
        last=float(network.frequency[-1]),
        rms_error=np.inf,
        max_error=np.inf,
        name=network.name,
    )
    # at all points, also those that the fit did not see
    error = np.abs(model.network(network.frequency).s - network.s)
    return RationalModel(
        model.poles,
        model.residues,
        model.constant,
        model.z0,
        model.last,
        float(np.sqrt(np.mean(error**2))),
        float(error.max()),
        model.name,
    )
