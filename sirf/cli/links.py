"""The equalised link that the options of a command describe, and what is said of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sirf.cli.channel_files import ChannelFiles
from sirf.cli.output import progress, remark, warn
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.cli.ami import ModelOptions
    from sirf.link import Link


def equalized_link(
    files: ChannelFiles,
    standard: str,
    *,
    package_case: str,
    symbol_rate: float | None,
    models: ModelOptions | None = None,
    sampling: str | None = None,
) -> Link:
    """The equalised link of the options, with its warnings shown; `sampling` is a criterion (None: the standard's)."""
    from sirf.link import Link
    from sirf.presets import load
    from sirf.receiver.receiver import MUELLER_MULLER, SAMPLING_CRITERIA

    if sampling is not None and sampling not in SAMPLING_CRITERIA:
        raise SirfError(
            f"sampling must be one of {', '.join(SAMPLING_CRITERIA)}, got {sampling!r}. Check the spelling."
        )
    if sampling not in (None, MUELLER_MULLER) and models is not None and models.rx_ami is not None:
        raise SirfError(
            f"sampling must be left out beside --rx-ami, whose model places its own clock, got {sampling!r}. Leave one out."
        )

    # an unknown standard is told before files of hundreds of megabytes are read
    load(standard)
    channel = files.load()
    link = Link(channel, standard=standard, package_case=package_case, symbol_rate=symbol_rate)
    if sampling is not None and sampling != link.receiver.sampling:
        link = link.replace(receiver=dataclasses.replace(link.receiver, sampling=sampling))
    # ahead of the search: it takes seconds, and a warning may be a reason to stop it
    warn(_warnings(link))
    with progress("equaliser search", watch=True):
        link = link.optimized() if models is None or not models.given else with_models(link, models)
    report = link.equalizer_report
    if channel.port_order is not None:
        from sirf.channel.lanes import lane_name

        # the one guess on which everything after it hangs: said every time
        how = "as given" if files.reading.port_order else "found from the data"
        remark(f"port order: {lane_name(channel.port_order)}, {how}")
    remark(f"equaliser: {report}")
    if report is not None and not report.opened:
        warn(("no equaliser setting opens this link; the error ratio below is that of the best one found",))
    return link


def with_models(link: Link, models: ModelOptions) -> Link:
    """The link with vendor models in it, their parameters set or searched, and the other side's equalisers chosen."""
    from sirf.ami.flow import modelled
    from sirf.ami.parameter_search import equalize_own_side, optimize_models, set_parameters

    link = link.replace(**models.load())
    link = set_parameters(link, models.settings())
    # own equalisers first: models search their parameters against a link that is otherwise set
    link = equalize_own_side(link)
    if models.search:
        link = optimize_models(link, parameters=None if "all" in models.search else models.search)
    warn(modelled(link).notes)
    return link


def with_sending_options(link: Link, pattern: str | None, *, precoding: bool, mlse: int) -> Link:
    """The link with what `sirf ber` may set beside the standard."""
    from sirf.receiver.mlse import Mlse
    from sirf.signal.patterns import Pattern

    tx, rx = link.transmitter, link.receiver
    if pattern is not None or precoding:
        tx = dataclasses.replace(tx, pattern=Pattern(pattern) if pattern else None, precoding=precoding)
    # 0 is what the option says for a plain slicer
    if mlse:
        rx = dataclasses.replace(rx, mlse=Mlse(memory=mlse))
    return link.replace(transmitter=tx, receiver=rx)


def check_counts(**counts: int) -> None:
    """`SirfError` for a count below 1, before an equaliser search has run and printed."""
    for name, value in counts.items():
        if value < 1:
            raise SirfError(f"{name} must be at least 1, got {value}. Give a positive whole number.")


def check_seed(seed: int) -> None:
    """`SirfError` for a seed that no generator takes."""
    if seed < 0:
        raise SirfError(f"seed must be a whole number from 0, got {seed}. Use --seed 1.")


def link_facts(link: Link) -> dict[str, Any]:
    """What JSON says of a link beside its result."""
    order = link.channel.port_order
    report = link.equalizer_report
    return {
        "port_order": None if order is None else list(order),
        "warnings": list(_warnings(link)),
        "equalizer": None if report is None else report.to_dict(),
    }


def _warnings(link: Link) -> tuple[str, ...]:
    """What is known of the data, and of the responses made from them, each once."""
    from sirf.engine.front_end import preparation_warnings

    # the way into the time domain is the same with models and without
    bare = link.replace(transmitter_model=None, receiver_model=None) if link.has_models else link
    return tuple(dict.fromkeys(link.warnings + preparation_warnings(bare)))
