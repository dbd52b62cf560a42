"""Pictures with matplotlib: every function takes `ax=None`, returns the axes and never shows a window."""

from sirf.plot.bathtubs import bathtub, eye_with_bathtubs, voltage_bathtub
from sirf.plot.channel import conversion, crosstalk, ild, loss, tdr
from sirf.plot.comparison import energy_reach, error_band, eyes, reach_tornado
from sirf.plot.crossover import crossover
from sirf.plot.equalizer import equalizer_eyes, equalizer_response, search_path
from sirf.plot.eye import eye
from sirf.plot.interference import interference_density, interference_waterfall
from sirf.plot.jitter import jitter, jitter_tolerance
from sirf.plot.maps import map
from sirf.plot.margin import com_distribution, com_ledger, com_pulse
from sirf.plot.modulation import modulation
from sirf.plot.reach import reach
from sirf.plot.reflection import reflection
from sirf.plot.responses import impulse, pulse, step
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
    "equalizer_eyes",
    "equalizer_response",
    "error_band",
    "eye",
    "eye_with_bathtubs",
    "eyes",
    "ild",
    "impulse",
    "interference_density",
    "interference_waterfall",
    "jitter",
    "jitter_tolerance",
    "loss",
    "map",
    "modulation",
    "pulse",
    "reach",
    "reach_tornado",
    "reflection",
    "search_path",
    "step",
    "study_front",
    "study_histogram",
    "study_map",
    "study_scatter",
    "study_tornado",
    "tdr",
    "voltage_bathtub",
]
