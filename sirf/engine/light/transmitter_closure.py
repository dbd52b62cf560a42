"""Eye closure of the NRZ light that a link sends, copper, FFE and gain control in it; that of PAM4 is in `light_chain`."""

from __future__ import annotations

from sirf.engine.light.light_chain import SAMPLES_PER_UI, sent_light
from sirf.link import Link
from sirf.optics.nrz_eye_closure import Tdec, TdecReceiver, tdec


def transmitter_tdec(link: Link, *, receiver: TdecReceiver | None = None, pattern: str = "prbs11") -> Tdec:
    """TDEC of the light that leaves a link's transmitter, behind the fibre: one period of `pattern`, no noise, no aggressors.

    `receiver` is the reference receiver (that of the OCI physical layer by default). Raises `SirfError` for a link without light.
    """
    light, sent = sent_light(link, pattern, 2, fibre=True)
    return tdec(light, sent, symbol_rate=link.symbol_rate, samples_per_ui=SAMPLES_PER_UI, receiver=receiver)
