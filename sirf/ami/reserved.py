"""The reserved parameters of IBIS 5.0 to 7.2: who may have them, which types and usages, from which version on.

Source: IBIS Open Forum, "IBIS (I/O Buffer Information Specification)", versions 5.1, 6.1, 7.0 and 7.2, section 10,
and the BIRDs that brought them in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reserved:
    """One reserved parameter: `side` "tx", "rx" or "both", allowed `types` and `usages`, IBIS versions `since` … `until`."""

    name: str
    side: str
    types: frozenset[str]
    usages: frozenset[str]
    since: float = 5.0
    # beyond any version: still in force in the newest that is read
    until: float = 99.0
    required: bool = False


_TYPES = {"b": "boolean", "i": "integer", "f": "float", "u": "ui", "s": "string"}
_USAGES = {"I": "info", "i": "in", "o": "out", "x": "inout", "d": "dep"}

# fmt: off
# name, side, types, usages, since, until: one line a parameter reads best as a table
_TABLE = """
AMI_Version                both s  I     5.1 99
Init_Returns_Impulse       both b  I     5.0 99
GetWave_Exists             both b  I     5.0 99
Use_Init_Output            both b  I     5.0 5.0
Max_Init_Aggressors        both i  I     5.0 99
Ignore_Bits                both i  Iod   5.0 99
Resolve_Exists             both b  I     6.1 99
Model_Name                 both s  Ii    6.1 99
Special_Param_Names        both s  I     6.1 99
Supporting_Files           both s  I     6.0 99
DLL_Path                   both s  i     6.0 99
DLL_ID                     both s  i     6.0 99
Component_Name             both s  i     7.1 99
Signal_Name                both s  i     7.1 99
Modulation                 both s  Iid   6.1 99
Modulation_Levels          both i  Iid   7.2 99
PAM4_Mapping               both s  Iiod  6.1 99
PAM4_UpperThreshold        rx   f  Iod   6.1 99
PAM4_CenterThreshold       rx   f  Iod   6.1 99
PAM4_LowerThreshold        rx   f  Iod   6.1 99
PAM4_UpperEyeOffset        rx   fu Iod   6.1 99
PAM4_CenterEyeOffset       rx   fu Iod   6.1 99
PAM4_LowerEyeOffset        rx   fu Iod   6.1 99
PAM_Thresholds             rx   s  Iod   7.2 99
PAM_Offsets                rx   s  Iod   7.2 99
Repeater_Type              rx   s  I     6.0 99
Ts4file                    both s  Iid   7.0 99
Tx_V                       tx   f  Iid   7.0 99
Tx_R                       tx   f  Iid   7.0 99
Rx_R                       rx   f  Iid   7.0 99
BCI_Protocol               both s  Iid   7.0 99
BCI_ID                     both s  i     7.0 99
BCI_State                  both s  ixo   7.0 99
BCI_Message_Interval_UI    both i  Iod   7.0 99
BCI_Training_UI            both i  Iod   7.0 99
BCI_Training_Mode          both s  Iid   7.0 99
DC_Offset                  rx   f  iox   7.1 99
Rx_Decision_Time           rx   fu Iod   7.1 99
Rx_Use_Clock_Input         rx   s  Iid   7.1 99
Tx_Impulse_Input           tx   s  Iid   7.2 99
Tx_Jitter                  tx   fu Iod   5.0 5.1
Tx_DCD                     tx   fu Iod   5.0 99
Tx_Rj                      tx   fu Iod   6.0 99
Tx_Dj                      tx   fu Iod   6.0 99
Tx_Sj                      tx   fu Iod   6.0 99
Tx_Sj_Frequency            tx   f  Iod   6.0 99
Rx_Clock_PDF               rx   fu Iod   5.0 5.1
Rx_Receiver_Sensitivity    rx   f  Iod   5.0 99
Rx_DCD                     rx   fu Iod   6.0 99
Rx_Rj                      rx   fu Iod   6.0 99
Rx_Dj                      rx   fu Iod   6.0 99
Rx_Sj                      rx   fu Iod   6.0 99
Rx_Clock_Recovery_Mean     rx   fu Iod   6.0 99
Rx_Clock_Recovery_Rj       rx   fu Iod   6.0 99
Rx_Clock_Recovery_Dj       rx   fu Iod   6.0 99
Rx_Clock_Recovery_Sj       rx   fu Iod   6.0 99
Rx_Clock_Recovery_DCD      rx   fu Iod   6.0 99
Rx_Noise                   rx   f  Iod   6.0 99
Rx_GaussianNoise           rx   f  Iod   7.0 99
Rx_UniformNoise            rx   f  Iod   7.0 99
"""
# fmt: on

REQUIRED = ("Init_Returns_Impulse", "GetWave_Exists")
"""Without these no host knows which flow a model takes part in; AMI_Version is required from 5.1 on."""


def _rows() -> dict[str, Reserved]:
    rows = {}
    for row in _TABLE.split("\n"):
        if not row.strip():
            continue
        # six columns
        name, side, types, usages, since, until = row.split()
        rows[name.lower()] = Reserved(
            name,
            side,
            frozenset(_TYPES[letter] for letter in types),
            frozenset(_USAGES[letter] for letter in usages),
            # versions compare as numbers, since none of IBIS has a minor part of two digits
            float(since),
            float(until),
            name in REQUIRED,
        )
    return rows


RESERVED = _rows()
"""By name in small letters."""
