"""A little COM configuration made by hand, for tests without reference data."""

from __future__ import annotations

from sirf.channel.die_to_die import PackageCase
from sirf.channel.package import Package
from sirf.com.config.settings import (
    ComSettings,
    CtleSettings,
    DfeSettings,
    ReceiverSettings,
    TransmitterSettings,
)

BARE = Package(die=((0.0, 0.0),))


def small_settings(*, dfe: DfeSettings | None = None, samples_per_ui: int = 32) -> ComSettings:
    """PAM4 at 53.125 GBd without packages, two gains, a few taps."""
    return ComSettings(
        name="small",
        symbol_rate=53.125e9,
        levels=4,
        samples_per_ui=samples_per_ui,
        der0=1e-4,
        transmitter=TransmitterSettings(
            amplitude=0.4,
            amplitude_fext=0.4,
            amplitude_next=0.6,
            level_mismatch=0.95,
            snr_db=33.0,
            rise_time=7.5e-12,
            sigma_rj=0.01,
            a_dd=0.02,
            ffe=((-1, (-0.1, -0.05, 0.0)), (1, (-0.1, 0.0))),
            c0_minimum=0.5,
        ),
        receiver=ReceiverSettings(
            noise_density=8e-18,
            noise_corner=0.75 * 53.125e9,
            ctle=CtleSettings(
                g_dc_db=(-6.0, -3.0, 0.0), g_dc2_db=(-1.0, 0.0), f_z=21.25e9, f_p1=21.25e9, f_p2=53.125e9, f_lf=0.66e9
            ),
            dfe=dfe or DfeSettings(b_max=(0.5, 0.2), b_min=(-0.5, -0.2)),
        ),
        packages=(PackageCase(transmitter=BARE, fext=BARE, next=BARE, receiver=BARE),),
        selected=(1,),
    )
