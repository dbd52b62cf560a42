"""`sirf bench`: how fast this machine runs sirf, beside what the machine can do and beside a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sirf.cli.options import Json
from sirf.cli.output import check_outputs, progress, say, table, write_json

if TYPE_CHECKING:
    from sirf.study.benchmark import ShortBenchmark

LIMITS = {
    "fft": ("transforms, single precision", "GFLOP/s"),
    "multiply_add": ("multiply-adds, single precision", "GMAC/s"),
    "memory": ("memory, read and written", "GB/s"),
}
"""Words and unit for each field of `MachineLimits`."""


def bench(json_file: Json = None) -> None:
    """Measure this machine with the short benchmark (under two minutes); answers are asserted before times are shown."""
    check_outputs(json_file)
    from sirf.study.benchmark import run_short

    with progress("bench") as update:
        result = run_short(progress=update)
    _print(result, json_file=json_file)
    write_json(result.to_dict(), json_file)


def _print(result: ShortBenchmark, *, json_file: str | None) -> None:
    from sirf.study.benchmark import relative

    rows = []
    for name, (words, unit) in LIMITS.items():
        own, other = getattr(result.limits, name), getattr(result.reference_limits, name)
        rows.append((words, f"{own / 1e9:.3g} {unit}", f"{other / 1e9:.3g} {unit}", f"{own / other:.2f}"))
    table(("limit of one core", "this machine", "reference", "ratio"), rows, json_file=json_file)
    lines = []
    for figure in result.figures:
        ratios = {name: "" if value is None else f"{value:.2f}" for name, value in relative(figure, result).items()}
        reference = "" if figure.reference is None else f"{figure.reference:.4g}"
        # the limit that bounds a job decides to what its speed is held: a machine with slow memory is no slow program
        cells = (
            f"{figure.rate:.4g} {figure.unit}/s",
            reference,
            ratios["rate"],
            LIMITS[figure.limit][0].partition(",")[0],
        )
        lines.append((figure.name, *cells, ratios["fair"], f"{figure.first_seconds:.1f}"))
    head = ("job", "this machine", "reference", "ratio", "bounded by", "ratio over the limit's", "first run, s")
    table(head, lines, json_file=json_file)
    if result.left_out:
        say(f"Left out: {'; '.join(result.left_out)}.", json_file=json_file)
    # processor time of one core: what other programs take on the machine does not count against it
    say(
        f"Seconds are processor time of one core; reference: {result.reference_machine}. Answers are right. "
        f"All took {result.seconds:.0f} s.",
        json_file=json_file,
    )
