"""Devices and test cases of a preset file as packages from the die outwards."""

from __future__ import annotations

from sirf.channel.die_to_die import BARE, HostBoards, PackageCase
from sirf.channel.package import Package, PackageLine
from sirf.errors import ConfigError
from sirf.presets._schema import EndTable, PackageCaseTable, PackageClassTable, PresetFile

FEMTO, PICO = 1e-15, 1e-12


def package_cases(file: PresetFile) -> tuple[PackageCase, ...]:
    """All test cases of a file: those of [[package]], or those of [[case]] with their classes.

    Raises `ConfigError` for a class that the file has not, or lengths that do not fit it.
    """
    # two doors to one fact: whichever won, the other would be read and ignored
    if file.package and file.case:
        raise ConfigError(f"{file.id}: [[package]] must be left out beside [[case]], got both. Keep one of them.")
    names = [case.name for case in file.case]
    # cases are asked for by name: of two that share one, the second could not be reached by it
    if len(set(names)) < len(names):
        raise ConfigError(f"{file.id}: key case.name must differ from case to case, got {names}. Rename one.")
    if file.case:
        return tuple(_named_case(file, index) for index in range(len(file.case)))
    return tuple(_plain_case(file, index) for index in range(len(file.package)))


def selected_cases(file: PresetFile) -> tuple[int, ...]:
    """Numbers, from 1, of the test cases that run where none is asked for."""
    if not file.case:
        return tuple(range(1, len(file.package) + 1))
    # the standard lists cases for hosts of special length that a quick answer does not want
    return tuple(number for number, case in enumerate(file.case, start=1) if case.default)


def cable_classes(file: PresetFile) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names of the cases that each class of cable assembly is tested with; `ConfigError` for a case that is not there."""
    names = {case.name for case in file.case}
    for cable, cases in file.cable_classes.items():
        if missing := [case for case in cases if case not in names]:
            raise ConfigError(
                f"{file.id}: key cable_classes.{cable} must name cases of the file, got {missing[0]!r}. Add a [[case]]."
            )
    return tuple(file.cable_classes.items())


def _named_case(file: PresetFile, index: int) -> PackageCase:
    case = file.case[index]
    # NEXT comes from transmitters beside the victim's receiver: they sit in its device, FEXT ones in the victim's
    # transmitter's
    near, far = (_device(file, end, f"case {case.name}") for end in (case.transmitter, case.receiver))
    near_board, far_board = _board(file, case.transmitter), _board(file, case.receiver)
    return PackageCase(
        transmitter=near,
        fext=near,
        next=far,
        receiver=far,
        boards=HostBoards(
            transmitter=near_board, fext=near_board, next_near=far_board, next_far=far_board, receiver=far_board
        ),
        rise_time=None if case.rise_time_ps is None else case.rise_time_ps * PICO,
        name=case.name,
    )


def _device(file: PresetFile, end: EndTable, where: str) -> Package:
    table = file.package_class.get(end.package_class)
    if table is None:
        raise ConfigError(
            f"{file.id}: key package_class of {where} must be one of {', '.join(file.package_class)}, got "
            f"{end.package_class!r}. Add [package_class.{end.package_class}]."
        )
    if len(end.length_mm) != len(table.z_c_ohm):
        raise ConfigError(
            f"{file.id}: key length_mm of {where} must hold the {len(table.z_c_ohm)} sections of class {end.package_class}, "
            f"got {len(end.length_mm)}. Give one length a section."
        )
    lines = zip(table.z_c_ohm, end.length_mm, strict=True)
    return Package(
        die=_stages(table, f"{file.id}: key package_class.{end.package_class}"),
        c_b=table.bump_capacitance_ff * FEMTO,
        lines=tuple(PackageLine(z_c=z, length_mm=length) for z, length in lines),
        gamma0=table.gamma0,
        a1=table.a1,
        a2=table.a2,
        tau=table.tau_ns_per_mm,
        c_p=table.ball_capacitance_ff * FEMTO,
        r_0=file.reference_ohm,
        r_d=table.termination_ohm,
    )


def _board(file: PresetFile, end: EndTable) -> Package | None:
    # not a line of no length: without a board its capacitances C_0 and C_1 are not there either
    if end.board_mm == 0:
        return None
    line = file.host_line
    if line is None:
        raise ConfigError(f"{file.id}: [host_line] must be given for board_mm, got none. Add its impedance and loss.")
    return Package(
        # a board is a package in form: C_0 at the device's side, the line, C_1 at the connector's (clause 93A.1.2.4)
        die=((line.device_capacitance_ff * FEMTO, 0.0),),
        lines=(PackageLine(z_c=line.z_c_ohm, length_mm=end.board_mm),),
        gamma0=line.gamma0,
        a1=line.a1,
        a2=line.a2,
        tau=line.tau_ns_per_mm,
        c_p=line.connector_capacitance_ff * FEMTO,
        r_0=file.reference_ohm,
    )


def _plain_case(file: PresetFile, index: int) -> PackageCase:
    """A case of [[package]]: one kind of device at both ends."""
    table, where = file.package[index], f"{file.id}: key package.{index}"

    def package(end: str, lengths: tuple[float, ...]) -> Package:
        if len(lengths) != len(table.z_c_ohm):
            raise ConfigError(
                f"{where}.{end}_length_mm must hold the {len(table.z_c_ohm)} sections of z_c_ohm, got {len(lengths)}. "
                "Give one length a section."
            )
        lines = zip(table.z_c_ohm, lengths, strict=True)
        return Package(
            die=_stages(table, where),
            c_b=table.bump_capacitance_ff * FEMTO,
            lines=tuple(PackageLine(z_c=z, length_mm=length) for z, length in lines),
            gamma0=table.gamma0,
            a1=table.a1,
            a2=table.a2,
            tau=table.tau_ns_per_mm,
            c_p=table.ball_capacitance_ff * FEMTO,
            r_0=file.reference_ohm,
            r_d=table.termination_ohm,
        )

    transmitter = package("transmitter", table.transmitter_length_mm)
    return PackageCase(
        transmitter=transmitter,
        fext=transmitter,
        next=package("next", table.next_length_mm) if table.next_length_mm else transmitter,
        receiver=package("receiver", table.receiver_length_mm) if table.receiver_length_mm else BARE,
    )


def _stages(table: PackageCaseTable | PackageClassTable, where: str) -> tuple[tuple[float, float], ...]:
    """Die stages (C_d in F, L_s in H) from the die outwards; `where` names the table in an error."""
    stages, inductances = len(table.die_capacitance_ff), len(table.die_inductance_ph)
    if stages != inductances:
        raise ConfigError(
            f"{where}.die_inductance_ph must have the {stages} stages of die_capacitance_ff, got {inductances}. "
            "Give one value a stage."
        )
    both = zip(table.die_capacitance_ff, table.die_inductance_ph, strict=True)
    return tuple((capacitance * FEMTO, inductance * PICO) for capacitance, inductance in both)
