"""Pictures that `sirf eye` writes: one file, or a folder of all that the result allows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sirf.cli.output import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun


def eye_picture(result: StatisticalEye | WaveformRun, *, interrupted: bool = False) -> Figure:
    """The eye, a statistical one with its bathtubs."""
    from sirf import plot
    from sirf.plot._axes import empty_figure, new_figure
    from sirf.results.statistical_eye import StatisticalEye

    if isinstance(result, StatisticalEye):
        figure = empty_figure((8.0, 6.4))
        axes = plot.eye_with_bathtubs(result, figure)
    else:
        figure, grid = new_figure((7.6, 5.0))
        axes = plot.eye(result, grid[0], colour_bar=True)
    # the picture outlives the message in the terminal
    if interrupted:
        axes.set_title(f"{axes.get_title()}, interrupted", fontsize="small")
    return figure


def write_pictures(result: StatisticalEye, folder: Path, *, json_file: str | None) -> None:
    """Write every picture that the eye allows into `folder`, which is made where it is not there."""
    from sirf.plot._axes import save_figure
    from sirf.plot.gallery import eye_pictures

    drawn = eye_pictures(result)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in drawn.items():
        save_figure(figure, folder / f"{name}.png")
    say(f"wrote {', '.join(f'{name}.png' for name in drawn)} in {folder}", json_file=json_file)
