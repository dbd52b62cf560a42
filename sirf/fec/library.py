"""The codes that ship: `data/fec/*.toml`, one code a file."""

from __future__ import annotations

from pathlib import Path

from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import Sourced
from sirf.errors import ConfigError, SirfError
from sirf.fec.reed_solomon import ReedSolomon

KP4_BIT_ERROR_RATIO = 2.4e-4
"""Bit error ratio ahead of RS(544,514) that the standards of 100 Gb/s a lane ask for, and at which TDECQ is defined (IEEE 802.3
clause 121.8.5: SER 4.8e-4)."""


# four blocks of 64 bits keep one header bit between them in place of two bits each: 4 x 64 + 1 on 256 of data
TRANSCODING = 257 / 256
"""Bits ahead of the encoder over bits of the client: 64B/66B blocks, four at a time, become 256B/257B."""


class CodeTable(Sourced):
    """The keys of a code's file; `provenance` is P published, 2 secondary, E engineering estimate."""

    id: str
    title: str
    symbols: int
    message_symbols: int
    bits_per_symbol: int
    field_polynomial: int
    # the codes of 802.3 begin at alpha^0 (clause 91.5.2.7); other standards begin elsewhere
    first_root: int = 0

    def code(self) -> ReedSolomon:
        """The frozen value that encodes and decodes."""
        return ReedSolomon(
            self.id,
            symbols=self.symbols,
            message_symbols=self.message_symbols,
            bits_per_symbol=self.bits_per_symbol,
            field_polynomial=self.field_polynomial,
            first_root=self.first_root,
        )


def names() -> tuple[str, ...]:
    """Names of the codes that ship."""
    return _CODES.ids()


def load(name: str | Path) -> ReedSolomon:
    """A code by name ("kp4", "kr4") or from a TOML file of your own; `ConfigError` names the file and the key.

    >>> load("kr4").correctable
    7
    """
    return _CODES.load(name)


def _from_file(file: Path) -> ReedSolomon:
    table = validated(CodeTable, load_toml(file), file)
    try:
        return table.code()
    # pydantic has checked the types; what makes a code of them the value itself checks, which does not know the file
    except SirfError as error:
        raise ConfigError(f"{file.name}: {error}") from None


_CODES = DataFolder("fec", kind="code", read=_from_file)
