"""The equaliser search: CTLE, Tx FFE, Rx FFE and DFE by the figure of merit of equation (93A-36).

Two routes share the channel and the noise: with a DFE and no Rx FFE the Tx taps are searched for every CTLE setting; with an
Rx FFE its taps and the DFE follow in closed form (least mean-square error) for every setting of the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sirf.engine.front_end import balanced_offset, front_end
from sirf.equalizer.error_ratio_search import refine_by_error_ratio
from sirf.equalizer.grid_search import GridSearch
from sirf.equalizer.search_grid import frozen_limits
from sirf.equalizer.search_waves import with_gains
from sirf.errors import SirfError
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import MUELLER_MULLER, Receiver, SamplingCriterion
from sirf.signal.filters import BUTTERWORTH4_NOISE

if TYPE_CHECKING:
    from sirf.link import Link


LIGHT_NOISE = 0.1
"""Rms of the noise by which a drive of light is judged, over that of the drive."""
MAX_SAMPLING_ROUNDS = 16
"""Most rounds of sampling instant and feedback taps in turn; six are usual."""


def optimize(
    link: Link,
    *,
    limits: EqualizerLimits | None = None,
    freeze: Sequence[str] = (),
    max_ctle_settings: int = 400,
    by: str = "fom",
    between_samples: bool = False,
) -> Link:
    """The link with the best equaliser setting inside its limits.

    Parameters
    ----------
    limits
        What may be chosen; the preset's by default.
    freeze
        Blocks to leave as they are: any of "ctle", "tx_ffe", "rx_ffe", "dfe".
    max_ctle_settings
        At most so many CTLE settings are tried: a coarse pass over the grid, then the neighbours of the best.
    by
        "fom": the greatest figure of merit of equation (93A-36). "mmse": the least mean-square error relative to the main
        cursor; the figure of merit is a constant over that, so both choose alike, and an Rx FFE is set by it in either case.
        "ber": from there CTLE and Tx FFE are moved step by step while the statistical bit error ratio falls, jitter, crosstalk
        and error propagation in it.
    between_samples
        Whether the instant lies between samples, not on the best one: with an Rx FFE where the figure of merit is greatest, else
        at the root of equation (93A-25), where merits of all settings are then taken. Figures then follow the length of a path
        without steps, and agree from grid to grid.

    The result's `equalizer_report` says what was chosen and how; a link that nothing opens is returned with the best
    setting found and `equalizer_report.opened` False. Raises `SirfError` for an unknown block name.
    """
    unknown = set(freeze) - {"ctle", "tx_ffe", "rx_ffe", "dfe"}
    if unknown:
        raise SirfError(
            f"freeze must name blocks of ctle, tx_ffe, rx_ffe, dfe, got {sorted(unknown)}. Check the spelling."
        )
    if by not in ("fom", "mmse", "ber"):
        raise SirfError(f"by must be 'fom', 'mmse' or 'ber', got {by!r}. Use 'fom'.")
    criterion = link.receiver.sampling
    if criterion != MUELLER_MULLER:
        # the search works at the Mueller-Müller instant, whose closed form it needs at every setting
        plain = link.replace(receiver=link.receiver.replace(sampling=MUELLER_MULLER))
        found = optimize(
            plain,
            limits=limits,
            freeze=freeze,
            max_ctle_settings=max_ctle_settings,
            by=by,
            between_samples=between_samples,
        )
        return _sampled_by(criterion, found, limits or link.limits, freeze)
    search = _by_figure_of_merit if link.optics is None or "tx_ffe" in freeze else _through_light
    found = search(link, limits or link.limits, freeze, max_ctle_settings, between_samples)
    return refined(found, limits=limits, freeze=freeze, between_samples=between_samples) if by == "ber" else found


def _sampled_by(criterion: SamplingCriterion, link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> Link:
    """An equalised link sampled by a criterion in place of the search's own instant, its DFE set anew where that lies."""
    receiver = link.receiver.replace(sampling=criterion, sampling_offset_ui=0.0)
    if "dfe" not in freeze and limits.dfe_max:
        # taps move the instant, and the instant the taps, until both stay
        for _ in range(MAX_SAMPLING_ROUNDS):
            there = link.replace(receiver=receiver, limits=limits).placed()
            taps, before = dfe_taps(there, len(limits.dfe_max)), receiver.dfe
            receiver = receiver.replace(dfe=taps)
            if receiver.dfe == before:
                break
    report = link.equalizer_report
    if report is not None:
        report = dataclasses.replace(report, dfe_taps=receiver.dfe)
    return link.replace(receiver=receiver, equalizer_report=report)


def refined(
    link: Link,
    *,
    limits: EqualizerLimits | None = None,
    freeze: Sequence[str] = (),
    rounds: int = 6,
    between_samples: bool = False,
) -> Link:
    """An equalised link whose CTLE and Tx FFE are moved step by step, from what they are, while the bit error ratio falls.

    `rounds` through all gains and taps at most; `between_samples` as in `optimize`.
    """
    allowed = limits or link.limits
    # CTLE and Tx FFE stay where the walk has put them: the search then only solves what follows
    closed = tuple({*freeze, "ctle", "tx_ffe"})
    best, path, tried = refine_by_error_ratio(
        link,
        limits=allowed,
        freeze=freeze,
        close=lambda trial: _by_figure_of_merit(trial, allowed, closed, 1, between_samples),
        rounds=rounds,
    )
    # the last report knows its own search alone: start and path are those of the search before the walk
    first, last = link.equalizer_report, best.equalizer_report
    assert first is not None
    assert last is not None
    report = dataclasses.replace(
        last, start_fom_db=first.start_fom_db, candidates=first.candidates + tried, path=first.path, ber_path=path
    )
    return best.replace(equalizer_report=report)


def _by_figure_of_merit(
    link: Link, limits: EqualizerLimits, freeze: Sequence[str], max_ctle_settings: int, between_samples: bool = False
) -> Link:
    """The search over the grid of CTLE settings, Tx taps turned one at a time."""
    search = GridSearch(link, frozen_limits(link, limits, freeze), freeze, between_samples=between_samples)
    best = search.run(max_ctle_settings)
    receiver = dataclasses.replace(
        with_gains(link.receiver, best.gains_db),
        ffe=best.rx,
        ffe_main=best.rx_main,
        dfe=best.dfe,
        sampling_offset_ui=best.offset_ui,
    )
    if receiver.converter is not None and best.converter_range is not None:
        converter = dataclasses.replace(receiver.converter, full_scale=best.converter_range)
        receiver = dataclasses.replace(receiver, converter=converter)
    transmitter = dataclasses.replace(link.transmitter, ffe=best.tx, ffe_main=search.tap_main)
    result = link.replace(transmitter=transmitter, receiver=receiver, limits=search.limits)
    if between_samples and not search.uses_rx_ffe:
        result = _balanced(result)
    if "dfe" not in freeze:
        taps = dfe_taps(result, len(search.limits.dfe_max))
        result = result.replace(receiver=dataclasses.replace(result.receiver, dfe=taps))
    # the search's limits held frozen blocks: the link keeps its own
    return result.replace(limits=link.limits, equalizer_report=search.report(best, result.receiver.dfe))


def _balanced(link: Link) -> Link:
    """The link sampled where its Mueller-Müller loop balances, which lies between samples."""
    return link.replace(receiver=link.receiver.replace(sampling_offset_ui=_root_ui(link)))


def _root_ui(link: Link) -> float:
    """UI from the sample at which the link's loop is taken to lock to where it balances."""
    # a DFE counts in the balance by its limits alone
    present = link.receiver.replace(dfe=(0.0,) * len(link.limits.dfe_max))
    return balanced_offset(link.replace(receiver=present))


def locked_as(link: Link, nominal: Link) -> Link:
    """The link sampled as far from where its own loop balances as `nominal` from where that one's does.

    For settings that are held while the channel changes: the samples next to both balances lie up to one apart.
    """
    if link.receiver.sampling != MUELLER_MULLER or link.has_models:
        return link
    offset = nominal.receiver.sampling_offset_ui - _root_ui(nominal) + _root_ui(link)
    return link.replace(receiver=link.receiver.replace(sampling_offset_ui=offset))


def _through_light(
    link: Link, limits: EqualizerLimits, freeze: Sequence[str], max_ctle_settings: int, between_samples: bool = False
) -> Link:
    """The Tx FFE that opens the light, then the receiver behind it; where nothing bends, all together.

    A receiver cannot undo what curves do to a closed eye. The light is judged at the modulator behind a filter of 0.75 of the
    symbol rate with white noise of `LIGHT_NOISE` of the drive, for which a main cursor that stands out of its peaks is worth
    its price. Automatic gain is that of the Tx FFE so found.
    """
    span = link.optics
    assert span is not None
    # nothing behind the light has a say
    alone = dataclasses.replace(limits, dfe_max=(), dfe_min=(), rx_ffe_pre=0, rx_ffe_post=0)
    corner = 0.75 * link.symbol_rate
    # a density whose variance behind this filter is that of the wanted rms
    noise = (LIGHT_NOISE * span.swing * float(np.std(link.levels))) ** 2 / (BUTTERWORTH4_NOISE * corner)
    seen = Receiver(noise_corner=corner, noise_density=noise)
    from sirf.engine.light.light_chain import light_link

    light = light_link(link)
    # crosstalk has no say: the transmitter's taps cannot take it off its own light
    light = light.replace(channel=dataclasses.replace(light.channel, fext=(), next=()), aggressors=(), receiver=seen)
    # one CTLE setting, because there is none
    opened = _by_figure_of_merit(light, alone, ("ctle", "rx_ffe", "dfe"), 1)
    tx = dataclasses.replace(link.transmitter, ffe=opened.transmitter.ffe, ffe_main=opened.transmitter.ffe_main)
    kept = (*freeze, "tx_ffe") if span.large_signal else freeze
    return _by_figure_of_merit(link.replace(transmitter=tx), limits, kept, max_ctle_settings, between_samples)


def dfe_taps(link: Link, count: int) -> tuple[float, ...]:
    """Post-cursors of the equalised pulse relative to the main one, clipped to the link's limits: the ideal DFE."""
    if count == 0:
        return ()
    # the sampling instant of the front end depends on the presence of a DFE, not on the values of its taps
    present = link.replace(receiver=dataclasses.replace(link.receiver, dfe=(0.0,) * count))
    end = front_end(present)
    cursors = end.cursors(end.through)
    main = end.pre_cursors
    post = cursors[main + 1 : main + 1 + count] / cursors[main]
    return tuple(
        float(tap) for tap in np.clip(post, link.limits.dfe_min[: len(post)], link.limits.dfe_max[: len(post)])
    )
