"""Figures of merit of a channel: numbers that standards and engineers judge copper by, one file per figure."""

from sirf.channel.figures.crosstalk import integrated_crosstalk_noise, power_sum
from sirf.channel.figures.effective_return_loss import (
    EffectiveReflection,
    ErlSettings,
    effective_reflection,
    effective_return_loss,
)
from sirf.channel.figures.fitted_loss import FittedLoss, deviation_figure_of_merit, fitted_insertion_loss
from sirf.channel.figures.weighting import power_weight

__all__ = [
    "EffectiveReflection",
    "ErlSettings",
    "FittedLoss",
    "deviation_figure_of_merit",
    "effective_reflection",
    "effective_return_loss",
    "fitted_insertion_loss",
    "integrated_crosstalk_noise",
    "power_sum",
    "power_weight",
]
