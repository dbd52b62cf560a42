"""`sirf ami`: vendor models checked, sirf's own link written as one; and the options of models that other commands take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf._files import check_output_folder
from sirf.cli.options import Json
from sirf.cli.output import check_outputs, progress, say, write_json
from sirf.cli.quantities import GivenSymbolRate, parser
from sirf.errors import SirfError
from sirf.units import DURATION

if TYPE_CHECKING:
    from sirf.ami.model import AmiModel
    from sirf.study.host_models import HostModels

app = typer.Typer(
    name="ami",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Vendor models (IBIS-AMI): check one, export a link as one.",
)


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Options that put vendor models into a link: files by side, settings "tx.NAME=VALUE", parameters to search."""

    tx_ami: Path | None
    rx_ami: Path | None
    # values stay text until the model's own file says of which type each parameter is
    tx_so: Path | None
    rx_so: Path | None
    sets: tuple[str, ...] = ()
    search: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """`SirfError` for options that have no model to act on."""
        for side, file, so in (("tx", self.tx_ami, self.tx_so), ("rx", self.rx_ami, self.rx_so)):
            if so is not None and file is None:
                # a shared object says nothing of ports, taps or ranges: these stand in the .ami, without which it
                # cannot be called
                raise SirfError(f"--{side}-ami must be given with --{side}-so, got none. Name the .ami file.")
        # refused here, since an option without effect would leave the user with an answer of another question
        if (self.sets or self.search) and not self.given:
            raise SirfError("--set and --search must come with a model, got none. Add --tx-ami or --rx-ami.")

    @property
    def given(self) -> bool:
        """Whether there is a model."""
        return self.tx_ami is not None or self.rx_ami is not None

    def settings(self) -> dict[str, str]:
        """Values by "tx.NAME" or "rx.NAME"."""
        return dict(_setting(text) for text in self.sets)

    def load(self) -> dict[str, AmiModel]:
        """Models by the name of the link's field."""
        # the names are those of `Link`'s fields, so that a dict of them can be handed to `Link.replace`
        from sirf.ami.model import AmiModel

        files = {"transmitter_model": (self.tx_ami, self.tx_so), "receiver_model": (self.rx_ami, self.rx_so)}
        return {field: AmiModel(file, so=so) for field, (file, so) in files.items() if file is not None}

    def hosts(self) -> HostModels:
        """The models as those of the two hosts of an architecture, their parameters set."""
        from sirf.study.host_models import HostModels

        loaded = self.load()
        found = HostModels(loaded.get("transmitter_model"), loaded.get("receiver_model"))
        for name, value in self.settings().items():
            # one by one: each name is checked against the file of its side, and an unknown one is refused by its own
            # name
            found = found.with_value(name, value)
        return replace(found, search=self.search)


def _setting(text: str) -> tuple[str, str]:
    # the first "=" only: values of models are text in which it may stand again
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise SirfError(f"--set must be NAME=VALUE, got {text!r}. Write it as tx.tap=2.")
    return name.strip(), value.strip()


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Parameter file (.ami) or .ibs file.", show_default=False)],
    so: Annotated[Path | None, typer.Option(help="Shared object; the one beside the .ami by default.")] = None,
    model: Annotated[str | None, typer.Option(help="[Model] of a .ibs file that has several.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Parameter of the model; may be repeated.")
    ] = None,
    symbol_rate: GivenSymbolRate = 26.5625e9,
    samples_per_ui: Annotated[int, typer.Option(help="Samples a symbol.")] = 32,
    modulation: Annotated[str | None, typer.Option(help="NRZ or PAM4; the first that the file allows.")] = None,
    time_limit: Annotated[
        float,
        typer.Option(
            parser=parser(DURATION.read, "time_limit"),
            metavar="TIME",
            help="What one call may take, such as 2min; a bare number is s.",
        ),
    ] = 60.0,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 when there are problems.")] = False,
    json_file: Json = None,
) -> None:
    """Check a model: its file, its functions, how they answer. Loads and runs the shared object, in a process of its own."""
    check_outputs(json_file)
    # below two samples a symbol the model's waveform has no edge; above 1,024 one call would not fit in memory
    if not 2 <= samples_per_ui <= 1024:
        raise SirfError(f"samples_per_ui must be between 2 and 1024, got {samples_per_ui}. Use 32.")
    from sirf.ami.check import check_model
    from sirf.ami.model import AmiModel

    values: dict[str, Any] = dict(_setting(text) for text in settings or [])
    # refused values surface here, before the first call of foreign code
    chosen = AmiModel(file, so=so, model=model, time_limit=time_limit, parameters=values)
    with progress("check") as update:
        found = check_model(
            chosen, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui, modulation=modulation, progress=update
        )
    say(str(found), json_file=json_file)
    write_json(found.to_dict(), json_file)
    # problems are findings, not failures: without --strict a script that only collects them goes on
    if strict and found.problems:
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Link as TOML: standard, channel, equaliser.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for .ibs, .ami, C source and Makefile.")] = Path(
        "sirf-ami"
    ),
    json_file: Json = None,
) -> None:
    """Write a link's own transmitter and receiver as IBIS-AMI models in C, for other tools."""
    check_outputs(json_file)
    check_output_folder("out", out)
    from sirf.ami.export import export_link, read_link

    link = read_link(file)
    say(f"equaliser: {link.equalizer_report or 'as given'}", json_file=json_file)
    # a model is built where it is to run: compiler and platform of the other tool are not known here
    names = export_link(link, out)
    say(f"wrote {', '.join(names)} in {out}; run make there", json_file=json_file)
    write_json({"files": list(names), "out": str(out)}, json_file)
