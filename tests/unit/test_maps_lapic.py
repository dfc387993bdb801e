"""The shipped local APIC against the register map and figures of the manual, written down a second
time in another form.
"""

from __future__ import annotations

import pytest

from regmap.layout import ViewLayout
from tests.unit.map_reading import CHIPS, block, decode, named_values, picture, places, register

LAPIC = CHIPS / "lapic.yaml"
SHORT = {"read-only": "ro", "read-write": "rw", "write-only": "wo"}

# Offset, name, access, reset (- where the CPU decides), as printed in Table 10-1 of the manual
# and its figures.
LAPIC_MAP = """
020 ID ro -                        030 VERSION ro -
080 TPR rw 0                       090 APR ro -
0A0 PPR ro 0                       0B0 EOI wo -
0C0 RRD ro -                       0D0 LDR rw 0
0E0 DFR rw FFFFFFFF                0F0 SVR rw FF
100 ISR0 ro 0                      110 ISR1 ro 0
120 ISR2 ro 0                      130 ISR3 ro 0
140 ISR4 ro 0                      150 ISR5 ro 0
160 ISR6 ro 0                      170 ISR7 ro 0
180 TMR0 ro 0                      190 TMR1 ro 0
1A0 TMR2 ro 0                      1B0 TMR3 ro 0
1C0 TMR4 ro 0                      1D0 TMR5 ro 0
1E0 TMR6 ro 0                      1F0 TMR7 ro 0
200 IRR0 ro 0                      210 IRR1 ro 0
220 IRR2 ro 0                      230 IRR3 ro 0
240 IRR4 ro 0                      250 IRR5 ro 0
260 IRR6 ro 0                      270 IRR7 ro 0
280 ESR rw 0                       2F0 LVT_CMCI rw 10000
300 ICR_LOW rw 0                   310 ICR_HIGH rw 0
320 LVT_TIMER rw 10000             330 LVT_THERMAL rw 10000
340 LVT_PMC rw 10000               350 LVT_LINT0 rw 10000
360 LVT_LINT1 rw 10000             370 LVT_ERROR rw 10000
380 TIMER_INITIAL_COUNT rw 0       390 TIMER_CURRENT_COUNT ro 0
3E0 TIMER_DIVIDE rw 0
"""

LVT = "DELIVERY_STATUS[12] DELIVERY_MODE[10:8] VECTOR[7:0]"
LINT = f"MASK[16] TRIGGER_MODE[15] REMOTE_IRR[14] INTERRUPT_INPUT_PIN_POLARITY[13] {LVT}"
LAPIC_FIELDS = {
    "ID": "APIC_ID[31:24]",
    "VERSION": "SUPPRESS_EOI_BROADCASTS[24] MAX_LVT_ENTRY[23:16] VERSION[7:0]",
    "TPR": "PRIORITY_CLASS[7:4] PRIORITY_SUBCLASS[3:0]",
    "APR": "PRIORITY_CLASS[7:4] PRIORITY_SUBCLASS[3:0]",
    "PPR": "PRIORITY_CLASS[7:4] PRIORITY_SUBCLASS[3:0]",
    "LDR": "LOGICAL_APIC_ID[31:24]",
    "DFR": "MODEL[31:28]",
    "SVR": "EOI_BROADCAST_SUPPRESSION[12] FOCUS_PROCESSOR_CHECKING[9] APIC_SOFTWARE_ENABLE[8] "
    "SPURIOUS_VECTOR[7:0]",
    "ESR": "ILLEGAL_REGISTER_ADDRESS[7] RECEIVE_ILLEGAL_VECTOR[6] SEND_ILLEGAL_VECTOR[5] "
    "REDIRECTIBLE_IPI[4] RECEIVE_ACCEPT_ERROR[3] SEND_ACCEPT_ERROR[2] RECEIVE_CHECKSUM_ERROR[1] "
    "SEND_CHECKSUM_ERROR[0]",
    "LVT_CMCI": f"MASK[16] {LVT}",
    "ICR_LOW": "DESTINATION_SHORTHAND[19:18] TRIGGER_MODE[15] LEVEL[14] DELIVERY_STATUS[12] "
    "DESTINATION_MODE[11] DELIVERY_MODE[10:8] VECTOR[7:0]",
    "ICR_HIGH": "DESTINATION[31:24]",
    "LVT_TIMER": "TIMER_MODE[18:17] MASK[16] DELIVERY_STATUS[12] VECTOR[7:0]",
    "LVT_THERMAL": f"MASK[16] {LVT}",
    "LVT_PMC": f"MASK[16] {LVT}",
    "LVT_LINT0": LINT,
    "LVT_LINT1": LINT,
    "LVT_ERROR": "MASK[16] DELIVERY_STATUS[12] VECTOR[7:0]",
    "TIMER_DIVIDE": "DIVIDE_VALUE[3+1:0]",
}


ENUMS = {
    "ICR.DELIVERY_MODE": "FIXED=0 LOWEST_PRIORITY=1 SMI=2 NMI=4 INIT=5 START_UP=6",
    "DELIVERY_MODE": "FIXED=0 SMI=2 NMI=4 INIT=5 EXTINT=7",
    "DELIVERY_STATUS": "IDLE=0 SEND_PENDING=1",
    "DESTINATION_MODE": "PHYSICAL=0 LOGICAL=1",
    "DESTINATION_SHORTHAND": "NO_SHORTHAND=0 SELF=1 ALL_INCLUDING_SELF=2 ALL_EXCLUDING_SELF=3",
    "LEVEL": "DE_ASSERT=0 ASSERT=1",
    "TRIGGER_MODE": "EDGE=0 LEVEL=1",
    "INTERRUPT_INPUT_PIN_POLARITY": "ACTIVE_HIGH=0 ACTIVE_LOW=1",
    "TIMER_MODE": "ONE_SHOT=0 PERIODIC=1 TSC_DEADLINE=2",
    "MASK": "NOT_MASKED=0 MASKED=1",
    "MODEL": "CLUSTER=0 FLAT=15",
    "APIC_SOFTWARE_ENABLE": "DISABLED=0 ENABLED=1",
    "FOCUS_PROCESSOR_CHECKING": "ENABLED=0 DISABLED=1",
    "DIVIDE_VALUE": "DIVIDE_BY_2=0 DIVIDE_BY_4=1 DIVIDE_BY_8=2 DIVIDE_BY_16=3 DIVIDE_BY_32=4 "
    "DIVIDE_BY_64=5 DIVIDE_BY_128=6 DIVIDE_BY_1=7",
}


class TestLapic:
    def test_registers(self) -> None:
        layout = block(LAPIC)
        words = LAPIC_MAP.split()
        expected = list(zip(words[::4], words[1::4], words[2::4], words[3::4], strict=True))
        found = [
            (
                f"{offset:03X}",
                name,
                SHORT[at.register.access],
                "-" if at.register.reset is None else f"{at.register.reset:X}",
            )
            for offset, name, at in places(layout)
        ]
        assert found == expected
        assert layout.per_cpu
        assert layout.size == 4096

    def test_only_aligned_32_bit_accesses(self) -> None:
        for offset, _, at in places(block(LAPIC)):
            assert (at.register.width, at.register.access_widths) == (32, (32,))
            assert offset % 16 == 0

    @pytest.mark.parametrize("name", LAPIC_FIELDS)
    def test_fields(self, name: str) -> None:
        assert picture(register(block(LAPIC), name)) == LAPIC_FIELDS[name]

    def test_registers_without_fields(self) -> None:
        layout = block(LAPIC)
        bare = {name for _, name, at in places(layout) if not at.register.fields}
        sets = {f"{name}{n}" for name in ("ISR", "TMR", "IRR") for n in range(8)}
        assert bare == sets | {"EOI", "RRD", "TIMER_INITIAL_COUNT", "TIMER_CURRENT_COUNT"}

    @pytest.mark.parametrize(
        ("raw", "divisor"),
        [
            (0b0000, 2),
            (0b0001, 4),
            (0b0010, 8),
            (0b0011, 16),
            (0b1000, 32),
            (0b1001, 64),
            (0b1010, 128),
            (0b1011, 1),
        ],
    )
    def test_the_divider_is_split_over_bits_3_1_and_0(self, raw: int, divisor: int) -> None:
        divide = register(block(LAPIC), "TIMER_DIVIDE")
        field = divide.field("DIVIDE_VALUE")
        assert field.enum is not None
        names = {number: name for name, number in field.enum.members}
        assert names[decode(divide, raw)["DIVIDE_VALUE"]] == f"DIVIDE_BY_{divisor}"
        assert field.mask == 0b1011

    def test_named_values(self) -> None:
        for _, name, at in places(block(LAPIC)):
            for field, members in named_values(at.register).items():
                key = f"ICR.{field}" if name == "ICR_LOW" and f"ICR.{field}" in ENUMS else field
                assert members == ENUMS[key], name
        named = sum(len(named_values(at.register)) for _, _, at in places(block(LAPIC)))
        assert named == 34

    def test_what_the_hardware_alone_sets_cannot_be_written(self) -> None:
        fields = {
            f"{name}.{field.name}"
            for _, name, at in places(block(LAPIC))
            if at.register.access == "read-write"
            for field in at.register.fields
            if field.access == "read-only"
        }
        status = ("LVT_CMCI", "ICR_LOW", "LVT_TIMER", "LVT_THERMAL", "LVT_PMC", "LVT_ERROR")
        pins = ("LVT_LINT0", "LVT_LINT1")
        assert fields == {
            *(f"{name}.DELIVERY_STATUS" for name in (*status, *pins)),
            *(f"{name}.REMOTE_IRR" for name in pins),
        }

    def test_what_qemu_shows_reads_right(self) -> None:
        layout = block(LAPIC)
        version = decode(register(layout, "VERSION"), 0x00050014)
        assert version == {"VERSION": 0x14, "MAX_LVT_ENTRY": 5, "SUPPRESS_EOI_BROADCASTS": 0}
        spurious = decode(register(layout, "SVR"), 0x1FF)
        assert (spurious["APIC_SOFTWARE_ENABLE"], spurious["SPURIOUS_VECTOR"]) == (1, 0xFF)

    def test_registers_that_may_not_exist_are_not_read_by_looking(self) -> None:
        layout = block(LAPIC)
        shy = {name for _, name, at in places(layout) if at.register.side_effect}
        assert shy == {"RRD", "LVT_CMCI"}

    def test_any_write_clears_the_error_status(self) -> None:
        errors = register(block(LAPIC), "ESR")
        assert {field.write_action for field in errors.fields} == {"clear"}
        assert errors.refuse_write == ""

    def test_a_vector_is_one_bit_of_each_set(self) -> None:
        members = block(LAPIC).members
        (view,) = [member for member in members if isinstance(member, ViewLayout)]
        assert (view.name, view.length) == ("vector", 256)
        at = {member.name: [target for (target,) in member.targets] for member in view.members}
        assert list(at) == ["in_service", "trigger_level", "requested"]
        for member, name in zip(at, ("ISR", "TMR", "IRR"), strict=True):
            for vector, element, bit in ((0, 0, 0), (31, 0, 31), (32, 1, 0), (0xEC, 7, 12)):
                assert at[member][vector] == (f"{name}{element}", "", bit) or at[member][
                    vector
                ] == (f"{name}[{element}]", "", bit)
