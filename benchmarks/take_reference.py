"""The reference of `sirf bench`, taken anew on a machine that does nothing else.

python benchmarks/take_reference.py "AMD EPYC, one of two cores"
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import sirf
from sirf.study.benchmark import ShortBenchmark, run_short

TABLE = Path(__file__).parents[1] / "data" / "benchmarks" / "reference.toml"


def reference_text(result: ShortBenchmark, machine: str, version: str) -> str:
    """The table of a run, to four digits: machines are not steadier than that."""
    limits = [f"{name} = {value:.4g}" for name, value in dataclasses.asdict(result.limits).items()]
    rates = [f'"{figure.name}" = {figure.rate:.4g}' for figure in result.figures]
    head = (
        "# The machine that `sirf bench` compares with: rates a second of processor time on one core.",
        "# Written by benchmarks/take_reference.py.",
        f'machine = "{machine}"',
        f'sirf = "{version}"',
    )
    return "\n".join([*head, "", "[limits]", *limits, "", "[rates]", *rates, ""])


def main() -> None:
    """Run the short benchmark, whose answers are asserted, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("machine", help="the processor in words, for whoever compares with it")
    text = reference_text(run_short(), parser.parse_args().machine, sirf.__version__)
    TABLE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
