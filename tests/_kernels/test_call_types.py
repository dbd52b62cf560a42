"""Types of calls that are kept while kernels compile: found once for each set of options, and only by kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.core.compiler import Flags

from sirf._kernels import call_types
from sirf._kernels.call_types import SettledFlags
from sirf._kernels.jit import kernel


def largest(first: float, second: float) -> float:
    return max(first + 1.0, second) + first + second + first


def compiled(**options: Any) -> Any:
    """A kernel that is compiled in every run."""
    made: Any = kernel(**options)(largest)
    made._cache.disable()
    return made


def test_a_sum_is_typed_once_for_each_set_of_options_and_what_is_kept_is_left_to_kernels() -> None:
    call_types._KEPT.clear()
    exact, fast = compiled(), compiled(fastmath=True)
    assert exact(1.0, 5.0) == fast(1.0, 5.0) == largest(1.0, 5.0)
    by_options = {bool(flags.fastmath): found for flags, found in call_types._KEPT.items()}
    assert set(by_options) == {False, True}
    # of three sums and one with a constant two kinds of arguments, and the larger of two
    counts = {options: len(found) for options, found in by_options.items()}
    assert counts[False] == counts[True] > 0
    context = exact.targetdescr.typing_context
    assert "resolve_function_type" not in vars(context)
    # numba's own compilations neither add to it nor take from it
    plain: Any = njit
    assert plain(lambda value: value + value * value)(np.float32(2.0)) == 6.0
    assert {options: len(found) for options, found in by_options.items()} == counts


def test_kernels_of_other_options_keep_their_own_forms_of_numbas_functions() -> None:
    exact, fast = compiled(), compiled(fastmath=True)
    for _ in range(2):
        # a comparison with what is no number is false, whatever a kernel with fast arithmetic was compiled before
        assert exact(np.nan, 1.0) != exact(np.nan, 1.0)
        assert fast(2.0, 1.0) == 8.0
        exact, fast = compiled(), compiled(fastmath=True)


def test_settled_options_are_those_that_they_were_made_of() -> None:
    make: Any = Flags
    options, other = make(), make()
    options.nrt = True
    settled: Any = SettledFlags(options)
    assert settled == options == SettledFlags(options)
    assert hash(settled) == hash(options) == hash(settled.copy())
    assert settled != SettledFlags(other)
    assert settled != other
