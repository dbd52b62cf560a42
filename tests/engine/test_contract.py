"""Every block through every engine: it changes the answer, or is refused by its field with the reason and the engine that can."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import sirf
from sirf import optics
from sirf.ami.model import AmiModel
from sirf.channel.channel import Channel
from sirf.clock.recovery import ClockRecovery
from sirf.engine.blocks import BLOCKS, blocks_of
from sirf.engine.contract import DECLARATIONS, STATISTICAL, WAVEFORM, Declaration, check_link
from sirf.engine.register import ENGINES, engine
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.adaptation import Adaptation
from sirf.receiver.converter import Converter
from sirf.receiver.mlse import Mlse
from sirf.receiver.receiver import Ctle, Receiver
from sirf.receiver.vga import Vga
from sirf.signal.patterns import Pattern
from sirf.signal.sampled_filter import SampledFilter
from sirf.transmitter.aggressor import Aggressor
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter
from sirf.transmitter.transmitter import Transmitter
from tests.ami.build import MODELS, build, find_compiler
from tests.engine.links import SYMBOL_RATE, lossy
from tests.optics.links import back_to_back, straight_path


@cache
def base() -> Link:
    """A copper link with one aggressor, some intersymbol interference and errors enough to count; no block but what it needs."""
    return Link(
        Channel(lossy(1.0, 0.5e-9), fext=(lossy(0.04, 0.4e-9),), plane="die"),
        symbol_rate=SYMBOL_RATE,
        modulation="PAM4",
        transmitter=Transmitter(amplitude=0.4, amplitude_fext=0.4, amplitude_next=0.4, rise_time=20e-12),
        receiver=Receiver(noise_corner=8e9, noise_density=1.2e-13, dfe=(0.2,)),
        samples_per_ui=8,
    )


def plain() -> Link:
    """The base without its DFE, which a receiver's model would replace."""
    return receiving(dfe=())


def vendor(source: str, **options: Any) -> AmiModel:
    """A test model of `tests/ami/models`, compiled; without a compiler the test is skipped."""
    compiler = find_compiler()
    if compiler is None:
        pytest.skip("no C compiler (cc) to build the test models with")
    return AmiModel(MODELS / f"{source}.ami", so=build(source, compiler), **options)


def sending(**changes: Any) -> Link:
    return base().replace(transmitter=dataclasses.replace(base().transmitter, **changes))


def receiving(**changes: Any) -> Link:
    return base().replace(receiver=dataclasses.replace(base().receiver, **changes))


def beside(**changes: Any) -> Link:
    return base().replace(aggressors=(Aggressor(**changes),))


def moving(**changes: Any) -> Link:
    return sending(jitter=Jitter(**changes))


def lit(**changes: Any) -> Link:
    """Light whose noise makes errors; straight curves but where a link is sent through them."""
    path = dataclasses.replace(
        straight_path(0.8e-3, mean=1e-3, noise=2e-9),
        modulator=optics.MachZehnder(np.pi / 2),
        source=optics.Laser(2e-3),
    )
    return back_to_back(path, **({"large_signal": False} | changes)).replace(samples_per_ui=8)


Pair = tuple[Callable[[], Link], Callable[[], Link]]
EXAMPLES: dict[str, Pair | Callable[[], Link]] = {
    "symbols by pairs": (base, lambda: base().replace(modulation="PAM6")),
    "transmitter FFE": lambda: sending(ffe=(-0.1, 0.9), ffe_main=1),
    "transmitter filter": lambda: sending(filter=SampledFilter(np.array([0.9, -0.1]), 1.0 / (8 * SYMBOL_RATE))),
    "finite edges": (lambda: sending(rise_time=0.0), base),
    "level mismatch": lambda: sending(level_mismatch=0.9),
    "transmitter noise": lambda: sending(snr_db=15.0),
    "driver compression": lambda: sending(compression=0.1),
    "pattern": lambda: sending(pattern=Pattern("prbs13q")),
    "precoding": lambda: sending(precoding=True),
    "random jitter": lambda: moving(random_ui=0.02),
    "dual-Dirac jitter": lambda: moving(dual_dirac_ui=0.04),
    "duty-cycle distortion": lambda: moving(duty_cycle_ui=0.06),
    "even-odd jitter": lambda: moving(even_odd_ui=0.06),
    "sinusoidal jitter": lambda: moving(sinusoidal=(SinusoidalJitter(0.05, 1e9),)),
    "bounded jitter": lambda: moving(bounded=(BoundedJitter(0.05, 2e9, 1e9),)),
    "phase noise": lambda: moving(phase_noise=PhaseNoise((1e6, 1e9), (-100.0, -120.0))),
    "crosstalk": (lambda: base().replace(channel=dataclasses.replace(base().channel, fext=()), aggressors=()), base),
    "aggressor amplitude": lambda: beside(amplitude=0.6),
    "aggressor phase": lambda: beside(phase_ui=0.25),
    "aggressor rate offset": (lambda: beside(phase_ui=0.25), lambda: beside(phase_ui=0.25, rate_offset_ppm=200.0)),
    "aggressor pattern": lambda: beside(pattern=Pattern("prbs13q")),
    "light": lambda: lit(),
    "optical noise": (lambda: lit(noisy=False), lambda: lit()),
    "large-signal light": (lambda: lit(), lambda: lit(large_signal=True)),
    # noise needs a filter: the transmitter's own makes the errors of both
    "noise filter": (
        lambda: receiving(noise_corner=None, noise_density=0.0).replace(
            transmitter=dataclasses.replace(base().transmitter, snr_db=15.0)
        ),
        lambda: receiving(noise_density=0.0).replace(transmitter=dataclasses.replace(base().transmitter, snr_db=15.0)),
    ),
    "receiver noise": (
        lambda: receiving(noise_density=0.0, converter=None).replace(
            transmitter=dataclasses.replace(base().transmitter, snr_db=15.0)
        ),
        lambda: sending(snr_db=15.0),
    ),
    "CTLE": lambda: receiving(ctle=Ctle(g_dc_db=-3.0, f_z=4e9, f_p1=4e9, f_p2=10e9)),
    "receiver FFE": lambda: receiving(ffe=(1.0, -0.1)),
    "DFE": (lambda: receiving(dfe=()), base),
    "unrolled DFE": lambda: receiving(dfe_unrolled=True),
    "sampling criterion": lambda: receiving(sampling="minimum-error-ratio"),
    "sampling offset": lambda: receiving(sampling_offset_ui=0.125),
    "sequence detection": lambda: receiving(mlse=Mlse()),
    "amplifier": lambda: receiving(vga=Vga(saturation=0.6)),
    "converter": lambda: receiving(converter=Converter(bits=5)),
    "converter lanes": (
        lambda: receiving(converter=Converter(bits=5)),
        lambda: receiving(converter=Converter(bits=5, offset=(0.02, -0.02))),
    ),
    "clock recovery": lambda: receiving(clock=ClockRecovery(bandwidth=2e8, hold_symbols=10)),
    "wander": lambda: receiving(wander=sirf.Wander(sinusoidal_ui=0.1, sinusoidal_frequency=1e8)),
    "adaptation": lambda: receiving(adaptation=Adaptation(dfe_step=1e-2, settle_symbols=10)),
    "cancellation": lambda: receiving(
        cancellation=SampledFilter(np.append(np.zeros(72), -0.05), 1.0 / (8 * SYMBOL_RATE))
    ),
    "transmitter model": (plain, lambda: plain().replace(transmitter_model=vendor("ffe", main=0.8, post1=-0.2))),
    "receiver model": (plain, lambda: plain().replace(receiver_model=vendor("receiver", peak_db=6))),
}
"""For each block a link that has it, and, where the base is not that, the link that differs by this block alone."""
SAME_DECISIONS = {"unrolled DFE"}
"""Blocks that are another way to the same decisions."""


def pair(name: str) -> tuple[Link, Link]:
    """The links without and with a block."""
    example = EXAMPLES[name]
    without, having = example if isinstance(example, tuple) else (base, example)
    return without(), having()


OPTIONS: dict[str, dict[str, Any]] = {
    "statistical": {"phases": 1},
    "large-signal light": {"phases": 1},
    "counting": {"max_errors": 10**9, "max_symbols": 1, "rng": 1},
    "large-signal counting": {"max_errors": 10**9, "max_symbols": 1, "rng": 1},
    "waveform": {"symbols": 20_000, "rng": 1},
    "retimed chain": {"symbols": 20_000, "rng": 1},
}
ANSWERS: dict[str, Callable[[Any], Any]] = {
    "statistical": lambda eye: (eye.ber, eye.slices[0].log_tail.tobytes()),
    "large-signal light": lambda eye: (eye.ber, eye.slices[0].log_tail.tobytes()),
    "counting": lambda count: (count.errors, count.confusion, count.burst_lengths),
    "large-signal counting": lambda count: (count.errors, count.confusion, count.burst_lengths),
    "waveform": lambda run: (run.errors.confusion, run.errors.burst_lengths),
    "retimed chain": lambda run: (run.end_to_end.confusion, run.end_to_end.burst_lengths),
}


@pytest.fixture(autouse=True)
def one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One seed for all links: else every field would change every random number, and so every answer."""
    monkeypatch.setattr(Link, "rounded_digest", property(lambda link: "1"))


def answer(name: str, link: Link) -> Any:
    return ANSWERS[name](ENGINES[name].run(link, **OPTIONS[name]))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_block_changes_the_answer_or_is_refused(block: Any, name: str) -> None:
    without, having = pair(block.name)
    declaration = ENGINES[name].declaration
    assert block.name in {one.name for one in blocks_of(having)}
    assert block.name not in {one.name for one in blocks_of(without)}
    if declaration.refuses(having) is not None:
        able = [one for one in DECLARATIONS if one.refuses(having) is None]
        with pytest.raises(SirfError, match=f"must be .* for {declaration.title}, got .*: .*Use {able[0].verb}.*, or "):
            ENGINES[name].run(having, **OPTIONS[name])
        return
    if declaration.refuses(without) is not None:
        return
    first, second = answer(name, without), answer(name, having)
    assert (first == second) == (block.name in SAME_DECISIONS)


def test_a_field_that_is_refused_is_named() -> None:
    for block in BLOCKS:
        having = pair(block.name)[1]
        refused = STATISTICAL.refuses(having)
        if refused is None or refused[0] is not block:
            continue
        with pytest.raises(
            SirfError, match=f"^{block.setting} must be {re.escape(str(block.off))} for a statistical eye"
        ):
            ENGINES["statistical"].run(having)


def test_every_block_has_an_example_and_every_engine_a_declaration() -> None:
    assert list(EXAMPLES) == [block.name for block in BLOCKS]
    assert [one.declaration for one in ENGINES.values()] == list(DECLARATIONS)
    assert set(OPTIONS) == set(ANSWERS) == set(ENGINES)


NO_BLOCK = {
    "transmitter.amplitude", "transmitter.amplitude_fext", "transmitter.amplitude_next", "transmitter.ffe_main",
    "transmitter.jitter", "receiver.ffe_main", "receiver.thresholds",
}  # fmt: skip
"""Fields that belong to a signal or to a block, and are no blocks themselves."""


def test_every_field_of_transmitter_receiver_and_jitter_is_a_block() -> None:
    """A field without a block is refused by no engine, so one that does not know it would leave it out without a word."""
    kinds = {"transmitter": Transmitter, "receiver": Receiver, "transmitter.jitter": Jitter}
    fields = {f"{part}.{field.name}" for part, kind in kinds.items() for field in dataclasses.fields(kind)}
    blocks = {block.field for block in BLOCKS}
    assert fields - blocks - NO_BLOCK == set()
    assert fields - blocks >= NO_BLOCK


def test_what_is_off_is_in_no_blocks_way() -> None:
    names = {block.name for block in blocks_of(base())}
    assert names == {"finite edges", "crosstalk", "noise filter", "receiver noise", "DFE"}


def test_blocks_that_exclude_each_other_are_refused_together() -> None:
    both = receiving(mlse=Mlse(), adaptation=Adaptation())
    with pytest.raises(SirfError, match=r"^adaptation must be None for a waveform, got an Adaptation: the target"):
        check_link(WAVEFORM, both)


def test_what_no_engine_takes_is_to_be_left_out() -> None:
    both = receiving(mlse=Mlse(), clock=ClockRecovery(), adaptation=Adaptation())
    with pytest.raises(SirfError, match=r"got a ClockRecovery: .* without a loop\. Leave it out\.$"):
        check_link(STATISTICAL, both)


def test_a_declaration_of_an_unknown_block_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Declaration(name="none", title="nothing", verb="none", honours=frozenset({"nonsense"}))


def test_engines_are_found_by_name() -> None:
    assert engine("waveform").run is sirf.simulate
    with pytest.raises(SirfError, match=r"engine must be one of .*statistical, .*got 'wave'"):
        engine("wave")
