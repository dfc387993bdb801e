"""The shipped AM335x blocks against tables written down a second time, in another form.

The tables come from headers, device trees and register reads, not from the YAML: pads in order with
their gaps, GPIO lines as runs of pads, clock offsets by linux names, whole registers decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from regmap.check import check
from regmap.layout.shape import RegisterLayout
from regmap.loaders import load, read
from regmap.model.block import Block, Register
from tests.unit.map_reading import CHIPS, block, decode, picture, places, register

GPIO = CHIPS / "am335x_gpio.yaml"
CONTROL = CHIPS / "am335x_control.yaml"
CM_PER = CHIPS / "am335x_cm_per.yaml"
CM_WKUP = CHIPS / "am335x_cm_wkup.yaml"
BLOCKS = (GPIO, CONTROL, CM_PER, CM_WKUP)

# Offsets as linux gpio-omap.h lists them for OMAP4 (with its spelling of the names joined up), and
# what a write does: W sets the value, S and C set and clear bits, R is read-only.
GPIO_REGISTERS = """
000R REVISION 010W SYSCONFIG 020W EOI
024S IRQSTATUS_RAW_0 028S IRQSTATUS_RAW_1 02CC IRQSTATUS_0 030C IRQSTATUS_1
034S IRQSTATUS_SET_0 038S IRQSTATUS_SET_1 03CC IRQSTATUS_CLR_0 040C IRQSTATUS_CLR_1
044W IRQWAKEN_0 048W IRQWAKEN_1 114R SYSSTATUS 130W CTRL 134W OE 138R DATAIN 13CW DATAOUT
140W LEVELDETECT0 144W LEVELDETECT1 148W RISINGDETECT 14CW FALLINGDETECT
150W DEBOUNCENABLE 154W DEBOUNCINGTIME 190C CLEARDATAOUT 194S SETDATAOUT
"""
ACTIONS = {
    "R": ("read-only", "modify"),
    "W": ("read-write", "modify"),
    "S": ("read-write", "oneToSet"),
    "C": ("read-write", "oneToClear"),
}
GPIO_FIELDS = {
    "REVISION": "SCHEME[31:30] FUNC[27:16] RTL[15:11] MAJOR[10:8] CUSTOM[7:6] MINOR[5:0]",
    "SYSCONFIG": "IDLEMODE[4:3] ENAWAKEUP[2] SOFTRESET[1] AUTOIDLE[0]",
    "EOI": "DMAEvent_Ack[0]",
    "SYSSTATUS": "RESETDONE[0]",
    "CTRL": "GATINGRATIO[2:1] DISABLEMODULE[0]",
    "DEBOUNCINGTIME": "DEBOUNCETIME[7:0]",
}

# Pads in the order of their registers, 4 bytes each; a number moves on (linux am33xx.h).
PADS = (
    "800 " + " ".join(f"gpmc_ad{n}" for n in range(16)) + " 840 "
    + " ".join(f"gpmc_a{n}" for n in range(12))
    + " gpmc_wait0 gpmc_wpn gpmc_ben1 gpmc_csn0 gpmc_csn1 gpmc_csn2 gpmc_csn3 gpmc_clk"
    " gpmc_advn_ale gpmc_oen_ren gpmc_wen gpmc_ben0_cle 8a0 "
    + " ".join(f"lcd_data{n}" for n in range(16))
    + " 8e0 lcd_vsync lcd_hsync lcd_pclk lcd_ac_bias_en mmc0_dat3 mmc0_dat2 mmc0_dat1 mmc0_dat0"
    " mmc0_clk mmc0_cmd mii1_col mii1_crs mii1_rx_er mii1_tx_en mii1_rx_dv mii1_txd3 mii1_txd2"
    " mii1_txd1 mii1_txd0 mii1_tx_clk mii1_rx_clk mii1_rxd3 mii1_rxd2 mii1_rxd1 mii1_rxd0"
    " rmii1_ref_clk mdio mdc 950 spi0_sclk spi0_d0 spi0_d1 spi0_cs0 spi0_cs1 ecap0_in_pwm0_out"
    " uart0_ctsn uart0_rtsn uart0_rxd uart0_txd uart1_ctsn uart1_rtsn uart1_rxd uart1_txd i2c0_sda"
    " i2c0_scl 990 mcasp0_aclkx mcasp0_fsx mcasp0_axr0 mcasp0_ahclkr mcasp0_aclkr mcasp0_fsr"
    " mcasp0_axr1 mcasp0_ahclkx xdma_event_intr0 xdma_event_intr1 9b8 warmrstn 9c0 nnmi 9d0 tms tdi"
    " tdo tck trstn emu0 emu1 9f8 rtc_pwronrstn pmic_power_en ext_wakeup a1c usb0_drvvbus a34"
    " usb1_drvvbus"
)  # fmt: skip

# GPIO lines as runs of pads: first line, number of the first pad, how many. From linux gpio-ranges,
# but for 7 to 10 of bank 3: it puts 7 and 8 on pads 75 and 76 and has no 9 and 10, against the line
# names of its own am335x-boneblack.dts (emu0, emu1, mii tx clk, mii rx clk), show-pins and FreeBSD.
GPIO_RANGES = {
    0: "0 82 8, 8 52 4, 12 94 4, 16 71 2, 18 135 1, 19 108 2, 21 73 1, 22 8 2, 26 10 2, 28 74 1, "
    "29 81 1, 30 28 2",
    1: "0 0 8, 8 90 4, 12 12 16, 28 30 4",
    2: "0 34 18, 18 77 4, 22 56 10",
    3: "0 66 5, 5 98 2, 7 121 2, 9 75 2, 13 141 1, 14 100 8",
}

# Of the pads with a known reset value, those pulled up; the others are pulled down.
RESET_UP = """
gpmc_wait0 gpmc_wpn gpmc_ben1 gpmc_csn0 gpmc_csn3 gpmc_advn_ale gpmc_oen_ren gpmc_wen gpmc_ben0_cle
spi0_sclk spi0_d0 uart1_rxd uart1_txd
"""

# linux dt-bindings/clock/am3.h, which counts modules from 1: its name, offset, the manual's name.
PER_CLOCKS = """
CPGMAC0 14 CPGMAC0, LCDC 18 LCDC, USB_OTG_HS 1c USB0, TPTC0 24 TPTC0, EMIF 28 EMIF, OCMCRAM 2c
OCMCRAM, GPMC 30 GPMC, MCASP0 34 MCASP0, UART6 38 UART5, MMC1 3c MMC0, ELM 40 ELM, I2C3 44 I2C2,
I2C2 48 I2C1, SPI0 4c SPI0, SPI1 50 SPI1, L4_LS 60 L4LS, MCASP1 68 MCASP1, UART2 6c UART1, UART3 70
UART2, UART4 74 UART3, UART5 78 UART4, TIMER7 7c TIMER7, TIMER2 80 TIMER2, TIMER3 84 TIMER3, TIMER4
88 TIMER4, GPIO2 ac GPIO1, GPIO3 b0 GPIO2, GPIO4 b4 GPIO3, TPCC bc TPCC, D_CAN0 c0 DCAN0, D_CAN1 c4
DCAN1, EPWMSS1 cc EPWMSS1, EPWMSS0 d4 EPWMSS0, EPWMSS2 d8 EPWMSS2, L3_INSTR dc L3_INSTR, L3_MAIN e0
L3, PRUSS e8 PRU_ICSS, TIMER5 ec TIMER5, TIMER6 f0 TIMER6, MMC2 f4 MMC1, MMC3 f8 MMC2, TPTC1 fc
TPTC1, TPTC2 100 TPTC2, SPINLOCK 10c SPINLOCK, MAILBOX 110 MAILBOX0, L4_HS 120 L4HS, OCPWP 130
OCPWP, CLKDIV32K 14c CLKDIV32K
"""
WKUP_CLOCKS = """
CONTROL 4 CONTROL, GPIO1 8 GPIO0, L4_WKUP c L4WKUP, DEBUGSS 14 DEBUGSS, WKUP_M3 b0 WKUP_M3, UART1 b4
UART0, I2C1 b8 I2C0, ADC_TSC bc ADC_TSC, SMARTREFLEX0 c0 SMARTREFLEX0, TIMER1 c4 TIMER1,
SMARTREFLEX1 c8 SMARTREFLEX1, WD_TIMER2 d4 WDT1
"""


def registers_of(path: Path) -> Iterator[Register]:
    loaded = load(path)
    assert isinstance(loaded, Block)
    for item in loaded.items:
        assert isinstance(item, Register)
        yield item


def names_by_value(layout: RegisterLayout, field: str) -> dict[int, str]:
    enum = layout.field(field).enum
    assert enum is not None
    return {value: name for name, value in enum.members}


def listed_pads() -> dict[str, int]:
    found, offset = {}, 0
    for word in PADS.split():
        if re.fullmatch(r"[89a][0-9a-f]{2}", word):
            offset = int(word, 16)
        else:
            found[f"conf_{word}"] = offset
            offset += 4
    return found


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: path.stem)
def test_a_map_has_no_error_and_no_warning(path: Path) -> None:
    found = [*read(path).problems, *check(load(path))]
    assert [str(problem) for problem in found if problem.severity != "info"] == []


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: path.stem)
def test_every_register_names_the_manual_and_a_second_source(path: Path) -> None:
    for item in registers_of(path):
        first, second, *_ = item.source.split(";")
        assert "SPRUH73" in first, item.name
        assert re.search(r"StarterWare|linux", second), item.name
        assert item.description, item.name


class TestGpio:
    def test_registers_stand_where_linux_has_them_and_act_as_it_uses_them(self) -> None:
        words = GPIO_REGISTERS.split()
        expected = {
            name: (int(place[:3], 16), *ACTIONS[place[3]])
            for place, name in zip(words[::2], words[1::2], strict=True)
        }
        found = {
            name: (offset, at.register.fields[0].access, at.register.fields[0].write_action)
            for offset, name, at in places(block(GPIO))
        }
        assert found == expected
        assert len(found) == 26

    @pytest.mark.parametrize("name", GPIO_FIELDS)
    def test_fields(self, name: str) -> None:
        assert picture(register(block(GPIO), name)) == GPIO_FIELDS[name]

    def test_all_other_registers_have_one_bit_a_line(self) -> None:
        for _, name, at in places(block(GPIO)):
            if name not in GPIO_FIELDS:
                assert [field.mask for field in at.register.fields] == [1 << n for n in range(32)]

    def test_set_and_clear_registers_act_on_what_they_read_as(self) -> None:
        targets = {r.name: r.target or r.storage for r in registers_of(GPIO)}
        assert {name: to for name, to in targets.items() if to} == {
            "CLEARDATAOUT": "DATAOUT", "SETDATAOUT": "DATAOUT",
            "IRQSTATUS_SET_0": "irqenable_0", "IRQSTATUS_CLR_0": "irqenable_0",
            "IRQSTATUS_SET_1": "irqenable_1", "IRQSTATUS_CLR_1": "irqenable_1",
        }  # fmt: skip

    def test_after_reset_every_line_is_an_input(self) -> None:
        resets = {name: at.register.reset for _, name, at in places(block(GPIO))}
        assert {name: value for name, value in resets.items() if value} == {
            "REVISION": 0x50600801,
            "OE": 0xFFFFFFFF,
        }
        # What the pads and the reset logic show, a manual cannot know.
        assert {name for name, value in resets.items() if value is None} == {"DATAIN", "SYSSTATUS"}

    def test_zero_is_output(self) -> None:
        assert names_by_value(register(block(GPIO), "OE"), "OUTPUTEN0") == {0: "OUTPUT", 1: "INPUT"}

    def test_the_revision_reads_right(self) -> None:
        assert decode(register(block(GPIO), "REVISION"), 0x50600801) == {
            "SCHEME": 1, "FUNC": 0x060, "RTL": 1, "MAJOR": 0, "CUSTOM": 0, "MINOR": 1,
        }  # fmt: skip

    def test_a_pin_reaches_the_registers_of_its_bank(self) -> None:
        loaded = load(GPIO)
        assert isinstance(loaded, Block)
        (view,) = loaded.views
        assert (view.name, view.count) == ("pin", 32)
        members = {member.name: member for member in view.members}
        assert {name: str(m.path.text) for name, m in members.items() if m.path} == {
            "function": "OE.OUTPUTEN[i]", "output": "DATAOUT.DATAOUT[i]",
            "event": "IRQSTATUS_0.INTLINE[i]", "wakeup": "IRQWAKEN_0.INTLINE[i]",
            "rising": "RISINGDETECT.RISINGDETECT[i]", "falling": "FALLINGDETECT.FALLINGDETECT[i]",
            "high": "LEVELDETECT1.LEVELDETECT1[i]", "low": "LEVELDETECT0.LEVELDETECT0[i]",
            "debounce": "DEBOUNCENABLE.DEBOUNCEENABLE[i]",
        }  # fmt: skip
        assert view.pad is not None
        assert view.pad.output == ("function", "OUTPUT")


class TestControl:
    def test_124_pads_stand_where_linux_has_them(self) -> None:
        expected = listed_pads()
        found = {name: o for o, name, _ in places(block(CONTROL)) if name.startswith("conf_")}
        assert len(found) == 124
        assert found == expected
        assert (found["conf_gpmc_ad0"], found["conf_usb1_drvvbus"]) == (2048, 2612)

    def test_every_pad_has_the_bits_of_the_manual_and_is_read_back(self) -> None:
        bits = "slewctrl[6] rxactive[5] putypesel[4] puden[3] mmode[2:0]"
        for _, name, at in places(block(CONTROL)):
            if name.startswith("conf_"):
                assert picture(at.register) == bits, name
                assert at.register.verify, name
                assert at.register.access == "read-write"

    def test_a_pull_is_on_at_zero(self) -> None:
        pad = register(block(CONTROL), "conf_gpmc_a5")
        assert names_by_value(pad, "puden") == {0: "ENABLED", 1: "DISABLED"}
        assert names_by_value(pad, "putypesel") == {0: "PULLDOWN", 1: "PULLUP"}
        assert names_by_value(pad, "rxactive") == {0: "DISABLED", 1: "ENABLED"}
        assert names_by_value(pad, "slewctrl") == {0: "FAST", 1: "SLOW"}

    @pytest.mark.parametrize(
        ("raw", "meaning"),
        [
            (0x27, "FAST ENABLED PULLDOWN ENABLED 7"),  # an input with pull-down, as after reset
            (0x37, "FAST ENABLED PULLUP ENABLED 7"),
            (0x2F, "FAST ENABLED PULLDOWN DISABLED 7"),  # no pull
            (0x07, "FAST DISABLED PULLDOWN ENABLED 7"),  # linux's setting of USR0
            (0x73, "SLOW ENABLED PULLUP ENABLED 3"),  # that of the capes' I2C
        ],
    )
    def test_pads_read_from_boards_decode_right(self, raw: int, meaning: str) -> None:
        pad = register(block(CONTROL), "conf_gpmc_a5")
        values = decode(pad, raw)
        words = [
            names_by_value(pad, field)[values[field]]
            for field in ("slewctrl", "rxactive", "putypesel", "puden")
        ]
        assert " ".join([*words, str(values["mmode"])]) == meaning

    def test_gpio_lines_are_on_the_pads_that_linux_says(self) -> None:
        expected = {}
        for bank, runs in GPIO_RANGES.items():
            for run in runs.split(","):
                line, pad, count = map(int, run.split())
                for n in range(count):
                    expected[0x800 + 4 * (pad + n)] = f"gpio{bank}_{line + n}"
        found = {}
        for offset, name, at in places(block(CONTROL)):
            if name.startswith("conf_"):
                for mode, signal in names_by_value(at.register, "mmode").items():
                    if signal.startswith("gpio"):
                        assert mode == 7, name
                        found[offset] = signal
        assert found == expected
        assert len(found) == 114  # of 128

    def test_signals_of_one_interface_are_in_one_mode_of_neighbouring_pads(self) -> None:
        def at(offset: int, mode: int) -> str:
            pads = {place: pad.register for place, _, pad in places(block(CONTROL))}
            return names_by_value(pads[offset], "mmode")[mode]

        assert [at(0x800 + 4 * n, 1) for n in range(8)] == [f"mmc1_dat{n}" for n in range(8)]
        assert [at(0x820 + 4 * n, 1) for n in range(8)] == [f"lcd_data{23 - n}" for n in range(8)]
        for n in range(12):  # PRU1's pins on the display's pads
            offset = 0x8A0 + 4 * n if n < 8 else 0x8E0 + 4 * (n - 8)
            assert at(offset, 5) == f"pr1_pru1_pru_r30_{n}"
            assert at(offset, 6) == f"pr1_pru1_pru_r31_{n}"
        for n in range(8):  # PRU0's on the audio port's
            assert at(0x990 + 4 * n, 5) == f"pr1_pru0_pru_r30_{n}"
        assert (at(0x9B0, 3), at(0x9B4, 3)) == ("clkout1", "clkout2")

    def test_reset_values_are_inputs_with_a_pull_and_leave_the_slew_rate_open(self) -> None:
        up = set(RESET_UP.split())
        stated = {}
        for _, name, at in places(block(CONTROL)):
            if name.startswith("conf_") and at.register.reset is not None:
                assert at.register.reset_mask == 2**32 - 1 - 2**6, name
                stated[name.removeprefix("conf_")] = at.register.reset
        assert len(stated) == 37
        assert set(stated.values()) == {0x27, 0x37}
        assert {name for name, value in stated.items() if value == 0x37} == up

    def test_identification(self) -> None:
        device_id = register(block(CONTROL), "device_id")
        assert decode(device_id, 0x2B94402E) == {"devrev": 2, "partnum": 0xB944, "mfgr": 0x17}
        assert names_by_value(device_id, "devrev")[2] == "REV_2_1"
        assert (device_id.reset, device_id.reset_mask) == (0x0B94402E, 0x0FFFFFFF)
        assert picture(register(block(CONTROL), "control_status")) == (
            "sysboot1[23:22] testmd[21:20] admux[19:18] waiten[17] bw[16] devtype[10:8] "
            "sysboot0[7:0]"
        )
        identity = [(o, n) for o, n, _ in places(block(CONTROL)) if not n.startswith("conf_")]
        assert identity == [
            (0x000, "control_revision"), (0x004, "control_hwinfo"), (0x040, "control_status"),
            (0x600, "device_id"), (0x604, "dev_feature"),
        ]  # fmt: skip


class TestClocks:
    @pytest.mark.parametrize(
        ("path", "prefix", "table", "count"),
        [(CM_PER, "CM_PER_", PER_CLOCKS, 58), (CM_WKUP, "CM_WKUP_", WKUP_CLOCKS, 54)],
        ids=["per", "wkup"],
    )
    def test_clocks_are_where_linux_has_them(
        self, path: Path, prefix: str, table: str, count: int
    ) -> None:
        found = {name: offset for offset, name, _ in places(block(path))}
        assert len(found) == count
        for row in table.split(","):
            _, offset, name = row.split()
            assert found[f"{prefix}{name}_CLKCTRL"] == int(offset, 16), name

    def test_gpio_clocks_are_not_where_a_wrong_table_puts_them(self) -> None:
        # A public set of notes has GPIO1 to GPIO3 at 0x7C, 0x80 and 0x84, which are timers.
        names = {offset: name for offset, name, _ in places(block(CM_PER))}
        assert [names[o] for o in (0xAC, 0xB0, 0xB4)] == [
            f"CM_PER_GPIO{n}_CLKCTRL" for n in (1, 2, 3)
        ]
        assert [names[o] for o in (0x7C, 0x80, 0x84)] == [
            f"CM_PER_TIMER{n}_CLKCTRL" for n in (7, 2, 3)
        ]

    @pytest.mark.parametrize(
        ("path", "name", "debounce"),
        [
            (CM_PER, "CM_PER_GPIO1_CLKCTRL", "OPTFCLKEN_GPIO_1_GDBCLK"),
            (CM_PER, "CM_PER_GPIO2_CLKCTRL", "OPTFCLKEN_GPIO_2_GDBCLK"),
            (CM_PER, "CM_PER_GPIO3_CLKCTRL", "OPTFCLKEN_GPIO_3_GDBCLK"),
            (CM_WKUP, "CM_WKUP_GPIO0_CLKCTRL", "OPTFCLKEN_GPIO0_GDBCLK"),
        ],
    )
    def test_a_gpio_bank_starts_off(self, path: Path, name: str, debounce: str) -> None:
        clock = register(block(path), name)
        assert picture(clock) == f"{debounce}[18] IDLEST[17:16] MODULEMODE[1:0]"
        assert clock.reset == 0x30000
        assert decode(clock, 0x30000) == {debounce: 0, "IDLEST": 3, "MODULEMODE": 0}
        assert decode(clock, 0x40002) == {debounce: 1, "IDLEST": 0, "MODULEMODE": 2}
        assert names_by_value(clock, "MODULEMODE") == {0: "DISABLED", 2: "ENABLE"}
        states = {0: "FUNC", 1: "TRANS", 2: "IDLE", 3: "DISABLE"}
        assert names_by_value(clock, "IDLEST") == states
        assert clock.field("IDLEST").access == "read-only"

    def test_the_domain_of_the_gpio_banks_starts_awake(self) -> None:
        domain = register(block(CM_PER), "CM_PER_L4LS_CLKSTCTRL")
        assert domain.reset == 0xC0102
        values = decode(domain, 0xC0102)
        assert {name for name, value in values.items() if value} == {
            "CLKACTIVITY_GPIO_1_GDBCLK", "CLKACTIVITY_L4LS_GCLK", "CLKTRCTRL",
        }  # fmt: skip
        assert names_by_value(domain, "CLKTRCTRL")[values["CLKTRCTRL"]] == "SW_WKUP"

    def test_the_five_dplls(self) -> None:
        found = {name: offset for offset, name, _ in places(block(CM_WKUP))}
        modes = {"MPU": 0x88, "PER": 0x8C, "CORE": 0x90, "DDR": 0x94, "DISP": 0x98}
        assert {n: found[f"CM_CLKMODE_DPLL_{n}"] for n in modes} == modes
        # 1 GHz from a 24 MHz crystal: M 1000, N 23.
        dpll = register(block(CM_WKUP), "CM_CLKSEL_DPLL_MPU")
        assert decode(dpll, 0x0003E817) == {
            "DPLL_BYP_CLKSEL": 0, "DPLL_MULT": 1000, "DPLL_DIV": 23,
        }  # fmt: skip
