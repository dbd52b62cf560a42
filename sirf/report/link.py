"""Writes one channel's eye, COM or modulations as a page that needs nothing beside it (`--report` of the commands)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf._files import write_text
from sirf.errors import SirfError
from sirf.plot._axes import new_figure
from sirf.plot.channel import loss
from sirf.plot.equalizer import search_path
from sirf.plot.eye import SHOWN_OF_RANGE, contour_ratios, outlines
from sirf.plot.gallery import CAPTIONS, PAGE, eye_pictures
from sirf.plot.margin import com_distribution, com_ledger, com_pulse
from sirf.plot.modulation import modulation
from sirf.report.eye_sheet import EyeSheet
from sirf.report.page import as_text, encoded, eye_view, png, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from sirf.channel.channel import Channel
    from sirf.results.margin import ComReport, ComResult
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.study.modulation_result import ModulationStudy

Pictures = list[tuple[str, str]]
Table = tuple[str, tuple[str, ...], list[tuple[str, str]]]


def write_eye(eye: StatisticalEye, channel: Channel, file: str | Path, *, results: dict[str, Any]) -> None:
    """Write the page of an eye to `file`; `results` is the JSON that goes with it. Raises `SirfError` without jinja2."""
    # millivolts, as everything on the page
    link, worst = eye.link, 1e3 * eye.eye_height()
    # the part of the range that the picture itself shows
    top = 1e3 * SHOWN_OF_RANGE * float(abs(eye.volts).max())
    name = channel.name or "channel"
    title = f"{name}, {link.standard or 'no standard'}, {link.insertion_loss_db:.1f} dB die to die"
    report = link.equalizer_report
    caption = f"{report}." if report is not None else "Equaliser as given."
    picture = encoded(EyeSheet().draw(eye, title=title, top_mv=top))
    outlined = outlines(eye, contour_ratios(eye))
    view = eye_view(eye, name=name, caption=caption, top_mv=top, picture=picture, outlined=outlined)
    state = f"open by {worst:.2f} mV and {eye.eye_width():.3f} UI" if worst > 0 else "closed"
    verdict = [
        f"Bit error ratio {eye.ber:.2e}; the worst eye is {state} at an error ratio of {eye.der0:g}.",
        f"{link.modulation} at {link.symbol_rate / 1e9:g} GBd over {link.insertion_loss_db:.1f} dB die to die.",
    ]
    pictures = [
        # what a link does not allow is left out by 'eye_pictures'
        *((CAPTIONS[name], as_text(png(figure))) for name, figure in eye_pictures(eye, PAGE).items()),
        (
            "Loss and reflection of the channel",
            _drawn(lambda axes: _loss(axes, channel, link.standard, link.symbol_rate)),
        ),
    ]
    table: Table = ("Figures at the sampling instant", ("figure", "value"), _pairs(results))
    text = render(
        "link.html.j2",
        title=f"sirf eye, {name}",
        heading=title,
        results=results,
        verdict=verdict,
        sections=[("eye", "Eye"), ("figures", "Figures"), ("pictures", "Pictures"), ("provenance", "Provenance")],
        warnings=link.warnings,
        tables=[("figures", "Figures", [table])],
        view=view,
        pictures=pictures,
    )
    write_text("report", file, text)


def write_com(
    result: ComResult | ComReport, channel: Channel, file: str | Path, *, results: Any, standard: str | None
) -> None:
    """Write the page of a COM to `file`: each package case with its figures, ledger and pictures."""
    from sirf.results.margin import ComReport

    cases = result.cases if isinstance(result, ComReport) else (result,)
    # as the report judges: by COM, or by closure where the annex does
    worst = result.worst if isinstance(result, ComReport) else result
    name = channel.name or "channel"
    sections, tables, pictures = [], [], []
    # one case or all: the page has the same shape
    rows = results if isinstance(results, list) else [results]
    for index, (case, row) in enumerate(zip(cases, rows, strict=True), start=1):
        title = f"Package case {case.case}"
        sections.append((f"case-{index}", title))
        tables.append((f"case-{index}", title, [(title, ("figure", "value"), _pairs(row))]))
        pictures.append((f"{title}: equalised pulse", _drawn(partial(com_pulse, case))))
        pictures.append((f"{title}: distribution", _drawn(partial(com_distribution, case))))
        pictures.append((f"{title}: way of the equaliser search", _drawn(partial(search_path, case))))
        if case.ledger is not None:
            pictures.append((f"{title}: margin ledger", _drawn(partial(com_ledger, case))))
    pictures.append(("Loss and reflection", _drawn(lambda axes: _loss(axes, channel, standard, None))))
    answer = f"COM {worst.com_db:.2f} dB in the worst package case ({worst.case}), FOM {worst.fom_db:.2f} dB."
    text = render(
        "link.html.j2",
        title=f"sirf com, {name}",
        heading=f"Channel Operating Margin of {name}",
        results={"cases": rows},
        verdict=[answer],
        sections=[*sections, ("pictures", "Pictures"), ("provenance", "Provenance")],
        warnings=channel.warnings,
        tables=tables,
        view=None,
        pictures=pictures,
    )
    write_text("report", file, text)


def write_modulation(result: ModulationStudy, file: str | Path) -> None:
    """Write the page of a comparison of modulations to `file`: verdict, figures of each, margins as a picture."""
    tables: list[Table] = [(row.modulation, ("figure", "value"), _pairs(row.to_dict())) for row in result.rows]
    text = render(
        "link.html.j2",
        title=f"sirf modulation, {result.channel}",
        heading=result.title,
        results=result.to_dict(),
        verdict=[result.verdict, *result.sweep_lines()],
        sections=[("figures", "Figures"), ("pictures", "Pictures"), ("provenance", "Provenance")],
        warnings=tuple(row.note for row in result.rows if row.note),
        tables=[("figures", "Figures", tables)],
        view=None,
        pictures=[("Channel Operating Margin by modulation", _drawn(lambda axes: modulation(result, axes)))],
    )
    write_text("report", file, text)


def _loss(axes: Axes, channel: Channel, standard: str | None, symbol_rate: float | None) -> None:
    """Loss with the standard's masks where it has some, else without."""
    # a standard without limits is no fault of the channel
    try:
        loss(channel, axes, standard=standard)
    except SirfError:
        axes.clear()
        loss(channel, axes, symbol_rate=symbol_rate)


def _drawn(draw: Callable[[Axes], object]) -> str:
    figure, axes = new_figure((7.4, 4.2))
    draw(axes[0])
    return as_text(png(figure))


def _pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Plain values as text, one a line; what holds no number or text of its own is left to the JSON."""
    found = []
    for name, value in values.items():
        # before numbers: a bool is one for Python
        if isinstance(value, bool):
            found.append((name, "yes" if value else "no"))
        elif isinstance(value, (int, float)):
            found.append((name, f"{value:,}" if isinstance(value, int) else f"{value:.6g}"))
        elif isinstance(value, str) and value:
            found.append((name, value))
        elif isinstance(value, Sequence) and value and all(isinstance(one, (int, float)) for one in value):
            found.append((name, "  ".join(f"{one:.6g}" for one in value)))
    return found
