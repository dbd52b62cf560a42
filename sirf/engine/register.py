"""All engines by name, each with the verb that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sirf.engine import contract
from sirf.engine.contract import Engine
from sirf.engine.counting.count_errors import count_errors
from sirf.engine.retimed.retimed_chain import simulate_chain
from sirf.engine.statistical.analysis import statistical_eye
from sirf.engine.waveform.simulate import simulate
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.link import Link
    from sirf.results.chain_count import ChainRun
    from sirf.results.error_count import ErrorCount
    from sirf.results.statistical_eye import StatisticalEye


def _linear_eye(link: Link, **options: Any) -> StatisticalEye:
    """The statistical eye of a link whose signal passes no curves of light."""
    # one verb serves two declarations: without this the register's linear engine would take links with large-signal
    # light
    contract.check_link(contract.STATISTICAL, link)
    return statistical_eye(link, **options)


def _large_signal_eye(link: Link, **options: Any) -> StatisticalEye:
    """The statistical eye of a link whose signal may pass the curves of its light."""
    contract.check_link(contract.LARGE_SIGNAL, link)
    return statistical_eye(link, **options)


def _linear_count(link: Link, **options: Any) -> ErrorCount:
    """The errors of a link at one sample a symbol."""
    contract.check_link(contract.COUNTING, link)
    return count_errors(link, **options)


def _light_count(link: Link, **options: Any) -> ErrorCount:
    """The errors of a link whose signal may pass the curves of its light."""
    contract.check_link(contract.LIGHT_COUNTING, link)
    return count_errors(link, **options)


def _chain_of_one(link: Link, **options: Any) -> ChainRun:
    """A chain that is one link: the errors of its decisions."""
    # a chain of one has nothing to retime, and shows the engine by itself
    return simulate_chain([link], **options)


ENGINES = {
    engine.declaration.name: engine
    for engine in (
        Engine(contract.STATISTICAL, _linear_eye),
        Engine(contract.LARGE_SIGNAL, _large_signal_eye),
        Engine(contract.COUNTING, _linear_count),
        Engine(contract.LIGHT_COUNTING, _light_count),
        Engine(contract.WAVEFORM, simulate),
        Engine(contract.RETIMED, _chain_of_one),
    )
}


def engine(name: str) -> Engine:
    """The engine called `name`; `SirfError` for a name that is none."""
    if name not in ENGINES:
        raise SirfError(f"engine must be one of {', '.join(ENGINES)}, got {name!r}. Check the spelling.")
    return ENGINES[name]
