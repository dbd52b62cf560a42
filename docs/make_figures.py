"""Makes the pictures of the README and the docs: `python docs/make_figures.py` (`--check` only makes them elsewhere)."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from make_channel_figures import draw as draw_channel_figures
from make_line_figures import draw as draw_line_figures
from make_part_figures import draw_parts
from make_quality_figures import draw as draw_quality_figures

import sirf
from sirf.plot._axes import new_figure

HERE = Path(__file__).parent


def eyes(file: Path) -> None:
    """The three default paths at 106.25 Gb/s per lane on one scale."""
    cases = (("pluggable", "802.3ck-c2m"), ("npo", "cei-112g-vsr"), ("cpo", "cei-112g-xsr"))
    links = [
        sirf.Link(
            sirf.paths.load_path(name, rate_class="100g").to_channel(crosstalk=True), standard=standard
        ).optimized()
        for name, standard in cases
    ]
    results = [sirf.statistical_eye(link) for link in links]
    limit = 1.15e3 * max(float(result.level_volts.max()) for result in results)
    figure, axes = new_figure((12.0, 4.2), 1, 3)
    for ax, result, (name, standard) in zip(axes, results, cases, strict=True):
        sirf.plot.eye(result, ax, limit_mv=limit, contours=(1e-5, 1e-12))
        ax.set_title(f"{name}: {result.link.insertion_loss_db:.1f} dB die to die, {standard}", fontsize="medium")
    figure.savefig(file, dpi=90)


def main() -> None:
    """Make every picture in `docs/figures`, or in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="make them in a temporary folder only")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if check else HERE / "figures"
        folder.mkdir(exist_ok=True)
        eyes(folder / "eyes.png")
        assert (folder / "eyes.png").stat().st_size > 20_000
        drawn = (draw_channel_figures, draw_quality_figures, draw_line_figures, draw_parts)
        for file in (file for draw in drawn for file in draw(folder)):
            assert file.stat().st_size > 10_000, file
    print("figures made")


if __name__ == "__main__":
    main()
