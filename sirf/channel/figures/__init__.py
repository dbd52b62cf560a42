"""Figures of merit of a channel: numbers that standards and engineers judge copper by, one file per figure."""

from sirf.channel.figures.effective_return_loss import (
    EffectiveReflection,
    ErlSettings,
    effective_reflection,
    effective_return_loss,
)
from sirf.channel.figures.fitted_loss import FittedLoss, deviation_figure_of_merit, fitted_insertion_loss
from sirf.channel.figures.integrated_crosstalk import integrated_crosstalk_noise, power_sum
from sirf.channel.figures.loss import bandwidth, effective_bandwidth, insertion_loss_db, return_loss_db
from sirf.channel.figures.mode_conversion import Balance, ModeConversion, balance, mode_conversion, pn_skew
from sirf.channel.figures.standard_limits import FigureLimits, Mask, NoiseSettings, list_limits, load_limits
from sirf.channel.figures.summary import ChannelFigures, LimitResult, channel_figures
from sirf.channel.figures.tdr import ImpedanceProfile, impedance_profile
from sirf.channel.figures.weighting import power_weight

__all__ = [
    "Balance",
    "ChannelFigures",
    "EffectiveReflection",
    "ErlSettings",
    "FigureLimits",
    "FittedLoss",
    "ImpedanceProfile",
    "LimitResult",
    "Mask",
    "ModeConversion",
    "NoiseSettings",
    "balance",
    "bandwidth",
    "channel_figures",
    "deviation_figure_of_merit",
    "effective_bandwidth",
    "effective_reflection",
    "effective_return_loss",
    "fitted_insertion_loss",
    "impedance_profile",
    "insertion_loss_db",
    "integrated_crosstalk_noise",
    "list_limits",
    "load_limits",
    "mode_conversion",
    "pn_skew",
    "power_sum",
    "power_weight",
    "return_loss_db",
]
