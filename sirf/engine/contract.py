"""The contract between links and engines: an engine declares the blocks it honours, one function refuses the others.

To add an engine: write its `Declaration` into `DECLARATIONS` below, call `check_link(DECLARATION, link)` before anything else
in its verb, and add an `Engine` of the two to `sirf/engine/register.py`. `tests/engine/test_contract.py` then runs every block
of the register through it and demands that the block changes the answer or is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sirf.engine.blocks import BLOCKS, Block, blocks_of
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.link import Link

LINEAR = frozenset(
    {
        "symbols by pairs",
        "transmitter FFE",
        "finite edges",
        "level mismatch",
        "transmitter noise",
        "random jitter",
        "dual-Dirac jitter",
        "duty-cycle distortion",
        "even-odd jitter",
        "sinusoidal jitter",
        "bounded jitter",
        "phase noise",
        "crosstalk",
        "aggressor amplitude",
        "aggressor phase",
        "aggressor rate offset",
        "light",
        "optical noise",
        "noise filter",
        "receiver noise",
        "CTLE",
        "receiver FFE",
        "DFE",
        "unrolled DFE",
        "sampling criterion",
        "sampling offset",
        "transmitter filter",
        "cancellation",
    }
)
"""What every engine of ours honours: most of it is in the responses of the shared front end."""
CURVES_AND_PAIRS = "the curves of light are followed for levels that are equally likely"
PRECODED_PAIRS = {("symbols by pairs", "precoding"): "a sum modulo six sends the corners that pairs leave out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an engine says of itself.

    Attributes
    ----------
    name
        Of the engine.
    title
        What it makes of a link, with its article: "a statistical eye".
    verb
        How a user calls it.
    honours
        Names of the blocks that change its answer as they should.
    reasons
        Why it does not honour a block, by the block's name, as the end of a sentence.
    apart
        Pairs of blocks that it honours one at a time only, with the reason.
    """

    name: str
    title: str
    verb: str
    honours: frozenset[str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    apart: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Validate the names of blocks."""
        pairs = [name for pair in self.apart for name in pair]
        unknown = {*self.honours, *self.reasons, *pairs} - {block.name for block in BLOCKS}
        if unknown:
            # a misspelt name in a declaration would honour nothing, and refuse what the engine can do
            raise ValueError(f"blocks must be those of sirf.engine.blocks, got {sorted(unknown)}. Check the spelling.")

    def refuses(self, link: Link) -> tuple[Block, str] | None:
        """The first block of `link` that this engine cannot honour, and why; None where it takes the link."""
        # in the order of the register, so that a link always meets the same refusal first
        used = blocks_of(link)
        for block in used:
            # the first that is found, for one sentence can name one remedy
            if block.name not in self.honours:
                return block, self.reasons.get(block.name, f"it has no model of {block.name}")
        names = {block.name: block for block in used}
        for (kept, left), reason in self.apart.items():
            if kept in names and left in names:
                return names[left], reason
        return None


STATISTICAL = Declaration(
    name="statistical",
    title="a statistical eye",
    verb="sirf.statistical_eye",
    honours=LINEAR | {"converter", "sequence detection", "transmitter model", "receiver model"},
    reasons={
        "driver compression": "its distributions are those of sums of independent terms",
        "pattern": "it takes symbols as independent",
        "aggressor pattern": "it takes symbols as independent",
        "precoding": "it finds the errors of decisions, not those behind a decoder",
        "large-signal light": "curves of light need their own fit",
        "amplifier": "its distributions are those of sums of independent terms",
        "converter lanes": "it samples all symbols alike",
        "clock recovery": "it samples at one fixed phase, without a loop",
        "wander": "it samples at one fixed phase, without a loop",
        "adaptation": "its taps are those of the link",
    },
)
LARGE_SIGNAL = Declaration(
    name="large-signal light",
    title="a statistical eye of large-signal light",
    verb="sirf.statistical_eye",
    honours=STATISTICAL.honours - {"symbols by pairs"} | {"large-signal light"},
    reasons={**STATISTICAL.reasons, "symbols by pairs": CURVES_AND_PAIRS},
)
COUNTING = Declaration(
    name="counting",
    title="counting at one sample a symbol",
    verb="sirf.count_errors",
    honours=LINEAR
    | {"driver compression", "pattern", "aggressor pattern", "precoding", "sequence detection", "converter"}
    | {"transmitter model", "receiver model"},
    reasons={
        "large-signal light": "curves have to be followed between the samples",
        "amplifier": "it keeps no waveform that a curve could bend",
        "converter lanes": "it keeps no samples ahead of the equaliser",
        "clock recovery": "it samples at one fixed phase, without a loop",
        "wander": "it samples at one fixed phase, without a loop",
        "adaptation": "its taps are those of the link",
    },
    apart=PRECODED_PAIRS,
)
LIGHT_COUNTING = Declaration(
    name="large-signal counting",
    title="counting through the curves of light",
    verb="sirf.count_errors",
    honours=COUNTING.honours - {"symbols by pairs"} | {"large-signal light"},
    reasons={**COUNTING.reasons, "symbols by pairs": CURVES_AND_PAIRS},
)
WAVEFORM = Declaration(
    name="waveform",
    title="a waveform",
    verb="sirf.simulate",
    honours=COUNTING.honours
    | {"large-signal light", "amplifier", "converter lanes", "clock recovery", "wander", "adaptation"},
    apart={
        ("sequence detection", "adaptation"): "the target of its sequence detector is fixed",
        ("large-signal light", "symbols by pairs"): CURVES_AND_PAIRS,
        **PRECODED_PAIRS,
    },
)
RETIMED = Declaration(
    name="retimed chain",
    title="a chain of retimed links",
    verb="sirf.simulate_chain",
    honours=WAVEFORM.honours - {"sequence detection", "transmitter model", "receiver model"},
    reasons={
        "sequence detection": "a retimer sends its decisions on symbol by symbol",
        "transmitter model": "chains of models are those of sirf.ami.simulate_repeaters",
        "receiver model": "chains of models are those of sirf.ami.simulate_repeaters",
    },
    apart=PRECODED_PAIRS | {("large-signal light", "symbols by pairs"): CURVES_AND_PAIRS},
)
DECLARATIONS = (STATISTICAL, LARGE_SIGNAL, COUNTING, LIGHT_COUNTING, WAVEFORM, RETIMED)
"""All engines, the cheapest first: an error recommends those that take the link, in this order."""


def check_link(declaration: Declaration, link: Link, *, where: str = "") -> None:
    """Raise `SirfError` where an engine cannot honour a block of `link`: the field, the reason, and the engine that can.

    `where` is put behind what was found, for verbs of several links.
    """
    refused = declaration.refuses(link)
    if refused is None:
        return
    block, reason = refused
    # a dict keeps the order, cheapest first, and drops verbs that two declarations share
    able = dict.fromkeys(one.verb for one in DECLARATIONS if one.refuses(link) is None)
    advice = f"use {' or '.join(able)}, or {block.remedy}" if able else block.remedy
    raise SirfError(
        f"{block.setting} must be {block.off} for {declaration.title}, got {_shown(block.values(link)[0])}{where}: "
        f"{reason}. {advice[0].upper()}{advice[1:]}."
    )


def without_refused(declaration: Declaration, link: Link) -> Link:
    """`link` with every block switched off that an engine cannot honour, for what those blocks leave as it is."""
    # a block switched off may leave another one that is refused as well
    while (refused := declaration.refuses(link)) is not None:
        link = refused[0].switched_off(link)
    return link


def _shown(value: Any) -> str:
    """A plain value as it is, a block's by its type."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return str(value)
    return f"{'an' if type(value).__name__[0] in 'AEIOU' else 'a'} {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class Engine:
    """A declaration and the verb that keeps it: `run(link, **options)` gives a result of `sirf.results`."""

    declaration: Declaration
    run: Callable[..., Any]
