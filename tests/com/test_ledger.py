"""The margin ledger: what COM gains without a source, in closed form for Gaussian and two-level sources."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.com.distribution import symbols
from sirf.com.ledger import SlicerTerms, ledger_terms, ledger_without_ffe, terms_by_removal
from sirf.results.ledger import LedgerTerm, MarginLedger

BIN = 1e-5


def test_gaussian_sources_add_as_powers() -> None:
    """3 and 4 mV make 5: without the 4 the interference is 3/5, 4.44 dB less; without the 3 it is 4/5, 1.94 dB less."""
    parts = SlicerTerms(signal=0.1, gaussian={"three": 3e-3, "four": 4e-3}, distributions={}, crest=8.0, bin_size=BIN)
    terms = {one.name: one for one in ledger_terms(parts, 1e-4)}
    assert terms["four"].cost_db == pytest.approx(20.0 * np.log10(5.0 / 3.0), abs=0.01)
    assert terms["three"].cost_db == pytest.approx(20.0 * np.log10(5.0 / 4.0), abs=0.01)
    assert (terms["three"].rms_mv, terms["four"].rms_mv) == pytest.approx((3.0, 4.0))


def test_bounded_sources_add_at_their_ends() -> None:
    """Two pairs of 10 and 30 mV: at a probability below a quarter the sum stands at 40."""
    pairs = {name: symbols(np.array([volts]), 2, BIN) for name, volts in (("ten", 10e-3), ("thirty", 30e-3))}
    parts = SlicerTerms(signal=0.1, gaussian={}, distributions=pairs, crest=8.0, bin_size=BIN)
    assert parts.interference("", 0.1) == pytest.approx(40e-3, abs=BIN)
    assert parts.interference("thirty", 0.1) == pytest.approx(10e-3, abs=BIN)
    costs = {one.name: one.cost_db for one in ledger_terms(parts, 0.1)}
    assert costs["thirty"] == pytest.approx(20.0 * np.log10(4.0), abs=0.02)


def test_sources_of_no_voltage_are_left_out_and_the_only_one_costs_all() -> None:
    terms = terms_by_removal({"silent": 0.0, "only": 1e-3}, lambda without: 0.0 if without == "only" else 1e-3)
    assert [(one.name, one.cost_db) for one in terms] == [("only", float("inf"))]


def test_com_is_the_ratio_of_voltages() -> None:
    ledger = ledger_without_ffe(
        0.05,
        0.005,
        (LedgerTerm(name="isi", rms_mv=1.0, cost_db=2.0), LedgerTerm(name="noise", rms_mv=2.0, cost_db=3.0)),
    )
    assert ledger.feedback_com_db == pytest.approx(20.0)
    assert (ledger.signal_mv, ledger.interference_mv) == pytest.approx((50.0, 5.0))
    assert ledger.largest.name == "noise"
    names = [name for name, _ in ledger.rows()]
    assert names.index("  noise") < names.index("  isi")


def test_a_ledger_says_what_its_detector_and_converter_do() -> None:
    rows = dict(
        MarginLedger(
            signal_mv=50.0,
            interference_mv=5.0,
            feedback_com_db=20.0,
            terms=(LedgerTerm(name="isi", rms_mv=1.0, cost_db=2.0),),
            sequence_gain_db=1.5,
            sequence_note="first tap alone",
            ffe_taps={0: 1.0},
            floating=(12, 13),
            clipping_mv=120.0,
            step_mv=1.9,
        ).rows()
    )
    assert rows["sequence detection"] == "+1.500 dB (first tap alone)"
    assert rows["converter"] == "clips at 120.00 mV, step 1.900 mV"
    assert rows["floating taps at"] == "12 13"
