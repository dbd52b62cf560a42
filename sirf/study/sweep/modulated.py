"""Cases of a study whose modulation varies: figures at one net rate over one channel, as of `sirf.modulation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sirf.channel.channel import Channel
from sirf.channel.path import Path
from sirf.errors import ConfigError
from sirf.study.sweep.parameters import parameter_of
from sirf.study.sweep.parts import Base

if TYPE_CHECKING:
    from sirf.study.sweep.study import Study

FIGURES_OF_MODULATION = ("insertion_loss_db", "com_db", "ber", "ber_post_fec", "frame_loss_ratio", "energy_pj_per_bit")
"""What a study over modulations can ask for; energy is that of transmitter and receiver a net bit."""
# 400 Gb/s of the client: four times the 106.25 Gb/s of a 100 Gb/s lane
DATA_RATE = 425e9
"""bit/s on a lane where the study has no rate of its own."""
# `sirf.modulation` builds links of its own, which none of these settings of a study's links would reach
_UNHEARD = ("step_mhz", "samples_per_ui", "crosstalk", "equalizer", "tx_ami", "tx_so", "rx_ami", "rx_so")


def check_modulated(study: Study) -> None:
    """`ConfigError` for what a study over modulations would not hear, and for what it cannot give."""
    axes = [axis.parameter for axis in study.axes]
    if "modulation" not in axes:
        return
    if study.base.architecture is not None or "architecture" in axes:
        raise ConfigError(
            "axis modulation must go with a path or files, got an architecture. Name its path and a standard."
        )
    for name in _UNHEARD:
        # a setting that would be ignored is most likely meant otherwise
        if getattr(study.base, name) != getattr(Base(), name):
            raise ConfigError(f"base.{name} must be left out with an axis of modulation, which has its own. Remove it.")
    if study.tolerances:
        raise ConfigError(
            f"tolerance must not stand beside an axis of modulation, got {study.tolerances[0].parameter}. Make it an axis."
        )
    for name in axes:
        if parameter_of(name).root not in ("subject", "path"):
            raise ConfigError(f"axis {name} must be of the copper beside modulation, got one of the link. Take it out.")
    for figure in study.figures:
        if figure not in FIGURES_OF_MODULATION:
            known = ", ".join(FIGURES_OF_MODULATION)
            raise ConfigError(
                f"figure must be one of {known} with an axis of modulation, got {figure!r}. Take another."
            )


def modulated_figures(
    channel: Channel | Path,
    *,
    modulation: str,
    data_rate: float | None,
    standard: str,
    package_case: int,
    figures: tuple[str, ...],
) -> dict[str, float | None]:
    """The figures of one modulation over a channel or path; None where the data end too early or no receiver passes."""
    from sirf.study.modulation import modulation as compare_modulations

    row = compare_modulations(
        channel,
        data_rate=DATA_RATE if data_rate is None else data_rate,
        standard=standard,
        modulations=(modulation,),
        package_case=package_case,
    ).point.rows[0]
    # by attribute, but for the energy, which is a range
    known = {name: getattr(row, name) for name in FIGURES_OF_MODULATION if name != "energy_pj_per_bit"}
    known["energy_pj_per_bit"] = None if row.energy is None else row.energy.value
    return {name: known[name] for name in figures}
