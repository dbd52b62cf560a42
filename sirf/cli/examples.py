"""An example for the help of every command."""

from __future__ import annotations

import re

EXAMPLES: dict[str, tuple[str, ...]] = {
    "compare": (
        "sirf compare",
        "sirf compare pluggable npo cpo --data-rate 212.5Gb/s --out boards",
        "sirf compare --explain cpo-linear --json results.json",
    ),
    "eye": (
        "sirf eye thru.s4p --standard 802.3ck-c2m --fext fext.s4p --next next.s4p --out eye.png",
        "sirf eye thru.s4p --pictures pictures --report eye.html",
        "sirf eye thru.s4p --engine waveform --symbols 1e6 --terminal",
    ),
    "ber": ("sirf ber thru.s4p --max-errors 1000 --max-symbols 1e9 --resume counts.json",),
    "jtol": ("sirf jtol thru.s4p --mask 802.3ck --ber 1e-5 --bandwidth 4MHz --out tolerance.png",),
    "pulse": ("sirf pulse thru.s4p --symbol-rate 53.125GBd --out pulse.png",),
    "figures": ("sirf figures thru.s4p --standard 802.3ck-kr1 --strict --out figures",),
    "check": (
        "sirf check thru.s4p --symbol-rate 53.125GBd",
        "sirf check thru.s4p --repair dc,causal,passive --out mended.s4p",
    ),
    "convert": ("sirf convert thru.cti thru.s4p --port-order 13-24 --grid 0:10MHz:67GHz",),
    "com": (
        "sirf com thru.s4p --fext fext.s4p --standard 802.3ck-kr1",
        "sirf com thru.s4p --config workbook.xlsx --set 'c(-1)=[-0.08:0.04:0]' --com-db 3",
    ),
    "reach": (
        "sirf reach pluggable --standard 802.3ck-c2m --ber 1e-6 --at-least '250 mm'",
        "sirf reach pluggable-linear --data-rate 212.5Gb/s",
    ),
    "map": ("sirf map length-loss pluggable --lengths 100mm,200mm,10in --limit 1e-5 --out map.png",),
    "crossover": ("sirf crossover --data-rate 212.5Gb/s --rival pluggable-retimed --out crossover.png",),
    "modulation": (
        "sirf modulation thru.s4p --data-rate 212.5Gb/s --losses 20,30,40",
        "sirf modulation npo --data-rate 425Gb/s --lengths 100mm,200mm,300mm --out margins.png",
    ),
    "failures": (
        "sirf failures",
        "sirf failures cpo-linear pluggable-retimed --switch 102.4Tb/s --spare-ports 2 --explain cpo-linear",
    ),
    "duty": (
        "sirf duty",
        "sirf duty cpo-linear pluggable-retimed --utilisation 0.1,0.5 --low-power --laser-temperature 70",
    ),
    "sweep": ("sirf sweep study.toml --results results --workers 8",),
    "fec": ("sirf fec --ber 1e-4 --ber 2.4e-4 --code kp4 --interleave 2",),
    "optics": ("sirf optics dr-silicon-mzm --taps 15", "sirf optics --list"),
    "bench": ("sirf bench", "sirf bench --json figures.json"),
    "standards": ("sirf standards", "sirf standards 802.3ck-c2m --json -"),
    "materials": ("sirf materials megtron7",),
    "weaves": ("sirf weaves 1078",),
    "architectures": ("sirf architectures cpo-linear",),
    "paths": ("sirf paths pluggable",),
    "masks": ("sirf masks 802.3dj",),
    "patterns": ("sirf patterns",),
    "codes": ("sirf codes kp4",),
    "studies": ("sirf studies ring-detuning",),
    "doctor": ("sirf doctor --json doctor.json",),
    "completion": ("sirf completion install",),
    "mcp": ("sirf mcp",),
    "study show": ("sirf study show results --out study.html",),
    "study merge": ("sirf study merge one two --out all",),
    "ami check": ("sirf ami check rx.ami --symbol-rate 53.125GBd --set tap=2",),
    "ami export": ("sirf ami export link.toml --out model",),
}
"""By command; each line can be run as it stands where its files are there."""


WIDTH = 76
"""Characters to a line of an example: with its indent it fits on 80 columns, on which most terminals open."""


def _lines(example: str) -> str:
    """An example over as many lines as it needs, broken before options; a shell takes them as one."""
    lines: list[str] = []
    for part in re.split(r" (?=--)", example):
        if lines and len(lines[-1]) + len(part) < WIDTH - len(" \\"):
            lines[-1] += f" {part}"
        else:
            lines.append(f"    {part}" if lines else f"  {part}")
    return " \\\n".join(lines)


def epilog(command: str) -> str | None:
    """The examples of a command as the end of its help."""
    lines = EXAMPLES.get(command)
    return (
        None if lines is None else "\n".join(("\b", "Examples:" if len(lines) > 1 else "Example:", *map(_lines, lines)))
    )
