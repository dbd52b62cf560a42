from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest, norm

from sirf.errors import SirfError
from sirf.results.error_count import BATCHES, ErrorCount


def independent(errors: int, symbols: int) -> ErrorCount:
    return ErrorCount(symbols=symbols, symbol_errors=errors, errors=errors, bursts=errors,
                      squared_symbol_errors=errors, squared_bit_errors=errors)  # fmt: skip


def batch(errors: int) -> ErrorCount:
    """One batch of single errors."""
    return dataclasses.replace(
        independent(errors, BATCHES[0]),
        batches=(1,),
        squared_batch_symbol_errors=(errors**2,),
        squared_batch_bit_errors=(errors**2,),
    )


@pytest.mark.parametrize(("errors", "symbols"), [(1, 1000), (37, 50_000), (700, 10**6)])
def test_interval_of_independent_errors_is_clopper_pearson(errors: int, symbols: int) -> None:
    exact = binomtest(errors, 2 * symbols).proportion_ci(0.99, method="exact")
    assert independent(errors, symbols).interval() == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_no_error_still_gives_an_upper_bound() -> None:
    count = independent(0, 1000)
    assert count.ber_low == 0.0
    assert count.ber_high == pytest.approx(1 - 0.01 ** (1 / 2000))


def test_bursts_widen_the_interval() -> None:
    single = independent(400, 10**6)
    bursts = ErrorCount(symbols=10**6, symbol_errors=400, errors=400, bursts=100, squared_symbol_errors=1600,
                        squared_bit_errors=1600)  # fmt: skip
    assert bursts.ber_high - bursts.ber_low > 1.9 * (single.ber_high - single.ber_low)


def test_counts_add_and_refuse_another_link() -> None:
    assert independent(3, 10) + independent(4, 20) == independent(7, 30)
    with pytest.raises(SirfError, match="must come from one link"):
        _ = independent(1, 2) + ErrorCount(link="other")


def test_scatter_between_batches_widens_the_interval_to_that_of_batch_means() -> None:
    """Batches with rates that differ: the half width is that of the normal law with the scatter of the batches."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.choice([20, 120], 400))
    total = sum((batch(k) for k in counts.tolist()), ErrorCount())
    mean = norm(np.mean(counts), np.std(counts, ddof=1) / np.sqrt(len(counts)))
    low, high = (edge * BATCHES[0] for edge in total.symbol_interval())
    assert high - low == pytest.approx(mean.ppf(0.995) - mean.ppf(0.005), rel=0.05)
    # Poisson batches: nothing is widened by more than the scatter of the estimate
    flat = sum((batch(k) for k in rng.poisson(70, 400).tolist()), ErrorCount())
    plain = independent(flat.symbol_errors, flat.symbols).symbol_interval()
    wide = flat.symbol_interval()
    assert wide[1] - wide[0] == pytest.approx(plain[1] - plain[0], rel=0.1)


def test_the_scatter_of_batches_is_the_unbiased_variance_over_the_mean() -> None:
    """Twenty batches of known errors: n - 1 in the denominator, times Student's quantile of 19 over the normal one, squared."""
    errors = np.array([0, 40, 3, 17, 60, 2, 0, 31, 8, 5, 0, 44, 12, 1, 90, 0, 7, 25, 3, 2])
    count = ErrorCount(
        symbols=20 * BATCHES[0],
        symbol_errors=int(errors.sum()),
        errors=int(errors.sum()),
        bursts=int(errors.sum()),
        squared_symbol_errors=int(errors.sum()),
        squared_bit_errors=int(errors.sum()),
        batches=(20, 2, 0),
        squared_batch_symbol_errors=(int(np.sum(errors**2)), 0, 0),
        squared_batch_bit_errors=(int(np.sum(errors**2)), 0, 0),
    )
    student = stats.t.ppf(0.995, 19) / stats.norm.ppf(0.995)
    size = np.var(errors, ddof=1) / errors.mean() * student**2
    events, trials = errors.sum() / size, count.bits / size
    assert count.ber_low == pytest.approx(stats.beta.ppf(0.005, events, trials - events + 1.0), rel=1e-9)
    assert count.ber_high == pytest.approx(stats.beta.ppf(0.995, events + 1.0, trials - events), rel=1e-9)


@pytest.mark.parametrize("errors", [0, 1, 12])
def test_a_short_run_takes_rare_events_for_as_large_as_they_may_be(errors: int) -> None:
    """Sixteen errors an event: the interval of a sixteenth of errors and symbols; a long run shows its own."""
    count = dataclasses.replace(independent(errors, 20_000), batches=(19,), event_errors=16.0)
    ends = [0.0, 1.0 - 0.01 ** (16 / 20_000)]
    if errors:
        events, trials = errors / 16, 20_000 / 16
        ends = [
            float(stats.beta.ppf(0.005, events, trials - events + 1.0)),
            float(stats.beta.ppf(0.995, events + 1.0, trials - events)),
        ]
    assert count.symbol_interval() == pytest.approx(tuple(ends), rel=1e-6)
    assert (count + count).event_errors == 16.0
    shown = dataclasses.replace(count, batches=(30,))
    assert shown.symbol_interval() == dataclasses.replace(shown, event_errors=0.0).symbol_interval()
