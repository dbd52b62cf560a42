"""`sirf.com`: Channel Operating Margin of a channel under a standard or an official workbook."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args, overload

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.die_to_die import case_number
from sirf.channel.screening import INVERTED, MIN_POINTS
from sirf.com.annex_93a import margin_of_case
from sirf.com.arriving_noise import noise_path_transfer, with_calibration_noise
from sirf.com.calibration import calibrated_noise
from sirf.com.config.preset_settings import from_standard
from sirf.com.config.settings import ComSettings, Revision
from sirf.com.config.workbook import from_workbook
from sirf.errors import ConfigError, NoSettingError, SirfError
from sirf.execution import stage
from sirf.results.margin import ComReport, ComResult

if TYPE_CHECKING:
    import skrf

    from sirf.channel.network import Network


@overload
def com(
    channel: Channel | Network | skrf.Network | str | os.PathLike[str],
    *,
    standard: str | None = ...,
    config: str | os.PathLike[str] | ComSettings | None = ...,
    package_case: int | str,
    cable_class: None = ...,
    set: Mapping[str, object] | None = ...,
    search: Literal["as configured", "full"] = ...,
    revision: Revision | None = ...,
    noise_path: Channel | Network | skrf.Network | str | os.PathLike[str] | None = ...,
    trace: bool = ...,
) -> ComResult: ...
@overload
def com(
    channel: Channel | Network | skrf.Network | str | os.PathLike[str],
    *,
    standard: str | None = ...,
    config: str | os.PathLike[str] | ComSettings | None = ...,
    package_case: None = ...,
    cable_class: str | None = ...,
    set: Mapping[str, object] | None = ...,
    search: Literal["as configured", "full"] = ...,
    revision: Revision | None = ...,
    noise_path: Channel | Network | skrf.Network | str | os.PathLike[str] | None = ...,
    trace: bool = ...,
) -> ComReport: ...
def com(
    channel: Channel | Network | skrf.Network | str | os.PathLike[str],
    *,
    standard: str | None = None,
    config: str | os.PathLike[str] | ComSettings | None = None,
    package_case: int | str | None = None,
    cable_class: str | None = None,
    set: Mapping[str, object] | None = None,
    search: Literal["as configured", "full"] = "as configured",
    revision: Revision | None = None,
    noise_path: Channel | Network | skrf.Network | str | os.PathLike[str] | None = None,
    trace: bool = False,
) -> ComResult | ComReport:
    """Channel Operating Margin of `channel` (or a Touchstone file of its through path), IEEE 802.3 Annex 93A, 120G or 178A.

    Give one of `standard` (a preset's id; its full grid is searched) and `config` (an official workbook, .xls or .xlsx, or
    `ComSettings`). `set` changes keywords of the workbook in its syntax and units: `{"c(-1)": "[-0.08:0.04:0]"}`.
    `package_case`, a number from 1 or a name, gives a `ComResult`; without it all test cases give a `ComReport`, or those that
    `cable_class` (of a cable's preset, "CA-B") has to pass. A workbook's Local Search
    is honoured as the reference code does, and the full grid's answer stands beside it where it differs;
    `search="full"` takes the full grid's. `revision` chooses whose arithmetic is followed where releases of the reference
    code and the draft differ, "3.70", "4.50", "4.17" or "d3.3": by default what the settings say, else the newest that
    their Annex has.
    `noise_path` calibrates a receiver's interference tolerance test: noise over this path (a Touchstone file, from the noise
    source to where the channel ends) is raised until the least COM of all these cases is the COM pass threshold; the results
    hold that noise (`calibration`). A workbook asks for it by RX_CALIBRATION or PSDRXCAL. `trace` keeps every intermediate.

    Raises `ConfigError` for a bad configuration, `SirfError` for a band too small or where no equaliser setting passes.

    >>> sirf.com(channel, standard="cei-112g-xsr", package_case=1).com_db
    4.9
    """
    if (standard is None) == (config is None):
        raise ConfigError(
            f"one of standard and config must be given, got {standard!r} and {config!r}. Name a standard or a workbook."
        )
    settings = _settings(standard, config, set)
    if revision is not None:
        if revision not in get_args(Revision):
            raise ConfigError(
                f"revision must be one of {', '.join(get_args(Revision))}, got {revision!r}. Name a release."
            )
        settings = replace(settings, revision=revision)
    if search == "full":
        # zero means that no local search is made: the full grid alone gives the answer
        settings = replace(settings, local_search=0)
    elif search != "as configured":
        raise SirfError(f"search must be 'as configured' or 'full', got {search!r}. Use 'full' for the full grid.")
    cases = settings.selected if cable_class is None else _cases_of_class(settings, cable_class)
    if package_case is not None:
        if cable_class is not None:
            raise ConfigError(
                f"cable_class must be left out beside package_case, got {cable_class!r} and {package_case!r}. Keep one of them."
            )
        cases = (case_number(package_case, settings.packages, settings.name),)
    source = _up_to(_channel(channel), settings.highest_frequency)
    if settings.calibration is not None and noise_path is None:
        raise ConfigError(
            f"{settings.name}: noise_path must be given where RX_CALIBRATION or PSDRXCAL is 1, got none. Name the file of the "
            "path from the noise source to the receiver (--noise-path)."
        )
    results = []
    try:
        noise, path = None, None if noise_path is None else _up_to(_channel(noise_path), settings.highest_frequency)
        if path is not None:
            # one noise for all test cases, because the case with the least COM decides how much there may be
            noise = calibrated_noise(path.through, source, settings, cases)
        for index, case in enumerate(cases):
            with stage(f"package case {index + 1} of {len(cases)}", index, len(cases)):
                used = settings
                if noise is not None and path is not None:
                    # anew for each test case, because the receiver's package is a part of the way that the noise takes
                    transfer = noise_path_transfer(path.through, source, settings, case)
                    used = with_calibration_noise(settings, transfer, noise.rms)
                result = margin_of_case(source, used, case, trace=trace)
                results.append(result if noise is None else replace(result, calibration=noise))
    except NoSettingError as error:
        # what is known of the data explains more than the search can
        known = " ".join(note for note in source.warnings if INVERTED in note)
        raise NoSettingError(f"{error} {known}".rstrip()) from error
    return results[0] if package_case is not None else ComReport(tuple(results))


def _cases_of_class(settings: ComSettings, cable_class: str) -> tuple[int, ...]:
    """Numbers of the test cases of a class of cable assembly; `ConfigError` for a class that the settings have not."""
    classes = dict(settings.cable_classes)
    if cable_class not in classes:
        known = f"one of {', '.join(classes)}" if classes else "left out, since these settings have none"
        raise ConfigError(
            f"cable_class must be {known} for {settings.name}, got {cable_class!r}. Use --standard 802.3dj-cr1."
        )
    return tuple(case_number(name, settings.packages, settings.name) for name in classes[cable_class])


def _settings(
    standard: str | None, config: str | os.PathLike[str] | ComSettings | None, changes: Mapping[str, object] | None
) -> ComSettings:
    if config is not None and not isinstance(config, ComSettings):
        return from_workbook(os.fspath(config), changes)
    if changes:
        raise ConfigError("set must come with a workbook, whose keywords it changes, got none. Use config=.")
    if isinstance(config, ComSettings):
        return config
    return from_standard(standard or "")


def _up_to(channel: Channel, frequency: float | None) -> Channel:
    """The channel's data up to a frequency in Hz (None: all of it)."""
    if frequency is None or all(network.frequency[-1] <= frequency for network in channel.networks):
        # through path and aggressors alike: one grid has to do for all
        return channel

    def cut(network: Network) -> Network:
        kept = network.frequency <= frequency
        if np.count_nonzero(kept) < MIN_POINTS:
            raise ConfigError(
                f"flim must leave {MIN_POINTS} points of the data, got {frequency / 1e9:g} GHz. Raise it."
            )
        return replace(network, frequency=network.frequency[kept], s=network.s[kept])

    fext, following = (tuple(cut(network) for network in networks) for networks in (channel.fext, channel.next))
    four_port = None if channel.four_port is None else cut(channel.four_port)
    return replace(channel, through=cut(channel.through), fext=fext, next=following, four_port=four_port)


def _channel(source: Channel | Network | skrf.Network | str | os.PathLike[str]) -> Channel:
    if isinstance(source, Channel):
        return source
    if isinstance(source, (str, os.PathLike)):
        return Channel.from_touchstone(source)
    return Channel.from_network(source)
