"""Makes `benchmarks.md` and its chart from what was measured.

sirf bench --json short.json
python benchmarks/peers/run.py --json peers.json
python docs/make_benchmarks.py short.json peers.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sirf.plot._axes import new_figure

HERE = Path(__file__).parent
CHART = HERE / "figures" / "benchmarks-peers.svg"


def chart(outcomes: list[dict[str, Any]]) -> None:
    """Bars on a logarithmic scale: how many times as long each peer takes."""
    figure, (axes,) = new_figure((7.0, 3.2))
    names = [f"{one['peer']} {one['version']}\n{one['job']}" for one in outcomes]
    ratios = [one["peer_seconds"] / one["sirf_seconds"] for one in outcomes]
    axes.barh(names, ratios, color="0.45")
    axes.axvline(1.0, color="0.0", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("time of the peer over that of sirf")
    axes.invert_yaxis()
    figure.savefig(CHART, bbox_inches="tight", metadata={"Date": None})


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(short: dict[str, Any], peers: dict[str, Any]) -> str:
    """The page in Markdown."""
    limits = [(name.replace("_", "-"), f"{value / 1e9:.3g} G/s") for name, value in short["limits"].items()]
    jobs = [
        (
            one["name"],
            f"{one['rate']:.3g} {one['unit']}/s",
            f"{one['first_seconds']:.1f} s",
            one["limit"].replace("_", "-"),
        )
        for one in short["figures"]
    ]
    rows = []
    for one in peers["outcomes"]:
        ratio = one["peer_seconds"] / one["sirf_seconds"]
        said = "agree" if one["agrees"] else f"differ by {one['difference']:.1e}: {one['why']}"
        times = f"{one['peer_seconds']:.3g} s", f"{one['sirf_seconds']:.3g} s", f"{ratio:.3g}"
        rows.append((f"{one['peer']} {one['version']}", one["job"], *times, said, f"`{one['command']}`"))
    return f"""# Benchmarks

Made by `docs/make_benchmarks.py`; not edited by hand. Times are processor time of one core of a machine that others used too.

## sirf on one core

`sirf bench` prints these figures for your machine, beside its own limits and this reference. Every answer is asserted first;
`pytest benchmarks/test_short.py --benchmark-json FILE` runs the same jobs on pytest-benchmark.
`python benchmarks/take_reference.py "MACHINE IN WORDS"` takes the reference anew, on a machine that does nothing else.

{table(("job", "rate", "first run", "bounded by"), jobs)}

Measured limits of the same core (operations or bytes a second, single precision):

{table(("limit", "rate"), limits)}

## Beside other tools

The same input for both, each tool in an environment of its own (`benchmarks/peers/run.py`). A job with a vendor's model holds the
model's own time on both sides, wall time for sirf, whose model has a process of its own.

![Time of each peer over that of sirf](figures/benchmarks-peers.svg)

{table(("peer", "job", "peer", "sirf", "ratio", "answers", "command"), rows)}

## Two commits

`python benchmarks/compare_commits.py OLD NEW -- python -m sirf compare` runs a command in both, A B A B, and prints the ratio of
their processor times, cold and warm.
"""


def main() -> None:
    """Read both files, write the chart and the page."""
    short, peers = (json.loads(Path(file).read_text()) for file in sys.argv[1:3])
    chart(peers["outcomes"])
    (HERE / "benchmarks.md").write_text(page(short, peers))


if __name__ == "__main__":
    main()
