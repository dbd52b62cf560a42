"""What a displaced edge adds at the cursors: the step response before and behind every cursor, exactly, not expanded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sirf._arrays import Float, Integer
from sirf.engine.displaced_edges import displaced, steepest
from sirf.engine.front_end import FrontEnd


@dataclass(frozen=True, slots=True, eq=False)
class EdgeResponse:
    """A unit transition displaced by up to 1 UI either way, at K cursors.

    `step` (N,) in V is the step response with M samples per UI, `rise` and `bend` (N,) are its derivatives per sample and
    sample², all times `scale`; cursor k of `count` lies at index `start` + k `pitch`, one UI at least from both ends. An edge
    later by tau adds step(-tau) - step(0) there.
    """

    step: Float
    rise: Float
    bend: Float
    start: int
    count: int
    pitch: int
    samples_per_ui: int
    scale: float = 1.0
    _steepest: dict[int, Float] = field(default_factory=dict, repr=False)
    """Kept, of scale one and at every sample, by reach: responses of other scales and at other phases ask for the same."""

    @classmethod
    def of(cls, end: FrontEnd) -> EdgeResponse:
        """The response at the cursors of a front end."""
        m = end.samples_per_ui
        # one UI of nothing at both ends, for edges that a displacement moves beyond them
        rise, bend = np.zeros((2, len(end.edge) + 2 * m))
        rise[m:-m], bend[m:-m] = end.edge / m, end.edge_slope / (m * m)
        # the trapezoidal rule with the correction of its ends: exact for cubic edges
        step = np.concatenate([[0.0], np.cumsum(0.5 * (rise[1:] + rise[:-1]) + (bend[:-1] - bend[1:]) / 12.0)])
        # the second m is the padding
        start = end.sampling - end.pre_cursors * m + m
        return cls(step, rise, bend, start, len(end.cursors(end.edge)), m, m)

    @classmethod
    def expansion(cls, edges: Float, slopes: Float) -> EdgeResponse:
        """Of step responses that are parabolas about every cursor, with `edges` (K,) V per UI and `slopes` (K,) V per UI²."""
        # each cursor has a stretch of its own, 1 UI either side and one more sample
        m = 32
        time = np.tile(np.arange(-m, m + 2) / m, (len(edges), 1))
        step = edges[:, None] * time + 0.5 * slopes[:, None] * time**2
        rise = (edges[:, None] + slopes[:, None] * time) / m
        bend = np.broadcast_to(slopes[:, None] / (m * m), rise.shape)
        return cls(step.ravel(), rise.ravel(), bend.ravel(), m, len(edges), 2 * m + 2, m)

    def shifted(self, phase: int, count: int) -> EdgeResponse:
        """The same response at `count` cursors that lie `phase` samples later."""
        # what a phase is to the eye is a shift to the response
        return self._changed(self.start + phase, count, self.scale)

    @property
    def edges(self) -> Float:
        """Slope (K,) of the step response at the cursors, V per UI."""
        return self.scale * self.samples_per_ui * self._at_cursors(self.rise)

    @property
    def slopes(self) -> Float:
        """Curvature (K,) of the step response at the cursors, V per UI²."""
        return self.scale * self.samples_per_ui**2 * self._at_cursors(self.bend)

    def moved(self, tau: Float, rows: Integer | None = None) -> Float:
        """What edges later by `tau` (K, ...) UI add, in V; `rows` (K,) takes some of the cursors. Beyond 1 UI as at 1 UI."""
        cursors = self.start + self.pitch * (np.arange(len(tau)) if rows is None else rows)
        flat = tau.reshape(len(tau), -1)
        added = displaced(self.step, self.rise, self.bend, cursors, self.samples_per_ui, flat)
        return self.scale * added.reshape(tau.shape)

    def steepest(self, reach: float) -> Float:
        """Largest |slope| (K,) in V per UI within ±`reach` UI of each cursor."""
        # beyond one UI displacement is held, so no slope further away counts
        around = min(int(np.ceil(reach * self.samples_per_ui)), self.samples_per_ui)
        if around not in self._steepest:
            self._steepest[around] = self.samples_per_ui * steepest(self.rise, around)
        return abs(self.scale) * self._at_cursors(self._steepest[around], self.start - around)

    def scaled(self, factor: float) -> EdgeResponse:
        """The same, `factor` times as large."""
        # scaled when asked for: the samples are shared by all scales
        return self._changed(self.start, self.count, factor * self.scale)

    def later(self, lags: int) -> list[EdgeResponse]:
        """What the same edges add 1, 2 … `lags` symbols later; behind the end the response has settled."""
        # made longer once: each of them begins that much later
        far = np.zeros(lags * self.pitch)
        longer = replace(
            self,
            step=np.concatenate([self.step, far + self.step[-1]]),
            rise=np.concatenate([self.rise, far]),
            bend=np.concatenate([self.bend, far]),
            _steepest={},
        )
        return [replace(longer, start=self.start + lag * self.pitch) for lag in range(1, lags + 1)]

    def _changed(self, start: int, count: int, scale: float) -> EdgeResponse:
        # by hand: an eye asks for it at every phase, and `replace` takes ten times as long
        parts = self.step, self.rise, self.bend
        return EdgeResponse(*parts, start, count, self.pitch, self.samples_per_ui, scale, self._steepest)

    def _at_cursors(self, values: Float, start: int | None = None) -> Float:
        first = self.start if start is None else start
        return np.asarray(values[first : first + self.pitch * (self.count - 1) + 1 : self.pitch])
