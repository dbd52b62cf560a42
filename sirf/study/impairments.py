"""What limits a link: the impairment of which 3 dB less lowers the error ratio most, and the runner-up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf._arrays import Complex, Float
from sirf.ami.flow import modelled
from sirf.ami.parameter_search import equalize_own_side
from sirf.channel.channel import Channel
from sirf.channel.figures.weighting import MIN_FREQUENCY
from sirf.channel.linear_repeater import WIRE
from sirf.channel.network import PAIR_OHM, Network, bulk_delay
from sirf.channel.transfer import Transfer
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.light.large_signal import LevelDistortion
from sirf.engine.statistical.analysis import InterferenceModel, interference_model
from sirf.errors import SirfError
from sirf.link import Link
from sirf.optics.fibre import Connector, Fibre, MultimodeFibre
from sirf.optics.optical_path import OpticalPath
from sirf.optics.span import Span
from sirf.results.interference_distribution import Interference
from sirf.signal.pam import level_shares
from sirf.transmitter.jitter import Jitter
from sirf.units import db20

CAUSES = (
    "loss",
    "reflection",
    "crosstalk",
    "jitter",
    "receiver noise",
    "transmitter noise",
    "laser intensity noise",
    "multipath",
    "dispersion",
    "curvature",
    "quantisation",
)
# enough to be seen above the rounding of a tail, little enough that one cause does not hand over to the next on the way
LESS_DB = 3.0
"""By how much each impairment is lessened in turn."""
# noise is lessened as a power and everything that is a voltage or a time as an amplitude, so that 3 dB mean the same for all
POWER, AMPLITUDE = 10.0 ** (-LESS_DB / 10.0), 10.0 ** (-LESS_DB / 20.0)
"""What 3 dB less leaves of a noise power, and of an amplitude."""
MIN_ERROR_RATIO = 1e-15
"""Below it tails are compared at the smaller distance at which the link has this ratio: deeper ones are lost in rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation:
    """What limits a link: `cause`, of which 3 dB less regains `gain` decades of the error ratio, and the `runner_up`.

    `gained` has the decades of every cause that the link has, the greatest first. The runner-up is None where there is one
    cause alone.
    """

    cause: str
    gain: float
    runner_up: str | None
    runner_up_gain: float
    gained: dict[str, float]

    @classmethod
    def of(cls, gained: dict[str, float]) -> Limitation:
        """From the decades that each cause regains."""
        ranked = sorted(gained.items(), key=lambda item: -item[1])
        second, less = ranked[1] if len(ranked) > 1 else (None, 0.0)
        # sorted already: the report shows the greatest first
        return cls(cause=ranked[0][0], gain=ranked[0][1], runner_up=second, runner_up_gain=less, gained=dict(ranked))


def limited_by(link: Link) -> Limitation:
    """The cause of which 3 dB less lowers the symbol error ratio most, measured cause by cause.

    `link` is equalised already and keeps its setting, but for loss. The ratio is that with ideal feedback at the sampling
    instant, large signals of light and adapted thresholds included. 3 dB less of

    - loss: the smooth path (`smooth_transfer`) loses 3 dB less at half the symbol rate, over all frequencies in proportion, and
      the equaliser is set anew; of light, 3 dB less between transmitter and photodiode. The greater of both;
    - reflection: the interference that the equaliser leaves of echoes; crosstalk: what aggressors launch;
    - jitter: every displacement of the edges;
    - receiver noise: its density, and that of a photodiode's amplifier; transmitter noise: SNR_TX, and an optical driver's noise;
    - laser intensity noise: RIN; multipath: power of all double reflections; dispersion: that of the fibre;
    - curvature: what light bends (levels, products of symbols); quantisation: the step of the converter.

    Vendor models take part by the responses of their AMI_Init, which run anew on the copper with less loss.

    Loss, and no gain, for a link on which nothing arrives that could be decided. Raises `SirfError` for a link that the
    statistical engine refuses.
    """
    # the models' filters are linear once AMI_Init has run: what stays is a link that the statistical engine reads
    bare = _without_models(link).placed()
    try:
        front_end(bare)
    except SirfError:
        # no main cursor: nothing else can be to blame, and there is no tail from which a gain could be measured
        return Limitation.of({"loss": 0.0})
    # kept where the eye of this link was found last
    model = interference_model(bare)
    # the same depth for all: distances to the thresholds of the link as it is and of each lessened one stay comparable
    depth = _depth(model)
    here = _log_error_ratio(model, depth)
    gained: dict[str, float] = {}
    for cause, lessened in _lessened(bare, model, link):
        # never negative: rounding of a cause without effect would print as harm
        found = max((here - _log_error_ratio(lessened(), depth)) / np.log(10.0), 0.0)
        # loss stands twice in a link with copper and light; each is lessened alone, for one of them is what could be changed
        gained[cause] = max(gained.get(cause, 0.0), float(found))
    return Limitation.of(gained)


def _without_models(link: Link) -> Link:
    """The link with the filters that its vendor models' AMI_Init gives in their place."""
    # models run anew where the copper changes: their AMI_Init adapts to it
    return modelled(link).linear if link.has_models else link


def _equalized_anew(link: Link) -> Link:
    if link.has_models:
        return _without_models(equalize_own_side(link))
    return link.optimized(between_samples=True)


def _lessened(
    link: Link, model: InterferenceModel, given: Link
) -> Iterator[tuple[str, Callable[[], InterferenceModel]]]:
    """(cause, how to make the model with 3 dB less of it) of everything that the link has; `given` has its vendor models."""
    receiver, transmitter, jitter = link.receiver, link.transmitter, link.transmitter.jitter
    if link.optics is None or _has_copper(link.optics):
        # outside the lambda: echoes are those of the link as it stands, whatever is asked of it later
        echoes = _echoes(link)
        # 'removed' is what 3 dB less of an amplitude takes away
        yield "reflection", lambda: _Relieved(link, (1.0 - AMPLITUDE) * echoes, like=model)
        yield "loss", lambda: InterferenceModel(_equalized_anew(_with_less_copper_loss(given)))
    if link.aggressors:
        launched = zip(link.aggressors, link.launch_amplitudes()[1:], strict=True)
        # `launch_amplitudes` begins with the through path's
        quieter = tuple(dataclasses.replace(one, amplitude=AMPLITUDE * volts) for one, volts in launched)
        yield "crosstalk", lambda: InterferenceModel(link.replace(aggressors=quieter), like=model)
    if jitter:
        yield "jitter", lambda: InterferenceModel(_transmitting(link, jitter=_less_jitter(jitter)), like=model)
    # density is a power
    quiet = link.replace(receiver=dataclasses.replace(receiver, noise_density=POWER * receiver.noise_density))
    # SNR is of powers: 3 dB more of it are 3 dB less of noise power
    snr_db = None if transmitter.snr_db is None else transmitter.snr_db + LESS_DB
    purer = _transmitting(link, snr_db=snr_db)
    if link.optics is None:
        yield "receiver noise", lambda: InterferenceModel(quiet, like=model)
        if snr_db is not None:
            yield "transmitter noise", lambda: InterferenceModel(purer, like=model)
    else:
        yield from _lessened_light(link, model, quiet, purer)
    if receiver.converter is not None:
        yield "quantisation", lambda: _FinerSteps(link, like=model)


def _lessened_light(
    link: Link, model: InterferenceModel, quiet: Link, purer: Link
) -> Iterator[tuple[str, Callable[[], InterferenceModel]]]:
    """The same of light; `quiet` and `purer` have less noise of receiver and transmitter already."""
    span = link.optics
    assert span is not None
    path, source, amplifier = span.path, span.path.source, span.path.receiver.tia

    def through(
        # the interference of the link itself is handed on where the pulse stays: only what differs is computed
        changed: OpticalPath,
        base: Link = link,
        like: InterferenceModel | None = model,
    ) -> Callable[[], InterferenceModel]:
        assert base.optics is not None
        optics = base.optics.with_path(changed)
        return lambda: InterferenceModel(base.replace(optics=optics), like=like)

    # not `like` the model: more light moves the operating point, and with it noise and curves of every level
    yield "loss", through(_with_less_glass_loss(path), like=None)
    # an rms density in A/sqrt(Hz), so 3 dB less power is a factor of the amplitude; `noise_density` of a receiver is a
    # power
    low_noise = dataclasses.replace(amplifier, noise=AMPLITUDE * amplifier.noise)
    yield (
        "receiver noise",
        through(dataclasses.replace(path, receiver=dataclasses.replace(path.receiver, tia=low_noise)), quiet),
    )
    driver = dataclasses.replace(path.driver, noise=AMPLITUDE * path.driver.noise)
    yield "transmitter noise", through(dataclasses.replace(path, driver=driver), purer)
    if source.rin > 0.0:
        calm = dataclasses.replace(source, rin_db_per_hz=source.rin_db_per_hz - LESS_DB)
        yield "laser intensity noise", through(dataclasses.replace(path, source=calm))
    if path.interference.echoes:
        yield "multipath", through(_with_less_reflectance(path))
    if path.fibre.length > 0.0:
        # dispersion is part of the pulse: its front end cannot be shared
        yield "dispersion", through(dataclasses.replace(path, fibre=_less_dispersive(path.fibre)), like=None)
    if model.large is not None:
        yield "curvature", lambda: _Straightened(link, like=model)


def _depth(model: InterferenceModel) -> float:
    """Share of the distances to the thresholds at which the error ratio is `MIN_ERROR_RATIO`; 1 where it is greater there."""
    # shallow enough: no rescaling of distances
    if _log_error_ratio(model, 1.0) >= np.log(MIN_ERROR_RATIO):
        return 1.0
    low, high = 0.0, 1.0
    # thirty halvings: a part in 1e9 of the distance, far below what a tail tells
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _log_error_ratio(model, middle) > np.log(MIN_ERROR_RATIO) else (low, middle)
    return 0.5 * (low + high)


def _log_error_ratio(model: InterferenceModel, depth: float) -> float:
    """Natural logarithm of the symbol error ratio with the thresholds at `depth` of their distance from the levels."""
    # kept on the model: the instant is asked for at every depth of the search
    piece = model.at(0)
    levels, main = model.decided, model.front_end.main_cursor
    usual = level_shares(len(levels))
    # of the model at hand: adapted thresholds follow what is lessened
    decision = model.thresholds(piece)
    total = 0.0
    for e, threshold in enumerate(decision):
        # each threshold is missed from both sides; the levels beside it are sent as often as their modulation sends them
        total += usual[e] * float(piece.above(e, depth * (threshold - levels[e] * main)))
        total += usual[e + 1] * float(piece.below(e + 1, depth * (levels[e + 1] * main - threshold)))
    # a tail of zero is one that arithmetic cannot tell from it: a finite logarithm keeps differences finite
    return float(np.log(max(total, 1e-40)))


def smooth_transfer(transfer: Transfer, *, f_max: float) -> Transfer:
    """The transfer without ripple: least squares of its logarithm, loss and phase together, between 50 MHz and `f_max` in Hz.

    One uniform line, a1 (1 + j) sqrt(f) + a2 f (1 - j (2 / pi) ln f) + j tau f, and a0 + a4 f² + j b f³ for dies and pads, whose
    terms are causal one by one; points weighted by |S21| as in IEEE 802.3 clause 93A.3. It stays passive where it extrapolates.
    """
    f, delay = transfer.frequency, bulk_delay(transfer.frequency, transfer.value)
    # without its delay the phase turns little from point to point, and `unwrap` cannot lose a turn
    aligned = transfer.value * np.exp(2j * np.pi * f * delay)
    # COM's lowest frequency, and up to where a pulse has energy
    inside = (f >= MIN_FREQUENCY) & (f <= f_max)
    terms = _terms(f)
    # by |S21|: deep points would fit noise
    weight = np.abs(aligned[inside])
    wanted = weight * (np.log(weight) + 1j * np.unwrap(np.angle(aligned))[inside])
    # real and imaginary rows: the coefficients are real
    rows, target = (_real(part) for part in (weight[:, None] * terms[inside], wanted))
    # columns of like size: f³ beside a constant would leave least squares no digits
    scale = np.abs(rows).max(axis=0)
    fit = terms @ (np.linalg.lstsq(rows / scale, target, rcond=None)[0] / scale)
    # the real part is the logarithm of the magnitude: above zero the line would gain
    passive = np.minimum(fit.real, 0.0) + 1j * fit.imag
    return Transfer(f, np.exp(passive - 2j * np.pi * f * delay))


def _terms(frequency: Float) -> Complex:
    """(F, 6) functions that `smooth_transfer` adds up."""
    # in GHz, so that columns of the fit are of like size; 1 Hz in place of 0 for the logarithm
    g = np.maximum(frequency, 1.0) / 1e9
    line = [(1 + 1j) * np.sqrt(g), g * (1 - 2j / np.pi * np.log(g)), 1j * g]
    return np.stack([*line, np.ones_like(g), g**2, 1j * g**3], axis=1).astype(complex)


def _real(value: Complex) -> Float:
    return np.concatenate([value.real, value.imag])


class _Relieved(InterferenceModel):
    """The interference of a link without some of what its equaliser leaves: `removed` (K,) in V, cursor by cursor."""

    def __init__(self, link: Link, removed: Float, *, like: InterferenceModel) -> None:
        super().__init__(link, like=like)
        self.removed = removed

    def cursors(self, offset: int) -> tuple[Float, int]:
        """The link's cursors less the removed ones."""
        cursors, main = super().cursors(offset)
        return cursors - self.removed, main


class _FinerSteps(InterferenceModel):
    """The interference of a link whose converter has finer steps by 3 dB."""

    def __init__(self, link: Link, *, like: InterferenceModel) -> None:
        super().__init__(link, like=like)
        # the step is what is lessened, and what rounding adds shrinks with it
        self.codes = AMPLITUDE * self.codes


class _Straightened(InterferenceModel):
    """The interference of a link whose light bends levels and symbols 3 dB less; its noise by level stays."""

    def __init__(self, link: Link, *, like: InterferenceModel) -> None:
        super().__init__(link, like=like)
        assert self.large is not None
        bent_at, straight = self.large.at, self.levels * self.front_end.main_cursor

        def less(offset: int) -> LevelDistortion:
            bent = bent_at(offset)
            return dataclasses.replace(
                bent,
                # the straight levels are those without any curve; what bends them is lessened
                means=straight + AMPLITUDE * (bent.means - straight),
                cursors=AMPLITUDE * bent.cursors,
                offsets=AMPLITUDE * bent.offsets,
                patterns=dataclasses.replace(bent.patterns, part=AMPLITUDE),
            )

        self.bent = less
        self.decided = less(0).means / self.front_end.main_cursor

    def _interference(self, offset: int) -> Interference:
        """The interference with the curves' share lessened."""
        return self._distorted(self.bent(offset), offset)


def _echoes(link: Link) -> Float:
    """Cursors (K,) in V that the equaliser leaves of echoes, without the main one.

    Each cursor is shared out by the sizes there of the smooth path's pulse and of the rest: an equaliser that has taken both
    away has left nothing of either.
    """
    linear = link if link.optics is None else link.replace(optics=link.optics.linear())
    # of the linear link: curves bend levels, and echoes are there before them
    left, main = InterferenceModel(linear).cursors(0)
    end = front_end(linear)
    smooth = _seen_at(_smooth(linear), end, len(left))
    rest = np.abs(end.cursors(end.mean_pulse) - smooth)
    left[main] = 0.0
    # where neither reaches, nothing is to be shared out: the small number only keeps 0/0 from being one
    return np.asarray(left * rest / np.maximum(rest + np.abs(smooth), 1e-30))


def _seen_at(link: Link, end: FrontEnd, count: int) -> Float:
    """Mean pulse (count,) in V of a link at the instants of another front end."""
    # each front end cuts its pulse at an instant of its own: both are laid on one axis of absolute time
    own = front_end(link)
    unit, m = 1.0 / end.symbol_rate, end.samples_per_ui
    first = end.start_time + (end.sampling - end.pre_cursors * m) * unit / m
    time = own.start_time + np.arange(len(own.mean_pulse)) * unit / m
    return np.asarray(np.interp(first + np.arange(count) * unit, time, own.mean_pulse, left=0.0, right=0.0))


def _smooth(link: Link) -> Link:
    """The link with its copper's ripple and aggressors taken away."""
    copper = link.replace(optics=None).transfers()[0]
    # as wide as the symbol rate, where the pulse's spectrum ends
    smooth = smooth_transfer(copper, f_max=link.symbol_rate)
    return link.replace(channel=_matched(smooth.frequency, smooth.value), aggressors=())


def _with_less_copper_loss(link: Link) -> Link:
    """The link whose smooth copper loses 3 dB less at half the symbol rate, or nothing where it loses less than that."""
    nyquist = 0.5 * link.symbol_rate
    if link.optics is None:
        through, *others = link.transfers()
        gain = _gain(through, nyquist, LESS_DB)
        fext = len(link.channel.fext)
        coupled = [_network(one.frequency, one.value) for one in others]
        channel = _matched(through.frequency, through.value * gain)
        return link.replace(
            channel=dataclasses.replace(channel, fext=tuple(coupled[:fext]), next=tuple(coupled[fext:]))
        )
    span = link.optics
    halves = [half for half in (span.before, span.after) if _is_copper(half)]
    # the 3 dB are shared by the copper on both sides of the light; a wire that only stands for no copper takes none
    before, after = (
        _less_lossy(half, nyquist, LESS_DB / len(halves)) if _is_copper(half) else half
        for half in (span.before, span.after)
    )
    # made anew, for both pieces of copper have changed
    lighter = Span(
        span.path,
        before=before,
        after=after,
        swing=span.swing,
        agc_db=span.agc_db,
        large_signal=span.large_signal,
        noisy=span.noisy,
    )
    return link.replace(optics=lighter, channel=lighter.copper)


def _less_lossy(channel: Channel, nyquist: float, less_db: float) -> Channel:
    network = channel.through
    s = network.s.copy()
    gain = _gain(Transfer(network.frequency, s[:, 1, 0]), nyquist, less_db)
    # both directions: the copper stays reciprocal, and its reflections stay as they are
    s[:, 1, 0] *= gain
    s[:, 0, 1] *= gain
    return dataclasses.replace(channel, through=Network(network.frequency, s, z0=network.z0, name=network.name))


def _gain(transfer: Transfer, nyquist: float, less_db: float) -> Complex:
    """Gain (F,) that takes `less_db` off the smooth path's loss at `nyquist` Hz, in proportion at all frequencies.

    Loss alone: the phase of the missing length would only move the pulse.
    """
    smooth = smooth_transfer(transfer, f_max=2.0 * nyquist).value
    # a floor below every signal
    loss_db = -float(np.interp(nyquist, transfer.frequency, db20(np.maximum(np.abs(smooth), 1e-30))))
    # less than 3 dB of loss can only be taken away whole; a line that gains would have been refused
    share = min(less_db / max(loss_db, 1e-9), 1.0)
    # |smooth|^-share: in proportion to the loss in dB at all frequencies
    return np.asarray(np.abs(smooth) ** -share, dtype=complex)


def _network(frequency: Float, value: Complex) -> Network:
    s = np.zeros((frequency.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = value
    return Network(frequency, s, z0=PAIR_OHM, name="lessened")


def _matched(frequency: Float, value: Complex) -> Channel:
    return Channel(_network(frequency, value), plane="die", name="lessened")


def _is_copper(channel: Channel) -> bool:
    return channel.name != WIRE


def _has_copper(span: Span) -> bool:
    return _is_copper(span.before) or _is_copper(span.after)


def _with_less_glass_loss(path: OpticalPath) -> OpticalPath:
    """3 dB more light at the photodiode; where fibre and connectors lose less, coupling makes up for it."""
    left = max(path.loss_db - LESS_DB, 0.0)
    share = left / path.loss_db if path.loss_db > 0.0 else 0.0
    # fibre and joints by one share, so that none vanishes before the others
    fibre = dataclasses.replace(path.fibre, loss_db_per_km=share * path.fibre.loss_db_per_km)
    joints = tuple(dataclasses.replace(one, loss_db=share * one.loss_db) for one in path.connectors)
    # fibre and joints first, for they are what a shorter or better path has less of; the rest of the 3 dB comes off the
    # coupling
    coupling = max(path.coupling_loss_db - (LESS_DB - (path.loss_db - left)), 0.0)
    return dataclasses.replace(path, fibre=fibre, connectors=joints, coupling_loss_db=coupling)


def _with_less_reflectance(path: OpticalPath) -> OpticalPath:
    """Double reflections go with two reflectances: half of the 3 dB off each."""

    def weaker(value: float) -> float:
        return value - 0.5 * LESS_DB

    joints = tuple(Connector(one.loss_db, reflectance_db=weaker(one.reflectance_db)) for one in path.connectors)
    near, far = path.end_reflectance_db
    return dataclasses.replace(path, connectors=joints, end_reflectance_db=(weaker(near), weaker(far)))


def _less_dispersive(fibre: Fibre | MultimodeFibre) -> Fibre | MultimodeFibre:
    if isinstance(fibre, MultimodeFibre):
        # a multimode fibre's smear goes with the inverse of its bandwidth
        return dataclasses.replace(fibre, bandwidth=fibre.bandwidth / AMPLITUDE)
    return dataclasses.replace(fibre, dispersion=AMPLITUDE * fibre.dispersion)


def _less_jitter(jitter: Jitter) -> Jitter:
    """Every displacement by 3 dB less."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(jitter):
        value = getattr(jitter, field.name)
        if isinstance(value, float):
            # by the type of each field: a new kind of jitter is lessened without being named here
            changes[field.name] = AMPLITUDE * value
        elif isinstance(value, tuple):
            # tones: each has an amplitude of its own
            changes[field.name] = tuple(
                dataclasses.replace(one, amplitude_ui=AMPLITUDE * one.amplitude_ui) for one in value
            )
        elif value is not None:
            changes[field.name] = dataclasses.replace(
                # a spectrum in dBc/Hz: 3 dB less of power
                value,
                dbc_per_hz=tuple(level - LESS_DB for level in value.dbc_per_hz),
            )
    return dataclasses.replace(jitter, **changes)


def _transmitting(link: Link, **changes: Any) -> Link:
    return link.replace(transmitter=dataclasses.replace(link.transmitter, **changes))
