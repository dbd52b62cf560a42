"""Forward error correction: the codes of 802.3 with real encoders and decoders, code word counting, and the analytic ratios.

`load("kp4")` gives a code by name; `Hamming128` is the inner code; `CodewordCounter` counts code words of a run;
`ErrorChain` describes dependent errors; `line` has interleaving, mapping and precoding.
"""

from __future__ import annotations

from sirf.fec.codeword_counter import CodewordCount, CodewordCounter
from sirf.fec.error_chain import ErrorChain
from sirf.fec.hamming import Hamming128
from sirf.fec.library import load, names
from sirf.fec.line import deinterleave, from_levels, interleave, precode, remove_precoding, to_levels
from sirf.fec.post_fec import PostFec, frame_loss_ratio
from sirf.fec.reed_solomon import Decoded, ReedSolomon

__all__ = [
    "CodewordCount",
    "CodewordCounter",
    "Decoded",
    "ErrorChain",
    "Hamming128",
    "PostFec",
    "ReedSolomon",
    "deinterleave",
    "frame_loss_ratio",
    "from_levels",
    "interleave",
    "load",
    "names",
    "precode",
    "remove_precoding",
    "to_levels",
]
