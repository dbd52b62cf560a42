"""Records of a run against each other, whatever lies between transmitter and receiver."""

from __future__ import annotations

import numpy as np

import sirf
from sirf.link import Link
from sirf.results.waveform_record import WaveformRecord


def record_of(link: Link, *places: str) -> WaveformRecord:
    """4000 symbols of a run, recorded at `places`."""
    record = sirf.simulate(link, symbols=4000, rng=1, capture=list(places), record=4000).record
    assert record is not None
    return record


def receiver_filter_error(link: Link) -> float:
    """The channel's output, filtered as the receiver filters, against the record behind the CTLE, relative to its peak."""
    record = record_of(link, "channel", "ctle")
    m = record.samples_per_ui
    frequency = np.fft.rfftfreq(len(record.time), 1.0 / (m * record.symbol_rate))
    # both have their own instant at time 0
    later = np.exp(2j * np.pi * frequency * (record.delay["ctle"] - record.delay["channel"]))
    spectrum = np.fft.rfft(record.volts["channel"]) * link.receiver.analog_transfer(frequency) * later
    filtered = np.fft.irfft(spectrum, len(record.time))
    inside = slice(200 * m, -20 * m)
    error = np.abs(filtered[inside] - record.volts["ctle"][inside])
    return float(np.max(error) / np.max(np.abs(record.volts["ctle"])))
