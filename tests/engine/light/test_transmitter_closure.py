"""Eye closure of the light that a link sends: what it does not depend on, and what of it is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf import optics
from sirf.engine.front_end import front_end
from sirf.engine.light import transmitter_closure
from sirf.engine.light.light_chain import drive_link
from sirf.engine.light.transmitter_closure import transmitter_tdecq
from sirf.errors import SirfError
from sirf.optics.eye_closure import tdecq


@pytest.fixture(scope="module")
def link() -> sirf.Link:
    preset = optics.load_optics("dr-silicon-mzm")
    copper = sirf.paths.cpo(length="20 mm", rate_class="100g").to_channel()
    span = optics.Span(preset.path, before=copper, after=copper, swing=preset.swing, agc_db=preset.agc_db)
    return sirf.Link(span, standard="cei-112g-linear")


def dimmed(link: sirf.Link, loss_db: float) -> sirf.Link:
    """The link with as much less power from its laser, and as much more loss at the first connector."""
    assert link.optics is not None
    path = link.optics.path
    assert isinstance(path.source, optics.Laser)
    source = dataclasses.replace(path.source, power=path.source.power * 10.0 ** (-loss_db / 10.0))
    joints = (optics.Connector(loss_db), *path.connectors)
    return link.replace(channel=link.optics.with_path(dataclasses.replace(path, source=source, connectors=joints)))


def test_closure_of_light_is_found_once_however_bright_it_is(link: sirf.Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rounded shape decides: 1e-6 dB from that of the light as it is sent, and the same bits for each brightness."""
    calls = []

    def counted(*args: object, **options: object) -> optics.Tdecq:
        calls.append(args)
        return tdecq(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(transmitter_closure, "tdecq", counted)
    transmitter_closure._tdecq_of_shape.cache_clear()
    whole, half = (transmitter_tdecq(one, pattern="prbs11") for one in (link, dimmed(link, 3.0)))
    assert len(calls) == 1
    assert half.db == whole.db
    assert half.oma == pytest.approx(whole.oma * 10.0**-0.3, rel=1e-9)
    assert half.allowed == pytest.approx(whole.allowed * 10.0**-0.3, rel=1e-9)
    light, sent = transmitter_closure._sent_light(link, "prbs11", 4, fibre=True)
    plain = tdecq(light, sent, symbol_rate=link.symbol_rate, samples_per_ui=8, receiver=whole.receiver)
    assert whole.db == pytest.approx(plain.db, abs=1e-6)
    assert whole.oma == pytest.approx(plain.oma, rel=1e-8)
    # another FFE sends another shape
    other = dataclasses.replace(link.transmitter, ffe=(-0.1, 0.9, 0.0), ffe_main=1)
    assert abs(transmitter_tdecq(link.replace(transmitter=other), pattern="prbs11").db - whole.db) > 1e-3
    assert len(calls) == 2


def test_aggressors_have_no_say(link: sirf.Link) -> None:
    """The light is bit for bit that of copper without them."""
    assert link.optics is not None
    copper = link.optics.before
    beside = sirf.Network(copper.frequency, 0.05 * copper.through.s, z0=copper.through.z0)
    coupled = dataclasses.replace(link.optics, before=dataclasses.replace(copper, fext=(beside,)))
    light, alone = (
        transmitter_closure._sent_light(one, "prbs11", 4, fibre=True)[0]
        for one in (sirf.Link(coupled, standard="cei-112g-linear"), link)
    )
    np.testing.assert_array_equal(light, alone)
    # its pulse is that of the drive that knows them, which is prepared with theirs
    drives = [
        front_end(drive_link(sirf.Link(coupled, standard="cei-112g-linear"), coupled=one)) for one in (True, False)
    ]
    assert [len(each.crosstalk) for each in drives] == [1, 0]
    np.testing.assert_array_equal(drives[0].through, drives[1].through)


def test_a_link_of_copper_sends_no_light(link: sirf.Link) -> None:
    with pytest.raises(SirfError, match="must carry light"):
        transmitter_tdecq(sirf.Link(link.channel, standard="cei-112g-linear"))
