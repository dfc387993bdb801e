"""SVD files to chips: arrays, clusters and derivation, what vendors get wrong, what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regmap.bits import BitRange
from regmap.errors import MapError, Problem, Severity
from regmap.loaders import Loaded, load, read
from regmap.model.block import Constraint, Field, FieldArray, Group, Register
from regmap.model.chip import Chip, Instance
from regmap.model.expr import NamePattern
from regmap.model.walk import fields_of, instances_of, walk

SMALL = Path(__file__).parents[1] / "data" / "good" / "small.svd"


def small() -> Chip:
    loaded = read(SMALL)
    assert not loaded.problems
    assert isinstance(loaded.model, Chip)
    return loaded.model


def instance(name: str) -> Instance:
    return next(each for each in small().instances if each.name == name)


def register(owner: Instance, name: str) -> Register:
    found = next(each for each in owner.block.items if each.name == name)
    assert isinstance(found, Register)
    return found


def field(owner: Register, name: str) -> Field:
    return next(each for each in owner.fields if each.name == name)


def lines(owner: Instance) -> list[str]:
    """Every register of an instance: path, offset, width, access."""
    return [
        f"{at.path} {at.offset:#x} {at.register.width} {at.register.access}"
        for at in walk(owner.block.items)
    ]


def test_the_device() -> None:
    chip = small()
    assert chip.name == "SMALL"
    assert chip.description == "A small device"
    assert chip.source == "Nobody SMALL 1.0"
    assert [(each.name, each.base) for each in instances_of(chip.instances)] == [
        ("UART0", 0x40000000),
        ("UART1", 0x40001000),
        ("UART2", 0x40002000),
        ("DMA", 0x50000000),
        ("DMA_SLOW", 0x50001000),
        ("TIMER0", 0x60000000),
        ("TIMER1", 0x60001000),
    ]
    assert not read(SMALL).authored


def test_registers_and_their_arrays() -> None:
    assert lines(instance("UART2")) == [
        "U_CR 0x0 32 read-write",
        "U_SR 0x4 32 read-write",
        "U_CR2 0x8 32 read-write",
        *(f"U_DATA[{n}] {0x10 + 4 * n:#x} 32 read-only" for n in range(4)),
        *(f"U_CH{n}_CFG {0x20 + 4 * (n - 3):#x} 32 read-write" for n in (3, 4, 5)),
        *(f"U_GP{n} {at:#x} 32 read-write" for n, at in (("A", 0x30), ("B", 0x34), ("C", 0x38))),
        "U_GP 0x30 32 read-write",
        "U_CFG_COPY 0x3c 32 read-write",
    ]


def test_nested_clusters_and_what_they_set() -> None:
    assert lines(instance("DMA")) == [
        *(
            line
            for n, base in ((0, 0x40), (1, 0x140))
            for line in (
                f"CHAN[{n}].SRC {base + 8:#x} 64 writeOnce",
                *(
                    f"CHAN[{n}].DESC{d}.WORD {base + 0x24 + 0x10 * d:#x} 8 writeOnce"
                    for d in range(3)
                ),
                f"CHAN[{n}].LAST {base + 0x80:#x} 64 writeOnce",
            )
        ),
        "ALL 0x400 16 read-write",
        "SPARE.SRC 0x808 64 writeOnce",
        *(f"SPARE.DESC{d}.WORD {0x824 + 0x10 * d:#x} 8 writeOnce" for d in range(3)),
        "SPARE.LAST 0x880 64 writeOnce",
    ]
    group = instance("DMA").block.items[0]
    assert isinstance(group, Group)
    assert group.description == "Channels"


def test_derived_peripherals_share_a_block_unless_they_change_something() -> None:
    chip = small()
    zero, one, two, dma, slow, _ = chip.instances
    # UART0 derives from UART1, which derives from UART2, all of them forward.
    assert zero.block is one.block is two.block
    assert zero.block.items
    assert (zero.size, zero.description) == (0x100, "The first")
    assert slow.block is not dma.block
    assert register(slow, "ALL").reset == 0x55
    assert register(dma, "ALL").reset == 0
    # What is handed down is cut to the register.
    assert register(dma, "ALL").reset_mask == 0xFFFF


def test_fields() -> None:
    control = register(instance("UART2"), "U_CR")
    assert (control.reset, control.reset_mask) == (0x10, 0xFFFF_FFFF)
    assert [(each.name, each.bits) for each in control.fields] == [
        ("MODE", (BitRange(0, 2),)),
        ("SIZE", (BitRange(4, 4),)),
        ("GO", (BitRange(8, 1),)),
        ("CODE", (BitRange(12, 2),)),
        ("MODE2", (BitRange(16, 2),)),
        ("ALIKE", (BitRange(18, 2),)),
    ]
    assert field(control, "GO").access == "write-only"
    assert field(control, "SIZE").constraint == Constraint(minimum=1, maximum=12)
    status = register(instance("UART2"), "U_SR")
    done = field(status, "DONE")
    assert (done.access, done.write_action) == ("read-write", "oneToClear")
    assert done.read_action == "modifyExternal"
    assert field(status, "PLAIN").write_action == "modify"
    step = field(register(instance("TIMER"), "COUNT"), "STEP")
    assert (step.bits, step.constraint) == ((BitRange(8, 4),), Constraint(minimum=1, maximum=12))


def test_field_arrays() -> None:
    data = register(instance("UART2"), "U_DATA")
    array = data.fields[0].array
    assert array is not None
    # `i` is the register's own index, so the field's is `j`.
    names = NamePattern.parse("BYTE{j}")
    assert array == FieldArray(counts=(4,), stride=8, names=names, place=array.place)
    found = [(each.name, each.bits) for each in fields_of(data, 2, (2,))]
    assert found == [(f"BYTE{n}", (BitRange(8 * n, 8),)) for n in range(4)]
    gp = register(instance("UART2"), "U_GPx")
    assert [(each.name, each.bits) for each in gp.fields] == [
        ("FLO", (BitRange(0, 4),)),
        ("FHI", (BitRange(4, 4),)),
    ]


def test_enums() -> None:
    control = register(instance("UART2"), "U_CR")
    mode = field(control, "MODE").enum
    assert mode is not None
    assert [(v.name, v.value, v.care, v.description) for v in mode.values] == [
        ("OFF", 0, None, ""),
        ("ON", 1, None, ""),
        ("FAST", 2, (1 << 64) - 2, "Any"),
    ]
    assert field(control, "MODE2").enum is mode
    assert field(control, "ALIKE").enum is mode
    code = field(control, "CODE")
    assert code.enum is not None
    assert code.write_enum is not None
    assert [(v.name, v.value, v.default) for v in code.enum.values] == [
        ("IDLE", 0, False),
        ("OTHER", None, True),
    ]
    assert [v.name for v in code.write_enum.values] == ["START"]


def test_what_is_kept_of_registers() -> None:
    uart = instance("UART2")
    assert register(uart, "U_GP").alternate
    assert register(uart, "U_CH_CFG").constraint == Constraint(as_read=True)
    assert register(uart, "U_CFG_COPY").constraint == Constraint(as_read=True)
    assert register(uart, "U_CFG_COPY").array is None
    place = register(uart, "U_CR").place
    assert place is not None
    assert SMALL.read_text().splitlines()[place.line - 1].strip() == "<register>"
    assert "<name>CR</name>" in SMALL.read_text().splitlines()[place.line]


HEAD = "<device><name>D</name><peripherals><peripheral><name>P</name><baseAddress>0</baseAddress>"
TAIL = "</peripheral></peripherals></device>"


def device(registers: str) -> Loaded:
    return read("d.svd", text=f"{HEAD}<registers>{registers}</registers>{TAIL}")


def one_register(inside: str, offset: str = "0") -> Loaded:
    return device(
        f"<register><name>R</name><addressOffset>{offset}</addressOffset>{inside}</register>"
    )


def one_field(inside: str) -> Loaded:
    return one_register(f"<fields><field><name>F</name>{inside}</field></fields>")


def warning(loaded: Loaded) -> Problem:
    (found,) = loaded.problems
    assert found.severity is Severity.WARNING
    assert found.place is not None
    assert isinstance(loaded.model, Chip)
    return found


def only(loaded: Loaded) -> Register:
    assert loaded.model is not None
    assert isinstance(loaded.model, Chip)
    (found,) = loaded.model.instances[0].block.items
    assert isinstance(found, Register)
    return found


def test_defaults_where_nothing_is_said() -> None:
    found = only(one_register(""))
    assert (found.width, found.access, found.reset) == (32, "read-write", None)


@pytest.mark.parametrize(
    ("text", "offset"),
    [("0x1C ", 28), (" 28", 28), ("+28", 28), ("#11100", 28), ("0b11100", 28), ("1K", 1024)],
)
def test_numbers(text: str, offset: int) -> None:
    assert only(one_register("", text)).offset == offset


@pytest.mark.parametrize(
    ("text", "access"),
    [("read-Write", "read-write"), ("rw", "read-write"), ("Read Only", "read-only")],
)
def test_access_in_other_words(text: str, access: str) -> None:
    loaded = one_register(f"<access>{text}</access>")
    assert text in warning(loaded).text
    assert only(loaded).access == access


def test_an_access_that_could_mean_anything() -> None:
    loaded = one_register("<access>sometimes</access>")
    assert warning(loaded).text.endswith("is no word of SVD; taken for read-write")
    assert only(loaded).access == "read-write"


@pytest.mark.parametrize(
    ("loaded", "rule"),
    [
        (one_register("<readAction>eat</readAction>"), "RM004"),
        (one_register("<modifiedWriteValues>1c</modifiedWriteValues>"), "RM004"),
        (one_register("<size>wide</size>"), "RM004"),
        (one_register("<resetValue>-1</resetValue>"), "RM004"),
        (one_register("<dim>0</dim><dimIncrement>4</dimIncrement>"), "RM004"),
        (one_register("<dim>3</dim>"), "RM004"),
        (one_field("<bitRange>[0:3]</bitRange>"), "RM202"),
        (one_field("<msb>3</msb>"), "RM202"),
        (one_field("<lsb>3</lsb><msb>2</msb>"), "RM202"),
        (one_field("<bitOffset>0</bitOffset><bitWidth>0</bitWidth>"), "RM202"),
        (one_field("<bitOffset>5000</bitOffset>"), "RM202"),
        (one_field(""), "RM202"),
        (device("<register><name>R</name></register>"), "RM004"),
        (device("<register><addressOffset>0</addressOffset></register>"), "RM004"),
        (device("<cluster><name>C</name></cluster>"), "RM004"),
        (one_register("<fields><field derivedFrom='G'><name>F</name>"
                      "<lsb>1</lsb><msb>2</msb></field></fields>"), "RM101"),
        (one_register("<fields><field derivedFrom='F'><name>F</name>"
                      "<lsb>1</lsb><msb>2</msb></field></fields>"), "RM102"),
    ],
)  # fmt: skip
def test_what_vendors_get_wrong_is_a_warning(loaded: Loaded, rule: str) -> None:
    assert loaded.problems[0].rule == rule
    assert {each.severity for each in loaded.problems} == {Severity.WARNING}
    assert loaded.model is not None
    assert loaded.texts


def test_derivation_in_a_circle() -> None:
    inside = "<addressOffset>0</addressOffset>"
    loaded = device(
        f"<register derivedFrom='B'><name>A</name>{inside}</register>"
        f"<register derivedFrom='C'><name>B</name>{inside}</register>"
        f"<register derivedFrom='B'><name>C</name>{inside}<size>8</size></register>"
    )
    assert warning(loaded).rule == "RM102"
    cluster = f"<cluster><name>K</name>{inside}<cluster derivedFrom='K'><name>L</name>{inside}"
    assert warning(device(f"{cluster}</cluster></cluster>")).rule == "RM102"


def test_an_array_beyond_any_device_is_refused() -> None:
    loaded = one_register("<dim>100000000</dim><dimIncrement>4</dimIncrement>")
    assert loaded.model is None
    (found,) = loaded.problems
    assert (found.rule, found.severity) == ("RM004", Severity.ERROR)
    assert found.place is not None


def test_more_warnings_than_anybody_reads_do_not_stop_it() -> None:
    register = "<register><name>R{0}</name><addressOffset>{0}</addressOffset><access>z{0}</access>"
    loaded = device("".join(f"{register.format(n)}\n</register>" for n in range(500)))
    assert isinstance(loaded.model, Chip)
    assert len(loaded.model.instances[0].block.items) == 500
    assert len(loaded.problems) == 201
    assert "300 further" in loaded.problems[-1].text


ENTITY = "<!DOCTYPE device [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><device><name>&x;</name>"
LAUGHS = "<!DOCTYPE d [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
)


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE device><device/>",
        b"<?xml version='1.0'?>\n<!-- c -->\n<!DOCTYPE device SYSTEM 'http://localhost/x'><device/>",
        f"{ENTITY}</device>".encode(),
        b"\xef\xbb\xbf" + f"{ENTITY}</device>".encode(),
        f"<?xml version='1.0' encoding='utf-16'?>{ENTITY}</device>".encode("utf-16"),
        f"{ENTITY}</device>".encode("utf-16-le"),
        f"{ENTITY}</device>".encode("utf-16-be"),
        f"{LAUGHS}]><device><name>&a9;</name></device>".encode(),
        (" " * 70_000 + f"{ENTITY}</device>").encode(),
        ("<!--" + "x" * 200_000 + f"-->{ENTITY}</device>").encode(),
    ],
)
def test_a_doctype_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "d.svd"
    path.write_bytes(data)
    loaded = read(path)
    assert loaded.model is None
    (found,) = loaded.problems
    assert found.rule == "RM001"
    assert "DOCTYPE" in found.text or "encoding" in found.text or "not well-formed" in found.text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no element"),
        (b"<device>", "Premature end"),
        (b"<device><name></device>", "mismatch"),
        (b"<device>\xff</device>", ""),
        (b"<device>&x;</device>", "not defined"),
        (b"<html/>", "<html>"),
        (b"not XML", ""),
        (b"<?xml version='1.0' encoding='utf-7'?>+ADw-device/>", ""),
        (b"<device>" * 300, "depth"),
        (b"\x00\x00\x00", ""),
    ],
)
def test_what_is_no_svd(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "d.svd"
    path.write_bytes(data)
    loaded = read(path)
    assert loaded.model is None
    (found,) = loaded.problems
    assert (found.rule, found.severity) == ("RM001", Severity.ERROR)
    assert text in found.text
    with pytest.raises(MapError):
        load(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    text = f"<?xml version='1.0' encoding='{name}'?><device><name>D\u00e9</name></device>"
    path = tmp_path / "d.svd"
    path.write_bytes(text.encode(encoding))
    assert load(path).name == "D\u00e9"


def test_copies_are_bounded() -> None:
    """Each cluster derives twice from the one before: 2**40 registers, if one let it."""
    inside = "<addressOffset>0</addressOffset>"
    text = f"<cluster><name>K0</name>{inside}<register><name>R</name>{inside}</register></cluster>"
    for n in range(1, 40):
        parts = "".join(
            f"<cluster derivedFrom='K{n - 1}'><name>{p}</name>{inside}</cluster>" for p in "AB"
        )
        text += f"<cluster><name>K{n}</name>{inside}{parts}</cluster>"
    (found,) = device(text).problems
    assert (found.rule, found.severity) == ("RM004", Severity.ERROR)
    assert "registers" in found.text


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    one_register("<access>nonsense</access>")
    one_field("<access>nonsense</access><lsb>0</lsb><msb>0</msb>")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


# Peripherals, registers and fields with all arrays written out, counted by another program.
REAL = {
    "CMSDK_CM3": (14, 116, 182),
    "e310x": (19, 238, 933),
    "mspm0g350x": (3, 553, 568),
    "k210": (34, 2440, 3164),
    "MKE04Z4": (27, 202, 697),
    "STM32G031": (36, 466, 3273),
    "ATSAML11D14A": (55, 1356, 4484),
    "esp32c3": (37, 2606, 5048),
    "bcm2711_lpa": (36, 738, 5875),
    "rp2040": (35, 1114, 4821),
    "nrf52": (65, 1708, 3365),
    "d1_unofficial": (54, 2595, 7143),
}


def vendor_files() -> Path:
    given = os.environ.get("REGMAP_SVD_DIR")
    return Path(given) if given else Path(__file__).parents[3] / "shared" / "svd"


@pytest.mark.parametrize("name", REAL)
def test_vendor_files(name: str) -> None:
    path = vendor_files() / f"{name}.svd"
    if not path.is_file():
        pytest.skip("vendor files are not part of the project; REGMAP_SVD_DIR says where they are")
    chip = load(path)
    assert isinstance(chip, Chip)
    found = list(instances_of(chip.instances))
    registers = [at for each in found for at in walk(each.instance.block.items)]
    fields = sum(len(fields_of(at.register, at.number)) for at in registers)
    assert (len(found), len(registers), fields) == REAL[name]
