"""Run every engine against its brute force, write the page, and fail where one misses by more than 1 % or its interval.

python -m benchmarks.validate [--runs 300] [--errors 20000] [--symbols 4e6] [--page docs/theory/engine-validation.md]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.validate.grid import Coverage, Row, coverages, rows

HEAD = """# Every engine against its own brute force

`python -m benchmarks.validate` makes this page, and fails where a row does. The brute force shares nothing with the engines:
patterns enumerated, displacements of exact edges integrated, noise by Q (`benchmarks/validate/exact_edges.py`), a loop that
decides symbol by symbol where decisions feed back (`decisions.py`), characteristic functions behind filters in closed form and a
converter rounded sample by sample (`filtered_line.py`), random symbols through curves of light as published, noise by Q
(`curved_light.py`). A statistical ratio passes within 1 % (plus four deviations
of a brute force that is drawn), a count where its 99.99 % interval holds the brute force, and one of 3e8 symbols under slow
jitter within 1 % and three deviations of its errors.

"""


def page(table: list[Row], covered: list[Coverage]) -> str:
    """The page in Markdown."""
    lines = [
        HEAD,
        "| link | engine | brute force | found | ratio | interval | passes |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.link} | {row.engine} | {row.exact:.4e} | {row.found:.4e} | {row.found / row.exact:.4f} | "
        f"{row.low:.3e} to {row.high:.3e} | {'yes' if row.passes else 'NO'} |"
        for row in table
    ]
    lines += [
        "",
        "## 99 % intervals of counts of 100 errors and waveforms of 60,000 symbols",
        "",
        "| link | engine | truth | runs | missed | passes |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.link} | {row.engine} | {row.truth:.3e} | {row.runs} | {row.missed} | {'yes' if row.passes else 'NO'} |"
        for row in covered
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Compute, write, and tell whether all rows pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--errors", type=int, default=20_000)
    parser.add_argument("--symbols", type=float, default=4e6)
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[2] / "docs/theory/engine-validation.md")
    parser.add_argument("--short", action="store_true", help="fewer ratios, as the tests take them")
    options = parser.parse_args()
    table: list[Row] = []
    for row in rows(options.short, errors=options.errors, symbols=int(options.symbols)):
        table.append(row)
        print(f"{row.link:40} {row.engine:12} {row.found / row.exact:.4f} {'' if row.passes else 'FAILS'}", flush=True)
    covered = list(coverages(options.runs, short=options.short))
    for one in covered:
        print(
            f"{one.link:40} {one.engine:10} missed {one.missed} of {one.runs} {'' if one.passes else 'FAILS'}",
            flush=True,
        )
    options.page.write_text(page(table, covered), encoding="utf-8")
    return 0 if all(row.passes for row in table) and all(one.passes for one in covered) else 1


if __name__ == "__main__":
    sys.exit(main())
