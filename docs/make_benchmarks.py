"""Makes `benchmarks.md` and its charts from what runs wrote into `benchmarks/results`.

    python docs/make_benchmarks.py                              the page anew
    SIRF_REFERENCE_DIR=... python docs/make_benchmarks.py --measure BASE  everything measured first, on a machine at rest: an hour

BASE is the commit that the speed targets are ratios to.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sirf.plot._axes import new_figure

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = ROOT / "benchmarks" / "results"
FIGURES = HERE / "figures"


def measure(base: str) -> None:
    """Run the short benchmark, the peers and the targets, each into its file."""
    python = sys.executable
    RESULTS.mkdir(exist_ok=True)
    for name, command in {
        "short": [python, "-m", "sirf", "bench"],
        "peers": [python, "benchmarks/peers/run.py"],
        "targets": [python, "benchmarks/speed_targets.py", base, "--all"],
    }.items():
        subprocess.run([*command, "--json", str(RESULTS / f"{name}.json")], cwd=ROOT, check=True)


def bars(
    file: str, names: list[str], values: list[float], label: str, *, marks: Sequence[float] = (), scale: str = "linear"
) -> None:
    """Horizontal bars and a line at one; `marks` are drawn as short lines across the bars."""
    figure, (axes,) = new_figure((7.0, 0.8 + 0.3 * len(names)))
    axes.barh(names, values, color="0.6")
    for place, mark in enumerate(marks):
        axes.plot([mark, mark], [place - 0.4, place + 0.4], color="0.0", linewidth=1.5)
    axes.axvline(1.0, color="0.0", linewidth=0.8)
    axes.set_xscale(scale)
    axes.set_xlabel(label)
    axes.invert_yaxis()
    figure.savefig(FIGURES / file, bbox_inches="tight", metadata={"Date": None})


def peer_chart(outcomes: list[dict[str, Any]]) -> None:
    """How many times as long each peer takes."""
    names = [f"{one['peer']} {one['version']}: {one['job']}" for one in outcomes]
    ratios = [one["peer_seconds"] / one["sirf_seconds"] for one in outcomes]
    bars("benchmarks-peers.svg", names, ratios, "time of the peer over that of sirf", scale="log")


def target_chart(outcomes: list[dict[str, Any]]) -> None:
    """Each job's time now over that of the base, with its target."""
    ratios = [
        one for one in outcomes if one["base"] and not one["at_least"] and one["figure"] == one["new"] / one["base"]
    ]
    names, values = [one["title"].replace("`", "") for one in ratios], [one["figure"] for one in ratios]
    marks = [one["target"] for one in ratios]
    bars("benchmarks-targets.svg", names, values, "time over that of the base; target across the bar", marks=marks)


def short_chart(figures: list[dict[str, Any]]) -> None:
    """Each job's rate over that of the reference machine."""
    known = [one for one in figures if one["reference"]]
    values = [one["rate"] / one["reference"] for one in known]
    bars("benchmarks-short.svg", [one["name"] for one in known], values, "rate over that of the reference machine")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None) -> str:
    """Three digits, nothing for what was not measured."""
    return "" if value is None or math.isnan(value) else f"{value:.3g}"


def short_tables(short: dict[str, Any]) -> tuple[str, str]:
    """Jobs of the short benchmark, and the machine's limits."""
    jobs = [
        (
            one["name"],
            f"{one['rate']:.3g} {one['unit']}/s",
            number(one["reference"]),
            f"{one['first_seconds']:.1f} s",
            one["limit"].replace("_", "-"),
        )
        for one in short["figures"]
    ]
    limits = [
        (name.replace("_", "-"), f"{value / 1e9:.3g} G/s", f"{short['reference_limits'][name] / 1e9:.3g} G/s")
        for name, value in short["limits"].items()
    ]
    head = ("job", "rate", "reference", "first run", "bounded by")
    return table(head, jobs), table(("limit", "rate", "reference"), limits)


def peer_table(outcomes: list[dict[str, Any]]) -> str:
    """Peers beside sirf."""
    rows = []
    for one in outcomes:
        ratio = one["peer_seconds"] / one["sirf_seconds"]
        said = "agree" if one["agrees"] else f"differ by {one['difference']:.1e}: {one['why']}"
        times = f"{one['peer_seconds']:.3g} s", f"{one['sirf_seconds']:.3g} s", f"{ratio:.3g}"
        rows.append((f"{one['peer']} {one['version']}", one["job"], *times, said, f"`{one['command']}`"))
    return table(("peer", "job", "peer", "sirf", "ratio", "answers", "command"), rows)


def target_table(outcomes: list[dict[str, Any]]) -> str:
    """Targets beside what was measured; of rows that were taken at another commit the title says which."""
    rows = []
    for one in outcomes:
        title = f"{one['title']} (at {one['commit']})" if "commit" in one else one["title"]
        relation = "at least" if one["at_least"] else "at most"
        answers = "" if one["difference"] is None else f"within {one['difference']:.1e}"
        if one["answers_agree"] is False:
            answers += ", beyond their bound"
        cells = number(one["base"]), number(one["new"]), one["unit"], number(one["figure"])
        verdict = "met" if one["met"] else "missed"
        rows.append((title, *cells, f"{relation} {number(one['target'])}", verdict, str(one["rounds"]), answers))
    return table(("job", "base", "now", "unit", "figure", "target", "verdict", "rounds", "answers"), rows)


def page(short: dict[str, Any], peers: dict[str, Any], targets: dict[str, Any]) -> str:
    """The page in Markdown."""
    jobs, limits = short_tables(short)
    left_out = "".join(f"\n\nLeft out: {one}." for one in short["left_out"])
    return f"""# Benchmarks

Made by `docs/make_benchmarks.py` from `benchmarks/results/*.json`; not edited by hand. `docs/make_benchmarks.py --measure
BASE` measures everything anew. Times are processor time unless a row says otherwise; where other programs ran beside them only
ratios mean something: both sides of a ratio were run in turn.

`pytest benchmarks --benchmark-json FILE` runs the whole suite on pytest-benchmark; every answer is asserted before a time is
reported.

## sirf on one core

`sirf bench` prints these figures for your machine, beside its own limits and this reference.
`pytest benchmarks/test_short.py --benchmark-json FILE` runs the same jobs on pytest-benchmark.
`python benchmarks/take_reference.py "MACHINE IN WORDS"` takes the reference anew, on a machine that does nothing else.

{jobs}{left_out}

![Rate of each job over that of the reference machine](figures/benchmarks-short.svg)

Measured limits of the same core (operations or bytes a second, single precision):

{limits}

## Beside other tools

The same input for both, each tool in an environment of its own (`benchmarks/peers/run.py`). A job with a vendor's model holds the
model's own time on both sides, wall time for sirf, whose model has a process of its own.

![Time of each peer over that of sirf](figures/benchmarks-peers.svg)

{peer_table(peers["outcomes"])}

## Beside an older commit

`python benchmarks/speed_targets.py {targets["base"]}` (here against {targets["new"]}) runs each job in both trees in turn and
compares the answers; the figure is the ratio of medians, a share or a size, as its target asks. Rows by the clock and the longest
ones come with `--all`, on a machine at rest.

![Time of each job over that of the base, with its target](figures/benchmarks-targets.svg)

{target_table(targets["outcomes"])}

`python benchmarks/compare_commits.py OLD NEW -- python -m sirf compare` runs any command in both, A B A B, and prints ratios of
their processor times, cold and warm.
"""


def main() -> None:
    """Measure where it is asked for, write the charts and the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--measure", metavar="BASE")
    given = options.parse_args()
    if given.measure is not None:
        measure(given.measure)
    short, peers, targets = (
        json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("short", "peers", "targets")
    )
    short_chart(short["figures"])
    peer_chart(peers["outcomes"])
    target_chart(targets["outcomes"])
    (HERE / "benchmarks.md").write_text(page(short, peers, targets), encoding="utf-8")


if __name__ == "__main__":
    main()
