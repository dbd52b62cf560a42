"""A piece of waveform as arrays, to keep or to hand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf._files import replacing
from sirf.errors import SirfError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveformRecord:
    """N symbols of one run, from the first that counts on.

    `time` (N m,) in s from the instant of the first symbol; `volts` the waveform (N m,) of each place by name ("slicer": sampled
    by the receiver, before decision feedback), its own instant at time 0: in true time it is `delay` s later than at the start
    of the symbol at the transmitter. `instant` (N,) in s are the sampling times, `decision_input` (N,) V the slicer's input with
    feedback and the SNR_TX term, `fed_back` (N,) V what was taken off, `decided` and `sent` (N,) level indices.
    """

    symbol_rate: float
    samples_per_ui: int
    time: Float
    volts: dict[str, NDArray[np.float32]]
    delay: dict[str, float]
    instant: Float
    decision_input: Float
    fed_back: Float
    decided: NDArray[np.uint8]
    sent: NDArray[np.uint8]

    def save(self, file: str | Path) -> None:
        """Write `file` as NumPy archive (.npz) or HDF5 (.h5, .hdf5; needs h5py).

        Raises `SirfError` for another suffix or where h5py is not installed.
        """
        path = Path(file)
        arrays: dict[str, Any] = {
            # 'volts' and 'delay' are kept place by place below
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("volts", "delay")
        }
        arrays |= {f"volts.{name}": value for name, value in self.volts.items()}
        arrays |= {f"delay.{name}": value for name, value in self.delay.items()}
        # beside, then moved: half a file never stands under the name
        with replacing("waveform", path) as beside:
            if path.suffix == ".npz":
                np.savez(beside, **arrays)
                return
            with _h5py(path).File(beside, "w") as store:
                for name, value in arrays.items():
                    # groups instead of dots, as HDF5 has them
                    store[name.replace(".", "/")] = value
                store["time"].attrs["unit"] = "s"

    @classmethod
    def load(cls, file: str | Path) -> WaveformRecord:
        """Read what `save` wrote; `SirfError` for another file."""
        path = Path(file)
        arrays: dict[str, Any] = {}
        try:
            if path.suffix == ".npz":
                with np.load(path) as store:
                    arrays = {name: store[name] for name in store.files}
            else:
                with _h5py(path).File(path, "r") as store:
                    # groups are passed over: only arrays have a kind of number
                    store.visititems(
                        lambda name, item: (
                            arrays.update({name.replace("/", "."): item[()]}) if hasattr(item, "dtype") else None
                        )
                    )
            parts: dict[str, Any] = {name: arrays[name] for name in cls.__slots__ if name not in ("volts", "delay")}
        except (OSError, KeyError, ValueError) as error:
            if isinstance(error, SirfError):
                raise
            raise SirfError(
                f"{path} must be a waveform record, got something else ({error}). Name another file."
            ) from error
        # single numbers come back as arrays without a dimension
        parts["symbol_rate"], parts["samples_per_ui"] = float(arrays["symbol_rate"]), int(arrays["samples_per_ui"])
        parts["volts"] = {name[6:]: value for name, value in arrays.items() if name.startswith("volts.")}
        parts["delay"] = {name[6:]: float(value) for name, value in arrays.items() if name.startswith("delay.")}
        return cls(**parts)


def _h5py(path: Path) -> Any:
    if path.suffix not in (".h5", ".hdf5"):
        raise SirfError(f"file must end in .npz, .h5 or .hdf5, got {path.name!r}. Use .npz.")
    try:
        import h5py
    except ImportError as error:
        raise SirfError(f"{path.name} must be written by h5py, got no h5py. Install sirf[hdf5] or use .npz.") from error
    return h5py
