"""Discontinuities as short networks: balls, sockets, vias, connectors, coupling capacitors.

A redriver is the exception: active, and one way. Each other is built from positive resistances, inductances and capacitances
(or causal lines of them): reciprocal, passive and causal by construction. `coupling` is the mutual inductance to the same part
of a neighbouring pair, relative to the part's own; `mode` gives the part as the even (+1) or odd (-1) mode of the two pairs
sees it, from which a path makes its crosstalk. `valid_to` is the frequency in Hz up to which the part's model is stated to
hold.
"""

from __future__ import annotations

from sirf.channel.parts.capacitor import Capacitor
from sirf.channel.parts.connector import Connector
from sirf.channel.parts.contacts import Ball, Socket
from sirf.channel.parts.redriver import Redriver
from sirf.channel.parts.via import Via, pad_capacitance

__all__ = ["Ball", "Capacitor", "Connector", "Redriver", "Socket", "Via", "pad_capacitance"]
