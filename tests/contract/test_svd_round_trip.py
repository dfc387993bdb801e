"""What is written as SVD and read again is the model, whatever SVD can say of it; and what other
readers find there is every register where it is.

The vendor files are not part of the repository; they lie beside it where these tests run in full.
"""

from __future__ import annotations

import importlib.resources
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cmsis_svd.parser import SVDParser
from hypothesis import HealthCheck, given, settings
from lxml import etree

from regmap import loaders
from regmap.loaders import find
from regmap.model.block import Block
from regmap.model.chip import Board, Chip
from regmap.model.walk import elements, fields_of, walk
from regmap.writers.mapping import of_model
from regmap.writers.svd import as_svd
from regmap.writers.yaml import as_yaml
from tests import strategies
from tests.model_strategies import boards, full_chips
from tests.support import without_places
from tests.svd_structure import faults

ROOT = Path(__file__).parents[2]
SHIPPED = [*find.shipped_names("boards"), *find.shipped_names("chips")]
SMALL = sorted((ROOT / "tests" / "data" / "good").rglob("*.svd"))
OWN = sorted((ROOT / "tests" / "data" / "good").glob("*.yaml"))
VENDORS = (
    "ATSAML11D14A", "CMSDK_CM3", "MKE04Z4", "STM32G031", "bcm2711_lpa", "d1_unofficial", "e310x",
    "esp32c3", "k210", "mspm0g350x", "nrf52", "rp2040",
)  # fmt: skip
LAW = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def vendor(name: str) -> Path:
    path = ROOT.parent / "shared" / "svd" / f"{name}.svd"
    if not path.exists():
        pytest.skip(f"{path.name} is a vendor's and not part of the repository")
    return path


def read(text: str) -> Any:
    """The model of an SVD text; nothing in it may be an error."""
    loaded = loaders.read("written.svd", text=text)
    assert not loaded.errors
    return loaded.model


@cache
def schema() -> Any:
    """Arm's schema as the package cmsis-svd brings it, the last version that it has."""
    file = importlib.resources.files("cmsis_svd") / "schemas" / "CMSIS-SVD_1_3_11.xsd"
    return etree.XMLSchema(etree.fromstring(file.read_bytes()))


def assert_valid(text: str) -> None:
    root = etree.fromstring(text.encode())
    assert faults(root) == []
    schema().validate(root)
    # The one addition of 1.3.12.
    wrong = [each.message for each in schema().error_log if "pmu" not in each.message]
    assert wrong == []


def assert_comes_back(model: Block | Chip) -> None:
    text = as_svd(model, read)
    assert_valid(text)
    again = read(text)
    assert type(again) is type(model)
    assert without_places(again) == without_places(model)
    assert as_svd(again, read) == text, "the second time it is another text"


# ---- the model comes back ----------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_map_comes_back(name: str) -> None:
    """YAML -> SVD -> YAML."""
    model = loaders.load(name)
    assert_comes_back(model)
    assert as_yaml(of_model(read(as_svd(model, read)))) == as_yaml(of_model(model))


@pytest.mark.parametrize("path", [*OWN, *SMALL], ids=lambda path: path.name)
def test_every_file_of_the_tests_comes_back(path: Path) -> None:
    model = loaders.read(path).model
    if isinstance(model, Chip) and not model.instances:
        pytest.skip("SVD has no device without a peripheral")
    assert model is not None
    assert_comes_back(model)


@pytest.mark.parametrize("name", VENDORS)
def test_every_vendor_file_comes_back(name: str) -> None:
    """SVD -> SVD, and SVD -> YAML -> SVD."""
    model = loaders.load(vendor(name))
    assert_comes_back(model)
    in_yaml = loaders.read("it.yaml", text=as_yaml(of_model(model)))
    assert in_yaml.model is not None
    again = read(as_svd(in_yaml.model, read))
    assert without_places(again) == without_places(model)
    assert as_svd(in_yaml.model, read) == as_svd(model, read)


def as_loaded(model: Any) -> Any:
    """The model as its own YAML file gives it: with what two models say alike said in one way."""
    loaded = loaders.read(f"{model.name}.yaml", text=as_yaml(of_model(model)))
    assert loaded.model is not None
    return loaded.model


@LAW
@given(strategies.chips())
def test_a_random_chip_comes_back(chip: Chip) -> None:
    assert_comes_back(as_loaded(chip))


@LAW
@given(full_chips())
def test_a_random_chip_with_odd_texts_comes_back(chip: Chip) -> None:
    assert_comes_back(as_loaded(chip))
    block = replace(chip.instances[0].block, name="own")
    assert_comes_back(as_loaded(block))


@LAW
@given(boards())
def test_a_random_board_comes_back(board: Board) -> None:
    assert_comes_back(as_loaded(board))


# ---- what others read --------------------------------------------------------------------------


def registers_of(model: Any) -> list[tuple[int, int, str, tuple[Any, ...]]]:
    """Every register: address, width, access, and the bits of its fields with access and
    actions."""
    found = []
    for instance in model.instances:
        for _, _, step in elements(instance.array):
            for at in walk(instance.block.items):
                register = at.register
                parts = sorted(
                    (bits.lsb, bits.width, field.field.access, field.field.write_action,
                     field.field.read_action or "")
                    for field in fields_of(register, at.number, at.indexes)
                    for bits in field.bits
                )  # fmt: skip
                address = instance.base + step + at.offset
                found.append((address, register.width, str(register.access), tuple(parts)))
    return sorted(found)


@pytest.mark.parametrize("name", find.shipped_names("boards"))
def test_the_plain_svd_of_a_board_has_every_register(name: str) -> None:
    model = loaders.load(name)
    assert registers_of(read(as_svd(model))) == registers_of(model)


@LAW
@given(strategies.chips())
def test_the_plain_svd_of_a_random_chip_has_every_register(chip: Chip) -> None:
    text = as_svd(chip)
    assert "vendorExtensions" not in text
    assert_valid(text)
    assert registers_of(read(text)) == registers_of(chip)


def has_nested_clusters(root: Any) -> bool:
    return root.find(".//cluster/cluster") is not None


def assert_read_by_cmsis_svd(model: Any) -> None:
    """The package finds the same addresses and widths. It loses the outer offset of nested
    clusters, so of a device with such it is not asked."""
    root = etree.fromstring(as_svd(model, read).encode(), etree.XMLParser(remove_blank_text=True))
    if has_nested_clusters(root):
        pytest.skip("cmsis-svd puts the registers of nested clusters elsewhere")
    device: Any = SVDParser(root.getroottree()).get_device()
    theirs: list[Any] = sorted(
        (peripheral.base_address + register.address_offset, register.size)
        for peripheral in device.get_peripherals()
        for register in peripheral.get_registers()
    )
    assert theirs == [(address, width) for address, width, *_ in registers_of(model)]


@pytest.mark.parametrize("name", find.shipped_names("boards"))
def test_cmsis_svd_reads_the_boards(name: str) -> None:
    assert_read_by_cmsis_svd(loaders.load(name))


@pytest.mark.parametrize("name", VENDORS)
def test_cmsis_svd_reads_the_vendor_files(name: str) -> None:
    assert_read_by_cmsis_svd(loaders.load(vendor(name)))
