"""The shipped Raspberry Pi GPIO blocks against tables written down a second time, in another form.

The tables come from the manuals, pin lists and drivers, not from the YAML: addresses as in the
register view, bit patterns, functions by peripheral; and from a public SVD.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from regmap.check import check
from regmap.loaders import read
from regmap.model.block import Block, Register, View
from regmap.model.expr import Path as RegPath

ROOT = Path(__file__).parents[2]
SVD = Path(os.environ.get("REGMAP_SVD_DIR", ROOT.parent / "shared" / "svd")) / "bcm2711_lpa.svd"

CHIPS = ("bcm2835_gpio", "bcm2711_gpio")

# Bus address (less 0x7E200000), names and access as in the register view of the manuals.
COMMON = """
00 GPFSEL0 GPFSEL1 GPFSEL2 GPFSEL3 GPFSEL4 GPFSEL5 R/W
1C GPSET0 GPSET1 W
28 GPCLR0 GPCLR1 W
34 GPLEV0 GPLEV1 R
40 GPEDS0 GPEDS1 R/W
4C GPREN0 GPREN1 R/W
58 GPFEN0 GPFEN1 R/W
64 GPHEN0 GPHEN1 R/W
70 GPLEN0 GPLEN1 R/W
7C GPAREN0 GPAREN1 R/W
88 GPAFEN0 GPAFEN1 R/W
"""
PUPS = " ".join(f"GPIO_PUP_PDN_CNTRL_REG{n}" for n in range(4))
REGISTER_VIEW = {
    "bcm2835_gpio": COMMON + "94 GPPUD GPPUDCLK0 GPPUDCLK1 R/W",
    "bcm2711_gpio": COMMON + f"E4 {PUPS} R/W",
}
LINES = {"bcm2835_gpio": 54, "bcm2711_gpio": 58}
ACCESS = {"R/W": "read-write", "R": "read-only", "W": "write-only"}

FSEL = "000 INPUT, 001 OUTPUT, 010 ALT5, 011 ALT4, 100 ALT0, 101 ALT1, 110 ALT2, 111 ALT3"
PULL = {"bcm2835_gpio": "00 OFF, 01 DOWN, 10 UP", "bcm2711_gpio": "00 OFF, 01 UP, 10 DOWN"}
RESET_PULLS = "0-8 up 9-27 down 28-29 none 30-33 down 34-36 up 37-43 down 44-45 none 46-57 up"

# Functions by peripheral: the first line, then one name a line ("." skips one).
SHARED_FUNCTIONS = f"""
ALT0 0 SDA0 SCL0 SDA1 SCL1 GPCLK0 GPCLK1 GPCLK2
ALT0 7 SPI0_CE1_N SPI0_CE0_N SPI0_MISO SPI0_MOSI SPI0_SCLK
ALT0 14 TXD0 RXD0
ALT0 18 PCM_CLK PCM_FS PCM_DIN PCM_DOUT
ALT0 22 SD0_CLK SD0_CMD SD0_DAT0 SD0_DAT1 SD0_DAT2 SD0_DAT3 SDA0 SCL0
ALT0 32 GPCLK0 . GPCLK0 SPI0_CE1_N SPI0_CE0_N SPI0_MISO SPI0_MOSI SPI0_SCLK
ALT0 42 GPCLK1 GPCLK2 GPCLK1
ALT0 48 SD0_CLK SD0_CMD SD0_DAT0 SD0_DAT1 SD0_DAT2 SD0_DAT3
ALT1 0 SA5 SA4 SA3 SA2 SA1 SA0 SOE_N_/_SE SWE_N_/_SRW_N {" ".join(f"SD{n}" for n in range(18))}
ALT1 28 SA5 SA4 SA3 SA2 SA1 SA0 SOE_N_/_SE SWE_N_/_SRW_N {" ".join(f"SD{n}" for n in range(8))}
ALT1 44 SDA0 SCL0
ALT2 0 PCLK DE LCD_VSYNC LCD_HSYNC {" ".join(f"DPI_D{n}" for n in range(24))}
ALT2 28 PCM_CLK PCM_FS PCM_DIN PCM_DOUT
ALT2 36 TXD0 RXD0 RTS0 CTS0
ALT2 44 SDA1 SCL1
ALT3 16 CTS0 RTS0
ALT3 22 SD1_CLK SD1_CMD SD1_DAT0 SD1_DAT1 SD1_DAT2 SD1_DAT3
ALT3 30 CTS0 RTS0 TXD0 RXD0 SD1_CLK SD1_CMD SD1_DAT0 SD1_DAT1 SD1_DAT2 SD1_DAT3
ALT3 48 SD1_CLK SD1_CMD SD1_DAT0 SD1_DAT1 SD1_DAT2 SD1_DAT3
ALT4 16 SPI1_CE2_N SPI1_CE1_N SPI1_CE0_N SPI1_MISO SPI1_MOSI SPI1_SCLK
ALT4 22 ARM_TRST ARM_RTCK ARM_TDO ARM_TCK ARM_TDI ARM_TMS
ALT5 14 TXD1 RXD1 CTS1 RTS1
ALT5 20 GPCLK0 GPCLK1
ALT5 30 CTS1 RTS1 TXD1 RXD1
ALT5 40 TXD1 RXD1 RTS1 CTS1
"""
FUNCTIONS = {
    "bcm2835_gpio": SHARED_FUNCTIONS
    + """
ALT0 12 PWM0 PWM1
ALT0 40 PWM0 PWM1
ALT0 45 PWM1
ALT3 18 BSCSL_SDA_/_MISO BSCSL_SCL_/_SCLK BSCSL_/_MOSI BSCSL_/_CE_N
ALT4 40 SPI2_MISO SPI2_MOSI SPI2_SCLK SPI2_CE0_N SPI2_CE1_N SPI2_CE2_N
ALT5 4 ARM_TDI ARM_TDO ARM_RTCK
ALT5 12 ARM_TMS ARM_TCK
ALT5 18 PWM0 PWM1
""",
    "bcm2711_gpio": SHARED_FUNCTIONS
    + """
ALT0 12 PWM0_0 PWM0_1
ALT0 40 PWM1_0 PWM1_1
ALT0 45 PWM0_1
ALT3 0 SPI3_CE0_N SPI3_MISO SPI3_MOSI SPI3_SCLK SPI4_CE0_N SPI4_MISO SPI4_MOSI SPI4_SCLK
ALT3 8 BSCSL_/_CE_N BSCSL_/_MOSI BSCSL_SDA_/_MISO BSCSL_SCL_/_SCLK
ALT3 12 SPI5_CE0_N SPI5_MISO SPI5_MOSI SPI5_SCLK
ALT3 18 SPI6_CE0_N SPI6_MISO SPI6_MOSI SPI6_SCLK
ALT3 40 SD1_DAT4 SD1_DAT5 SD1_DAT6 SD1_DAT7
ALT4 0 TXD2 RXD2 CTS2 RTS2 TXD3 RXD3 CTS3 RTS3 TXD4 RXD4 CTS4 RTS4 TXD5 RXD5 CTS5 RTS5
ALT4 28 MII_A_RX_ERR MII_A_TX_ERR MII_A_CRS MII_A_COL SD_CARD_PRES SD_CARD_WRPROT SD_CARD_LED
ALT4 35 RGMII_START_STOP RGMII_RX_OK RGMII_MDIO RGMII_MDC RGMII_IRQ
ALT4 40 SPI0_MISO SPI0_MOSI SPI0_SCLK SPI0_CE0_N SPI0_CE1_N SPI0_CE2_N
ALT5 0 SDA6 SCL6 SDA3 SCL3 SDA3 SCL3 SDA4 SCL4 SDA4 SCL4 SDA5 SCL5 SDA5 SCL5
ALT5 18 PWM0_0 PWM0_1
ALT5 22 SDA6 SCL6 SPI3_CE1_N SPI4_CE1_N SPI5_CE1_N SPI6_CE1_N RGMII_MDIO RGMII_MDC
ALT5 34 RGMII_IRQ . MII_A_RX_ERR MII_A_TX_ERR MII_A_CRS MII_A_COL
ALT5 44 SD_CARD_VOLT SD_CARD_PWR0
""",
}


def block(name: str) -> Block:
    """A shipped block, which must load without a word of complaint."""
    loaded = read(ROOT / "maps" / "chips" / f"{name}.yaml")
    assert loaded.problems == ()
    assert isinstance(loaded.model, Block)
    return loaded.model


def elements(model: Block) -> Iterator[tuple[str, int, int, Register]]:
    """Every register by name, with its index in its array and its offset."""
    for item in model.items:
        assert isinstance(item, Register)
        if item.array is None:
            yield item.name, 0, item.offset, item
            continue
        assert item.array.names is not None
        for i in range(item.array.counts[0]):
            offset = item.offset + i * item.array.strides[0]
            yield item.array.names.at({"i": i}), i, offset, item


def fields(register: Register, i: int) -> dict[str, tuple[int, int]]:
    """The fields of one element: lowest bit and width."""
    found = {}
    for field in register.fields:
        (bits,) = field.bits
        if field.array is None:
            found[field.name] = (bits.lsb, bits.width)
            continue
        assert field.array.names is not None
        counts = field.array.counts
        for j in range(counts[i] if len(counts) > 1 else counts[0]):
            name = field.array.names.at({"i": i, "j": j})
            found[name] = (bits.lsb + j * field.array.stride, bits.width)
    return found


def pin(model: Block) -> View:
    """The view called pin."""
    (view,) = model.views
    assert view.name == "pin"
    return view


def functions(text: str) -> dict[int, dict[str, str]]:
    """A table of functions by peripheral, turned into one by line."""
    table: dict[int, dict[str, str]] = {}
    for row in text.split("\n"):
        if row:
            alt, first, *names = row.split()
            for line, name in enumerate(names, int(first)):
                if name != ".":
                    assert alt not in table.setdefault(line, {}), (line, alt)
                    table[line][alt] = (
                        name.replace("_/_", " / ").replace("BSCSL_", "BSCSL ").replace("  ", " ")
                    )
    return table


def reset_pulls() -> dict[int, str]:
    """The pull of each line after reset, from the ranges."""
    found = re.findall(r"(\d+)-(\d+) (\w+)", RESET_PULLS)
    return {n: pull for low, high, pull in found for n in range(int(low), int(high) + 1)}


@pytest.mark.parametrize("name", CHIPS)
def test_the_checker_has_no_error_and_no_warning(name: str) -> None:
    assert [str(found) for found in check(block(name)) if found.severity != "info"] == []


@pytest.mark.parametrize("name", CHIPS)
def test_registers_are_at_the_addresses_of_the_manual(name: str) -> None:
    expected = []
    for row in REGISTER_VIEW[name].strip().split("\n"):
        first, *names, access = row.split()
        for n, reg in enumerate(names):
            expected.append((int(first, 16) + 4 * n, reg, ACCESS[access]))
    found = [(offset, reg, str(item.access)) for reg, _, offset, item in elements(block(name))]
    assert sorted(found) == sorted(expected)
    assert all(
        item.width == 32 and item.access_widths == (32,) for *_, item in elements(block(name))
    )


@pytest.mark.parametrize("name", CHIPS)
def test_every_line_has_its_field_in_every_register(name: str) -> None:
    width = {"FSEL": 3, "GPIO_PUP_PDN_CNTRL": 2}
    seen: dict[str, set[int]] = {}
    for reg, i, _, item in elements(block(name)):
        for field, (lsb, bits) in fields(item, i).items():
            if field == "PUD":
                assert (reg, lsb, bits) == ("GPPUD", 0, 2)
                continue
            match = re.fullmatch(r"([A-Z_]+?)(\d+)", field)
            assert match
            kind, line = match[1], int(match[2])
            per_register = {"FSEL": 10, "GPIO_PUP_PDN_CNTRL": 16}.get(kind, 32)
            assert bits == width.get(kind, 1)
            assert (reg[-1], lsb) == (str(line // per_register), line % per_register * bits)
            assert reg[:-1] in {f"GP{kind}", f"{kind}_REG"}
            seen.setdefault(kind, set()).add(line)
    kinds = {"FSEL", "SET", "CLR", "LEV", "EDS", "REN", "FEN", "HEN", "LEN", "AREN", "AFEN"}
    kinds.add("PUDCLK" if name == "bcm2835_gpio" else "GPIO_PUP_PDN_CNTRL")
    assert seen == {kind: set(range(LINES[name])) for kind in kinds}


@pytest.mark.parametrize("name", CHIPS)
def test_what_a_write_and_a_reset_do(name: str) -> None:
    registers = {reg: item for reg, _, _, item in elements(block(name))}
    for reg, item in registers.items():
        action = {"GPSET": "oneToSet", "GPCLR": "oneToClear", "GPEDS": "oneToClear"}.get(reg[:-1])
        assert item.write_action == (action or "modify")
        assert item.fields[0].write_action == item.write_action
        assert item.fields[0].access == item.access
        assert item.read_action is None
        assert item.volatile is (reg[:-1] in {"GPLEV", "GPEDS"})
        no_reset = reg[:-1] in {"GPSET", "GPCLR", "GPLEV", "GPIO_PUP_PDN_CNTRL_REG"}
        assert item.reset == (None if no_reset else 0)
        assert item.storage == ("output_latch" if reg[:-1] in {"GPSET", "GPCLR"} else "")


@pytest.mark.parametrize("name", CHIPS)
def test_enums_have_the_bit_patterns_of_the_manual(name: str) -> None:
    by_field = {item.fields[0].name: item.fields[0].enum for *_, item in elements(block(name))}
    pulls = by_field["PUD" if name == "bcm2835_gpio" else "GPIO_PUP_PDN_CNTRL"]
    for enum, text in ((by_field["FSEL"], FSEL), (pulls, PULL[name])):
        assert enum is not None
        expected = {each.split()[1]: int(each.split()[0], 2) for each in text.split(", ")}
        assert {value.name: value.value for value in enum.values} == expected


@pytest.mark.parametrize("name", CHIPS)
def test_a_pin_reaches_the_fields_of_its_own_number(name: str) -> None:
    model = block(name)
    view = pin(model)
    assert view.count == LINES[name]
    places = {
        (item.name, i, j): (reg, field)
        for reg, i, _, item in elements(model)
        for j, field in enumerate(fields(item, i))
    }

    def reached(path: RegPath | None, line: int) -> tuple[str, str]:
        assert path is not None
        (reg, (i,)), (_, (j,)) = path.at({"i": line})
        return places[reg, i, j]

    members = {member.name: member for member in view.members}
    assert view.pad is not None
    assert view.pad.output == ("function", "OUTPUT")
    for n in range(view.count):
        bank = n // 32
        plain = {
            "function": (f"GPFSEL{n // 10}", f"FSEL{n}"),
            "event": (f"GPEDS{bank}", f"EDS{n}"),
            "rising": (f"GPREN{bank}", f"REN{n}"),
            "falling": (f"GPFEN{bank}", f"FEN{n}"),
            "high": (f"GPHEN{bank}", f"HEN{n}"),
            "low": (f"GPLEN{bank}", f"LEN{n}"),
            "async_rising": (f"GPAREN{bank}", f"AREN{n}"),
            "async_falling": (f"GPAFEN{bank}", f"AFEN{n}"),
        }
        assert {key: reached(members[key].path, n) for key in plain} == plain
        output = (f"GPSET{bank}", f"SET{n}"), (f"GPCLR{bank}", f"CLR{n}")
        assert (reached(members["set"].call, n), reached(members["clear"].call, n)) == output
        level = members["level"]
        assert (reached(level.set, n), reached(level.clear, n)) == output
        assert reached(level.read, n) == reached(view.pad.level, n) == (f"GPLEV{bank}", f"LEV{n}")
        assert reached(view.pad.latch, n) == output[0]
        for key in ("event", "rising", "falling", "high", "low"):
            assert reached(getattr(view.pad, key), n) == plain[key]
        if name == "bcm2711_gpio":
            pulls = (f"GPIO_PUP_PDN_CNTRL_REG{n // 16}", f"GPIO_PUP_PDN_CNTRL{n}")
            assert reached(members["pull"].path, n) == pulls
        else:
            clock = (f"GPPUDCLK{bank}", f"PUDCLK{n}")
            writes = [step.write for step in members["pull"].steps if step.write is not None]
            assert [str(write) for write in writes][::2] == ["GPPUD.PUD", "GPPUD.PUD"]
            assert [reached(write, n) for write in writes[1::2]] == [clock, clock]


def test_the_pull_sequence_of_the_bcm2835() -> None:
    """The six steps of the manual; each wait lasts 150 core clock cycles even at 19.2 MHz."""
    (pull,) = (member for member in pin(block("bcm2835_gpio")).members if member.name == "pull")
    assert pull.enum is not None
    assert {value.name: value.value for value in pull.enum.values} == {"OFF": 0, "DOWN": 1, "UP": 2}
    kinds = [str(step.write).split(".")[-1][:6] if step.write else "wait" for step in pull.steps]
    assert kinds == ["PUD", "wait", "PUDCLK", "wait", "PUD", "PUDCLK"]
    assert [step.value for step in pull.steps if step.write] == [None, 1, 0, 0]
    assert all(step.wait_us >= 150 / 19.2 for step in pull.steps if not step.write)


@pytest.mark.parametrize("name", CHIPS)
def test_lines_have_their_functions_and_pulls(name: str) -> None:
    lines = pin(block(name)).lines
    expected, pulls = functions(FUNCTIONS[name]), reset_pulls()
    assert list(lines) == list(range(LINES[name]))
    for n, line in lines.items():
        assert line.names == (f"GPIO{n}",)
        assert dict(line.functions) == expected.get(n, {}), n
        assert line.reset_pull == pulls[n], n


def test_reset_pulls_are_the_reset_values_of_the_bcm2711_registers() -> None:
    codes = {"none": 0, "up": 1, "down": 2}
    words = [0, 0, 0, 0]
    for n, line in pin(block("bcm2711_gpio")).lines.items():
        words[n // 16] |= codes[line.reset_pull] << (n % 16 * 2)
    assert words == [0xAAA9_5555, 0xA0AA_AAAA, 0x50AA_A95A, 0x0005_5555]


@pytest.mark.parametrize("name", CHIPS)
def test_every_register_names_two_sources(name: str) -> None:
    for reg, _, _, item in elements(block(name)):
        assert len(item.source.split("; ")) >= 2, reg
        assert "ARM Peripherals" in item.source, reg


@pytest.mark.skipif(not SVD.exists(), reason=f"{SVD.name} is not beside this checkout")
def test_the_bcm2711_agrees_with_the_public_svd() -> None:
    tree = ET.parse(SVD)  # noqa: S314  (a file of our own choice, without entities)
    (gpio,) = (each for each in tree.iter("peripheral") if each.findtext("name") == "GPIO")
    model = block("bcm2711_gpio")
    assert int(gpio.findtext("addressBlock/size") or "", 0) == model.size
    theirs = {reg.findtext("name"): reg for reg in gpio.iter("register")}
    del theirs["EXTRA_MUX"]  # not in the manual
    found = {reg: (i, offset, item) for reg, i, offset, item in elements(model)}
    assert theirs.keys() == found.keys()
    # Where the SVD contradicts the manual, or leaves a function out.
    wrong = {(n, alt) for n in range(40, 46) for alt in ("ALT4",)}
    wrong |= {(n, "ALT0") for n in range(48, 54)} | {(n, "ALT3") for n in range(8, 12)}
    wrong |= {(38, "ALT2"), (39, "ALT2"), (42, "ALT5"), (43, "ALT5")}
    fsel = {value: f"ALT{n}" for n, value in enumerate((4, 5, 6, 7, 3, 2))}
    for reg, (i, offset, item) in found.items():
        svd = theirs[reg]
        assert int(svd.findtext("addressOffset") or "", 0) == offset
        assert (svd.findtext("access") or "read-write") == item.access
        assert (svd.findtext("modifiedWriteValues") or "modify") == item.write_action
        ours = fields(item, i)
        bits = {}
        for field in svd.iter("field"):
            label = field.findtext("name") or ""
            between = re.fullmatch(r"\[(\d+):(\d+)\]", field.findtext("bitRange") or "")
            if between:
                bits[label] = (int(between[2]), int(between[1]) - int(between[2]) + 1)
            else:
                bits[label] = (
                    int(field.findtext("bitOffset") or ""),
                    int(field.findtext("bitWidth") or ""),
                )
            if label.startswith("FSEL"):
                n = int(label.removeprefix("FSEL"))
                names = {
                    fsel[int(each.findtext("value") or "")]: each.findtext("name")
                    for each in field.iter("enumeratedValue")
                    if int(each.findtext("value") or "") > 1
                }
                for alt, value in pin(model).lines[n].functions.items():
                    if (n, alt) not in wrong:
                        assert names.pop(alt) == value.split(" / ")[0], (n, alt)
                left = {
                    alt for alt, value in names.items() if not str(value).startswith("RESERVED")
                }
                assert {(n, alt) for alt in left} <= wrong
        assert bits == ours
