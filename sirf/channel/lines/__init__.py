"""Transmission lines from geometry and material: series impedance and shunt admittance, then a two-port."""

from __future__ import annotations

from sirf.channel.lines.base import Line
from sirf.channel.lines.chain_matrix import (
    Chain,
    join,
    line_chain,
    pair_two_port,
    series_chain,
    shunt_chain,
    two_port_of_pair,
    uniform_scattering,
)
from sirf.channel.lines.edge_stripline import EdgeStripline
from sirf.channel.lines.microstrip import EdgeMicrostrip, Microstrip
from sirf.channel.lines.stripline import Stripline
from sirf.channel.lines.twinax import Twinax
from sirf.channel.network import LINE_OHM, PAIR_OHM

__all__ = [
    "LINE_OHM",
    "PAIR_OHM",
    "Chain",
    "EdgeMicrostrip",
    "EdgeStripline",
    "Line",
    "Microstrip",
    "Stripline",
    "Twinax",
    "join",
    "line_chain",
    "pair_two_port",
    "series_chain",
    "shunt_chain",
    "two_port_of_pair",
    "uniform_scattering",
]
