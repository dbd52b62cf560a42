"""What a study found, as columns: read back from its file, exported, and asked for yield and fronts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._files import replacing
from sirf.errors import ConfigError, SirfError
from sirf.results.error_count import CONFIDENCE
from sirf.study.figures import FIGURES
from sirf.study.sweep.store import read_cases, read_header
from sirf.study.sweep.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Cases of a study in order of their numbers.

    `index` (N,) are the numbers, `values` and `figures` columns (N,) by name (figures NaN where a case has none), `errors` the
    reasons of failed cases by number, `seconds` (N,) what each took.
    """

    study: Study
    index: NDArray[np.int64]
    values: dict[str, NDArray[Any]]
    figures: dict[str, Float]
    errors: dict[int, str]
    seconds: Float

    @classmethod
    def load(cls, file: str | Path) -> Results:
        """The results of a file; `ConfigError` where it is no such file. Damaged lines are left out."""
        path = Path(file)
        study = read_header(path).study
        cases = sorted(read_cases(path), key=lambda case: case.index)
        # an axis of names is a column of text
        texts = {axis.parameter for axis in study.axes if any(isinstance(value, str) for value in axis.values)}
        return cls(
            study=study,
            index=np.array([case.index for case in cases], dtype=np.int64),
            values={
                name: np.array(
                    # what a case does not have is empty, or not-a-number
                    [case.values.get(name, "" if name in texts else np.nan) for case in cases],
                    dtype=object if name in texts else np.float64,
                )
                for name in study.names
            },
            figures={
                name: np.array([_number(case.figures, name) for case in cases], dtype=np.float64)
                for name in study.figures
            },
            errors={case.index: case.error or "" for case in cases if case.failed},
            seconds=np.array([case.seconds for case in cases], dtype=np.float64),
        )

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.index)

    @property
    def failed(self) -> int:
        """Cases without figures."""
        return len(self.errors)

    def figure(self, name: str) -> Float:
        """Column (N,) of a figure; `ConfigError` for one that was not asked."""
        if name not in self.figures:
            raise ConfigError(f"figure must be one of {', '.join(self.figures)}, got {name!r}. Ask it in the study.")
        return self.figures[name]

    def passed(self) -> NDArray[np.bool_]:
        """Which cases (N,) meet all limits of the study; a failed case and a figure without meaning do not."""
        if not self.study.limits:
            raise SirfError("limits must be given for a yield, got none. Add [limits] to the study.")
        good = np.ones(len(self), dtype=np.bool_)
        for name, limit in self.study.limits.items():
            # the others are reach and ERL, the study's own figures, of which more is better
            more = FIGURES[name].more_is_better if name in FIGURES else True
            column = self.figures[name]
            # not-a-number fails both comparisons
            good &= (column >= limit) if more else (column <= limit)
        return good

    def yield_interval(self, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
        """Share of cases that meet all limits, with the ends of its Clopper-Pearson interval.

        Points of a Latin hypercube or a Sobol sequence fill space more evenly than random ones: for them it is on the safe side.
        """
        from scipy.stats import beta

        total, good = len(self), int(self.passed().sum())
        if total == 0:
            raise SirfError("results must hold at least one case for a yield, got none. Run the study.")
        tail = 0.5 * (1.0 - confidence)
        # Clopper-Pearson, whose ends are zero and one where nothing, or all, passed
        low = 0.0 if good == 0 else float(beta.ppf(tail, good, total - good + 1))
        high = 1.0 if good == total else float(beta.ppf(1.0 - tail, good + 1, total - good))
        return good / total, low, high

    def to_pandas(self) -> pd.DataFrame:
        """A table with a row for each case: case, values, figures, error, seconds."""
        import pandas as pd

        errors = [self.errors.get(int(index)) for index in self.index]
        # columns as they are named in the study
        columns = {"case": self.index, **self.values, **self.figures, "error": errors, "seconds": self.seconds}
        return pd.DataFrame(columns)

    def to_parquet(self, file: str | Path) -> None:
        """Write the table as one Parquet file whose metadata hold the study; needs pyarrow.

        Numbers are float64 and names text by a schema that is stated, so that no reader has to guess.
        """
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise SirfError(
                "pyarrow must be installed for Parquet, got none. Run: pip install 'sirf[cluster]'."
            ) from error
        import json

        texts = {name for name, column in self.values.items() if column.dtype == object}
        fields = [("case", pa.int64())]
        fields += [(name, pa.string() if name in texts else pa.float64()) for name in self.values]
        fields += [(name, pa.float64()) for name in self.figures]
        fields += [("error", pa.string()), ("seconds", pa.float64())]
        schema = pa.schema(fields, metadata={"sirf-study": json.dumps(self.study.to_dict())})
        table = pa.Table.from_pandas(self.to_pandas(), schema=schema, preserve_index=False)
        # beside and moved: a reader never finds half a table
        with replacing("out", file) as beside:
            pq.write_table(table, beside)

    def __repr__(self) -> str:
        """One line."""
        return f"Results({self.study.title!r}, {len(self):,} of {self.study.cases:,} cases, {self.failed:,} failed)"


def _number(figures: dict[str, float | None] | None, name: str) -> float:
    value = None if figures is None else figures.get(name)
    return np.nan if value is None else value
