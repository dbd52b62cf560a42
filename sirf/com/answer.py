"""What one way of searching leads to, in the same form for every annex."""

from __future__ import annotations

from dataclasses import dataclass, field

from sirf._arrays import Float
from sirf.com.chip_to_module import WindowEye
from sirf.com.distribution import VoltageDistribution
from sirf.results.ledger import MarginLedger
from sirf.results.margin import EqualizerChoice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """A choice of the search with its margin, voltages in V.

    `dfe_taps` (N,) are relative to the cursor, `floating_taps` the numbers of those that float; `pulses` are the equalised ones,
    through path first; `distributions` by name. `rx_ffe_cursor` is the number of the receiver FFE's main tap, from 0,
    `rx_ffe_floating` the positions of its floating taps in UI after it. `other_revisions` holds COM in dB by revision.
    """

    choice: EqualizerChoice
    signal: float
    interference: float
    com_no_crosstalk_db: float
    eye: WindowEye | None
    dfe_taps: Float
    floating_taps: tuple[int, ...]
    rx_ffe_taps: tuple[float, ...]
    sigmas: dict[str, float]
    pulses: tuple[Float, ...]
    distributions: dict[str, VoltageDistribution]
    mlse_gain_db: float | None = None
    rx_ffe_cursor: int | None = None
    rx_ffe_floating: tuple[int, ...] = ()
    revision: str = "3.70"
    other_revisions: dict[str, float] = field(default_factory=dict)
    ledger: MarginLedger | None = None
