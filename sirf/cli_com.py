"""`sirf com`: Channel Operating Margin on the command line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf.errors import ConfigError

if TYPE_CHECKING:
    from sirf.results.margin import ComReport, ComResult


def run(
    thru: Path,
    *,
    fext: Sequence[Path],
    next_files: Sequence[Path],
    standard: str | None,
    config: Path | None,
    changes: Sequence[str],
    package_case: int | None,
    port_order: str | None,
    victim: int | None,
    next_lanes: Sequence[int],
    full: bool,
    out: Path | None,
) -> ComResult | ComReport:
    """COM of the files; writes a picture of pulse and distribution of every case where `out` is given."""
    from sirf.channel.channel import Channel
    from sirf.com.config.sheet import parse_changes
    from sirf.com.margin import com

    if (standard is None) == (config is None):
        raise ConfigError(
            f"one of --standard and --config must be given, got {'both' if standard else 'neither'}. "
            "Write for example --standard 802.3ck-kr1."
        )
    if config is not None and not os.path.exists(config):
        raise ConfigError(f"config must be a COM workbook, got {config}, which does not exist. Check the path.")
    parsed = parse_changes(list(changes))
    channel = Channel.from_touchstone(
        thru, fext=fext, next=next_files, port_order=port_order, victim=victim, next_lanes=next_lanes
    )
    options: dict[str, Any] = {"standard": standard, "config": config, "set": parsed or None, "trace": out is not None}
    result: ComResult | ComReport = com(
        channel, package_case=package_case, search="full" if full else "as configured", **options
    )
    if out is not None:
        picture(result, out)
    return result


def picture(result: ComResult | ComReport, out: Path) -> None:
    """Equalised pulse and distribution side by side, one row a package case."""
    from sirf.plot._axes import new_figure, save_figure
    from sirf.plot.margin import com_distribution, com_pulse

    cases = list(cases_of(result))
    figure, axes = new_figure((12.0, 4.2 * len(cases)), rows=len(cases), columns=2)
    for row, case in enumerate(cases):
        com_pulse(case, axes[2 * row])
        com_distribution(case, axes[2 * row + 1])
    save_figure(figure, out)


def cases_of(result: ComResult | ComReport) -> tuple[ComResult, ...]:
    """The cases of a result, one or all."""
    from sirf.results.margin import ComReport

    return result.cases if isinstance(result, ComReport) else (result,)


def json_of(result: ComResult | ComReport, channel: Path) -> Any:
    """One object for one case that was asked for, else a list."""
    from sirf.results.margin import ComReport

    rows = [{**case.to_dict(), "through": str(channel)} for case in cases_of(result)]
    return rows if isinstance(result, ComReport) else rows[0]
