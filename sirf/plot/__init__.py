"""Pictures with matplotlib: every function takes `ax=None`, returns the axes and never shows a window."""

from sirf.plot.bathtubs import eye_with_bathtubs, voltage_bathtub
from sirf.plot.channel import conversion, crosstalk, ild, loss, tdr
from sirf.plot.comparison import energy_reach, error_band, eyes, reach_tornado
from sirf.plot.crossover import crossover
from sirf.plot.eye import eye
from sirf.plot.lines import bathtub, pulse, reach
from sirf.plot.maps import map
from sirf.plot.margin import com_distribution, com_ledger, com_pulse
from sirf.plot.reflection import reflection
from sirf.plot.study import study_front, study_histogram, study_map, study_scatter, study_tornado

__all__ = [
    "bathtub",
    "com_distribution",
    "com_ledger",
    "com_pulse",
    "conversion",
    "crossover",
    "crosstalk",
    "energy_reach",
    "error_band",
    "eye",
    "eye_with_bathtubs",
    "eyes",
    "ild",
    "loss",
    "map",
    "pulse",
    "reach",
    "reach_tornado",
    "reflection",
    "study_front",
    "study_histogram",
    "study_map",
    "study_scatter",
    "study_tornado",
    "tdr",
    "voltage_bathtub",
]
