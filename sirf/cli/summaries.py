"""What each command does in one line of the first help: short enough to stand whole at 80 columns."""

from __future__ import annotations

SUMMARIES: dict[str, str] = {
    "compare": "Every way from a switch die to the next (the main job)",
    "eye": "Eye of one channel after equalisation",
    "ber": "Errors counted bit by bit, with a 99 % interval",
    "jtol": "Sinusoidal jitter that the receiver tolerates",
    "pulse": "Pulse response of a channel as it is",
    "figures": "Losses, ILD, ICN, ERL, TDR and skew of a channel",
    "check": "Quality of a Touchstone file, and its repair",
    "convert": "Any readable file to Touchstone",
    "com": "Channel Operating Margin of one channel",
    "reach": "Longest path that meets a limit, and what limits it",
    "map": "One figure over two quantities",
    "crossover": "Length beyond which co-packaged optics take less energy",
    "modulation": "PAM4, PAM6 and PAM8 at equal net bit rate",
    "failures": "Failure rates of a port, availability of a switch",
    "sweep": "All cases of a study, on one machine or a cluster",
    "fec": "Error ratios after forward error correction",
    "optics": "Light of an optical path: TDECQ, margin; or a list",
    "bench": "Speed of this machine (under two minutes)",
    "standards": "Presets: a list, or one whole",
    "architectures": "Ways from die to die: a list, or one whole",
    "paths": "Copper paths: a list, or one whole",
    "materials": "Laminates and substrates: a list, or one whole",
    "weaves": "Glass styles of boards: a list, or one whole",
    "masks": "Masks of jitter and limits of copper",
    "patterns": "Test patterns",
    "codes": "Error-correcting codes: a list, or one whole",
    "studies": "Example studies: a list, or one whole",
    "doctor": "Versions, threads, cache and data of this installation",
    "mcp": "The commands as tools for agents",
    "study": "What a study found",
    "ami": "Vendor models (IBIS-AMI): check one, export a link",
    "completion": "Completion of commands and options in a shell",
}
"""By command and family, in the order of the help."""
