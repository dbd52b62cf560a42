"""Energy per bit of an architecture: host SerDes as a function of loss plus the optical module, with ranges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sirf._data import data_path, load_toml
from sirf.errors import ConfigError, SirfError


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """pJ/bit with its range; `serdes` and `module` are the parts of `value`; `source` names where they come from."""

    value: float
    low: float
    high: float
    serdes: float
    module: float
    provenance: str
    source: str


def list_architectures() -> tuple[str, ...]:
    """Ids that `energy_pj_per_bit` knows."""
    return tuple(_table()["architecture"])


def energy_pj_per_bit(architecture: str, loss_db: float) -> Energy:
    """Energy of an architecture whose electrical path loses `loss_db` (dB, die to die at half the symbol rate).

    a + b x loss for the host SerDes, plus the module; constants and sources in `data/energy/architectures.toml`. All three of
    low, typical and high take the low, typical and high constants together. Raises `ConfigError` for an unknown architecture,
    `SirfError` for a loss outside 0 to 60 dB.
    """
    if not 0 <= loss_db <= 60:
        raise SirfError(f"loss_db must be between 0 and 60 dB, got {loss_db}. Give the die-to-die loss.")
    table = _table()
    if architecture not in table["architecture"]:
        raise ConfigError(
            f"architecture must be one of {', '.join(table['architecture'])}, got {architecture!r}. Check the id."
        )
    record = table["architecture"][architecture]
    serdes = table["serdes"][record["serdes"]]
    host = [a + b * loss_db for a, b in zip(serdes["a_pj_per_bit"], serdes["b_pj_per_bit_per_db"], strict=True)]
    low, value, high = (h + m for h, m in zip(host, record["module_pj_per_bit"], strict=True))
    return Energy(
        value=value, low=low, high=high, serdes=host[1], module=record["module_pj_per_bit"][1],
        provenance=f"{serdes['provenance']}+{record['provenance']}",
        source=f"SerDes: {serdes['source']}; module: {record['source']}",
    )  # fmt: skip


@cache
def _table() -> dict[str, Any]:
    return load_toml(data_path("energy", "architectures.toml"))
