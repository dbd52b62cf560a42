"""What a shared object is, read from its first bytes: format, processor, word length; and whether it can run here."""

from __future__ import annotations

import platform
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from sirf.errors import AmiError

# `e_machine` of ELF, `Machine` of a PE file's header, `cputype` of Mach-O, in which 0x01000000 marks 64 bits
ELF_MACHINES = {3: "x86", 8: "mips", 20: "powerpc", 21: "ppc64", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv"}
PE_MACHINES = {0x14C: "x86", 0x8664: "x86_64", 0xAA64: "aarch64", 0x1C0: "arm"}
MACH_MACHINES = {7: "x86", 0x01000007: "x86_64", 0x0100000C: "aarch64"}
ALIASES = {"amd64": "x86_64", "arm64": "aarch64", "i386": "x86", "i686": "x86"}
SYSTEMS = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}


@dataclass(frozen=True, slots=True)
class Binary:
    """System ("Linux", "Windows", "macOS"), processor and word length in bits of a shared object."""

    system: str
    processor: str
    bits: int

    def __str__(self) -> str:
        """In words."""
        return f"{self.bits}-bit {self.processor} for {self.system}"


def this_machine() -> Binary:
    """What runs here."""
    machine = platform.machine().lower()
    system = SYSTEMS.get(sys.platform, sys.platform)
    return Binary(system, ALIASES.get(machine, machine), 64 if sys.maxsize > 2**32 else 32)


def inspect(file: Path) -> Binary:
    """What `file` is; `AmiError` where it is no shared object."""
    try:
        with file.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise AmiError(f"so must be a shared object that can be read, got {file} ({error.strerror}).") from None
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        # byte order of the file itself
        order = "<" if head[5] == 1 else ">"
        machine = struct.unpack(f"{order}H", head[18:20])[0]
        return Binary("Linux", ELF_MACHINES.get(machine, f"machine {machine}"), 64 if head[4] == 2 else 32)
    if head[:2] == b"MZ" and len(head) >= 64:
        # where the real header begins
        start = struct.unpack("<I", head[60:64])[0]
        if head[start : start + 4] == b"PE\0\0":
            machine = struct.unpack("<H", head[start + 4 : start + 6])[0]
            return Binary("Windows", PE_MACHINES.get(machine, f"machine {machine:#x}"), 32 if machine == 0x14C else 64)
    # 0xfeedfacf has 64 bits and 0xfeedface 32, both with the low byte first; files for several processors are refused
    if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"):
        machine = struct.unpack("<I", head[4:8])[0]
        return Binary("macOS", MACH_MACHINES.get(machine, f"machine {machine:#x}"), 64 if head[0] == 0xCF else 32)
    raise AmiError(f"so must be a shared object, got {file.name}, which is none. Name the .so file of this machine.")


def check_runs_here(file: Path) -> None:
    """`AmiError` where `file` was built for another system, processor or word length."""
    found, here = inspect(file), this_machine()
    if found != here:
        raise AmiError(f"so must be {here}, got {file.name}, {found}. Ask for the model built for this machine.")
