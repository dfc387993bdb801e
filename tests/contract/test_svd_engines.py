"""Our own reading of SVD files beside that of the ``cmsis-svd`` package.

Every difference has a cause (``tools.compare_svd.CAUSES``), and each file so many of each: one more
or less is a change in one of the two readings and has to be looked at. The files of ``shared`` are
real ones; those of ``tests/data/good`` hold one thing each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cmsis_svd.parser import SVDParser

import regmap
from regmap.errors import MapError, Severity
from regmap.loaders import Loaded, read
from regmap.model.chip import Chip
from tools.compare_svd import CAUSES, Difference, compare, flat_rows, main

REAL = Path(__file__).parents[3] / "shared" / "svd"
GOOD = Path(__file__).parents[1] / "data" / "good"
FEATURES = GOOD / "svd"

# How many differences of which cause; files that are not here have none.
DIFFERENCES: dict[str, dict[str, int]] = {
    "ATSAML11D14A": {"nested-cluster": 2},
    "MKE04Z4": {"dont-care": 1},
    "bcm2711_lpa": {"derived-enum": 58, "register-actions": 1662},
    "d1_unofficial": {"range": 10, "register-actions": 13},
    "e310x": {"range": 1},
    "k210": {"cluster-properties": 102, "derived-enum": 96, "range": 23},
    "mspm0g350x": {"blanks": 1, "nested-cluster": 36},
    "nrf52": {"register-actions": 358},
    "affixes": {"append-behind-index": 6},
    "bad_access": {"access-word": 3},
    "blanks": {"blanks": 3},
    "clusters": {"nested-cluster": 9},
    "constraints": {"range": 2},
    "derived_arrays": {"derivation": 19},
    "derived_clusters": {"cluster-properties": 4, "derivation": 4, "nested-cluster": 3},
    "derived_enums": {"derived-enum": 6},
    "derived_peripherals": {"derivation": 4},
    "derived_registers": {"bracketed-index": 1, "derivation": 19},
    "derived_wrong": {"derivation": 1},
    "enums": {"dont-care": 1, "number": 3},
    "inheritance": {"cluster-properties": 10, "nested-cluster": 2},
    "no_placeholder": {"no-placeholder": 3},
    "number_forms": {"number": 4},
    "read_actions": {"register-actions": 1},
    "turned_bits": {"turned-bits": 1},
    "write_actions": {"register-actions": 1},
}
# What the package gives up, and why.
REFUSED = {
    "small": "IndexError",  # a field derived by a path of three names
    "bad_arrays": "TypeError",  # no dimIncrement
    "bad_bits": "AttributeError",  # a bitRange without brackets
    "bad_words": "ValueError",  # an unknown word other than an access
    "derived_fields": "IndexError",  # as in small
    "dim_registers": "ValueError",  # a dimIndex of one text
}


def real_files() -> Iterator[Any]:
    files = sorted(REAL.glob("*.svd"))
    for path in files:
        yield pytest.param(path, id=path.stem)
    if not files:
        reason = "vendors' files are not part of the source tree; none lie beside the checkout"
        yield pytest.param(None, id="real", marks=pytest.mark.skip(reason=reason))


OUR_FILES = [
    pytest.param(path, id=path.stem)
    for path in [*sorted(GOOD.glob("*.svd")), *sorted(FEATURES.glob("*.svd"))]
]


def theirs(path: Path) -> Loaded:
    return read(path, engine="cmsis-svd")


def chip_of(loaded: Loaded) -> Chip:
    assert isinstance(loaded.model, Chip), loaded.problems
    return loaded.model


@pytest.mark.parametrize("path", [*real_files(), *OUR_FILES])
def test_each_difference_has_its_cause(path: Path) -> None:
    other = theirs(path)
    if path.stem in REFUSED:
        assert other.model is None
        (error,) = other.errors
        assert f"cmsis-svd cannot read it: {REFUSED[path.stem]}" in error.text
        return
    found = compare(chip_of(read(path)), chip_of(other), path.read_text("utf-8"))
    counts = Counter(each.cause for each in found)
    assert not counts[""], [each for each in found if not each.cause][:5]
    assert dict(counts) == DIFFERENCES.get(path.stem, {})


def test_no_cause_is_there_for_nothing() -> None:
    """Each is seen in one of our own files, whatever lies beside the checkout."""
    ours = {path.stem for path in [*GOOD.glob("*.svd"), *FEATURES.glob("*.svd")]}
    assert {cause for name in DIFFERENCES if name in ours for cause in DIFFERENCES[name]} == set(
        CAUSES
    )


def test_a_new_difference_has_no_cause() -> None:
    ours, other = (chip_of(load(FEATURES / "bits.svd")) for load in (read, theirs))
    assert compare(ours, other) == []
    moved = Chip(
        name=ours.name,
        instances=tuple(
            type(each)(name=each.name, block=each.block, base=each.base + 4)
            for each in ours.instances
        ),
    )
    (found,) = compare(moved, other)
    assert found == Difference("P.R", "", "address", 0x40000004, 0x40000000, 0, derived=False)
    assert found.cause == ""
    gone = Chip(name=ours.name, instances=())
    assert [(each.ours, each.theirs) for each in compare(gone, other)] == [(None, "P.R")]
    assert [(each.ours, each.theirs) for each in compare(other, gone)] == [("P.R", None)]


def test_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FEATURES / "clusters.svd"), str(FEATURES / "bits.svd")]) == 0
    said = capsys.readouterr().out
    assert "clusters.svd: 13 registers, 9 differences" in said
    assert "9 nested-cluster: of nested clusters only the innermost one's name" in said
    assert "bits.svd: 1 registers, 0 differences" in said
    assert main([str(FEATURES / "bad_bits.svd")]) == 1


# The package's reading as a model.


def test_a_parsed_device_is_the_same_model() -> None:
    for name in ("clusters", "enums", "dim_peripherals", "extras"):
        path = FEATURES / f"{name}.svd"
        device = SVDParser.for_xml_file(path).get_device()
        chip = regmap.load(device)
        assert chip == regmap.load(path, engine="cmsis-svd")
        assert read(device).problems == tuple(
            type(each)(**{**fields_of(each), "place": None}) for each in theirs(path).problems
        )


def fields_of(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def test_a_parsed_device_opens() -> None:
    device = SVDParser.for_xml_file(FEATURES / "dim_fields.svd")
    with regmap.open(device.get_device(), backend="sim:") as chip:
        chip.GPIO.DIR.P2 = 3
        assert chip.GPIO.DIR.raw == 0b11_0000
        assert chip.GPIO.BANK1.read().raw == 0


def test_what_the_package_keeps_comes_along() -> None:
    chip = chip_of(theirs(FEATURES / "extras.svd"))
    assert chip.source == "Nobody Ltd EXTRAS 1.0"
    extra = dict(chip.extra)
    assert extra["series"] == "Small"
    assert dict(extra["cpu"])["mpuPresent"] == "true"
    (uart,) = chip.instances
    assert [(each.name, each.number) for each in uart.interrupts] == [
        ("UART_RX", 5),
        ("UART_TX", 6),
    ]
    assert uart.size == 0x1000
    blocks = [dict(text) for name, text in uart.extra if name == "addressBlock"]
    assert [each["usage"] for each in blocks] == ["registers", "buffer"]
    assert dict(uart.block.items[0].extra)["dataType"] == "uint8_t *"


def test_arrays_stay_arrays_and_equal_blocks_are_one() -> None:
    (tim, port) = chip_of(theirs(FEATURES / "dim_peripherals.svd")).instances
    assert tim.array is not None
    assert (tim.name, tim.array.counts, tim.array.strides) == ("TIM", (3,), (0x1000,))
    assert port.array is not None
    assert port.array.labels == ("PORTA", "PORTB")
    chip = chip_of(theirs(FEATURES / "affixes.svd"))
    blocks = {each.name: each.block for each in chip.instances}
    assert blocks["ADC2"] is blocks["ADC"]
    assert blocks["ADC3"] is not blocks["ADC"]


def test_an_array_with_an_element_changed_by_hand_is_written_out() -> None:
    device = SVDParser.for_xml_file(FEATURES / "dim_names.svd").get_device()
    cluster = device.peripherals[0].registers[0]
    cluster.clusters[1].registers[0].size = 16
    loaded = read(device)
    rows = flat_rows(chip_of(loaded))
    widths = {key: row.facts["", "width"] for key, row in rows.items()}
    assert widths == {"CAN.BOX[0].ID": 32, "CAN.BOX[1].ID": 16}
    assert ["written out" in each.text for each in loaded.problems] == [True]
    assert loaded.problems[0].place is None


def test_numbers_that_no_register_holds() -> None:
    device = SVDParser.for_xml_file(FEATURES / "too_wide.svd").get_device()
    register = device.peripherals[0].registers[0]
    register.fields[0].bit_width = 10**12
    (row,) = flat_rows(chip_of(read(device))).values()
    assert (row.facts["", "reset"], row.facts["", "mask"]) == (0xFF, 0xFF)
    assert row.facts["", "fields"] == ()
    register.size = -8
    (row,) = flat_rows(chip_of(read(device))).values()
    assert row.facts["", "width"] == 32
    register.address_offset = None
    assert flat_rows(chip_of(read(device))) == {}
    device.peripherals = [None]
    (error,) = read(device).errors
    assert "cmsis-svd made what is no device: AttributeError" in error.text


def test_names_that_are_there_twice() -> None:
    keys = set(flat_rows(chip_of(theirs(FEATURES / "duplicates.svd"))))
    assert {"P.R", "P.R_2", "P.R_3", "P.Q1", "P.Q1_2", "P_2.OTHER"} <= keys


def test_what_cannot_be_mapped_is_told_once() -> None:
    (problem,) = theirs(FEATURES / "constraints.svd").problems
    assert "keeps no numbers of a <writeConstraint>" in problem.text
    assert (problem.severity, problem.count) == (Severity.WARNING, 2)


def test_what_it_prints_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    problems = theirs(FEATURES / "bad_access.svd").problems
    assert [each.text for each in problems][:2] == [
        'cmsis-svd says: [WARNING] Invalid access type "read/clear"',
        'cmsis-svd says: [WARNING] Invalid access type "read-opnly"',
    ]
    assert capfd.readouterr() == ("", "")


def test_wrong_sources_and_engines() -> None:
    with pytest.raises(ValueError, match="no engine 'svdconv'; there is regmap and cmsis-svd"):
        read(FEATURES / "bits.svd", engine="svdconv")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="wanted, not int"):
        read(5)  # type: ignore[arg-type]
    with pytest.raises(MapError, match="cannot be read"):
        regmap.load("nowhere.svd", engine="cmsis-svd")


# What must not reach the package.


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is not asked."""

    def asked(*_arguments: object) -> None:
        pytest.fail("the package was given the document")

    monkeypatch.setattr("cmsis_svd.parser.SVDParser.__init__", asked)


def device(registers: str, more: str = "") -> str:
    return (
        "<device><name>D</name><peripherals><peripheral><name>P</name>"
        f"<baseAddress>0</baseAddress><registers>{registers}</registers></peripheral>{more}"
        "</peripherals></device>"
    )


def array(dim: str, inside: str = "", *, tag: str = "register", index: str = "") -> str:
    return (
        f"<{tag}><dim>{dim}</dim><dimIncrement>4</dimIncrement>{index}<name>R%s</name>"
        f"<addressOffset>0</addressOffset>{inside}</{tag}>"
    )


def doubled(times: int) -> str:
    """Clusters of which each holds the one before twice."""
    made = ["<cluster><name>C0</name><addressOffset>0</addressOffset>" + array("1") + "</cluster>"]
    for number in range(1, times):
        inner = "".join(
            f'<cluster derivedFrom="P.C{number - 1}"><name>{name}</name><description>x'
            "</description><addressOffset>0</addressOffset></cluster>"
            for name in "AB"
        )
        head = f"<name>C{number}</name><addressOffset>0</addressOffset>"
        made.append(f"<cluster>{head}{inner}</cluster>")
    return "".join(made)


HOSTILE: dict[str, Callable[[], str]] = {
    "doctype": lambda: '<!DOCTYPE device [<!ENTITY a "b">]>' + device(""),
    "dim": lambda: device(array("100000000")),
    "dim squared": lambda: device(array("0x8000")),
    "dim in underscores": lambda: device(array("1_000_000")),
    "dim in binary": lambda: device(array("#" + "1" * 30)),
    "a long dim": lambda: device(array("9" * 5000)),
    "nested": lambda: device(array("64", array("64", array("256"), tag="cluster"), tag="cluster")),
    "a long index": lambda: device(array("2", index="<dimIndex>0-999999999</dimIndex>")),
    "a long list": lambda: device(
        array("3000", index=f"<dimIndex>{','.join('ab' * 50_000)}</dimIndex>")
    ),
    "doubling": lambda: device(doubled(40)),
    "a format": lambda: device(array("2").replace("R%s", "%999999999c%s")),
    "a long name": lambda: device(array("2").replace("R%s", "R" * 100_000 + "%s")),
    "a long entry": lambda: device(array("2", index=f"<dimIndex>{'a' * 9999},b</dimIndex>")),
    "much derived": lambda: device(
        "".join(
            f'<register derivedFrom="P.R0"><name>R{number}</name></register>'
            for number in range(7_000)
        )
    ),
    "derived arrays": lambda: device(
        array("900")
        + "".join(
            f'<register derivedFrom="R%s"><name>Q{number}_%s</name></register>'
            for number in range(400)
        )
    ),
    "no SVD": lambda: "<html/>",
    "no XML": lambda: "<device",
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_do_not_reach_the_package(name: str) -> None:
    loaded = read("hostile.svd", text=HOSTILE[name](), engine="cmsis-svd")
    (error,) = loaded.errors
    assert loaded.model is None
    assert error.place is not None
    assert error.place.file == "hostile.svd"


def test_the_watch_above_sees_the_package() -> None:
    """An ordinary document does reach it: what is refused above is refused for its contents."""
    loaded = read("plain.svd", text=device(array("100")), engine="cmsis-svd")
    assert len(flat_rows(chip_of(loaded))) == 100


OPENED = "<cluster><name>C</name><addressOffset>0</addressOffset>"


@pytest.mark.parametrize("name", ["deep", "%s twice", "quote"])
def test_what_it_raises_is_a_map_error(name: str) -> None:
    text = {
        "deep": device(array("1", OPENED * 230 + "</cluster>" * 230, tag="cluster")),
        "%s twice": device(array("2").replace("R%s", "R%s_%s")),
        "quote": device("<register derivedFrom='A\"]'><name>R</name></register>"),
    }[name]
    loaded = read("odd.svd", text=text, engine="cmsis-svd")
    (error,) = loaded.errors
    assert "cmsis-svd cannot read it" in error.text
    assert loaded.model is None
