"""Blocks of an SVD file that are made when somebody asks for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from regmap.errors import MapError
from tests.unit.svd_support import block, chip_of, device, peripheral, tag

BAD = tag("register", name="R", addressOffset=0, access="odd")
HUGE = tag("register", name="R%s", addressOffset=0, dim=2_000_000, dimIncrement=4)
OTHER = tag("register", name="R", addressOffset=4)


def test_only_what_concerns_the_document_is_told() -> None:
    text = peripheral(BAD) + peripheral(OTHER, name="Q", baseAddress="x")
    loaded = device(text, whole=False)
    assert [each.rule for each in loaded.problems] == ["RM004", "RM004"]
    assert not any("odd" in each.text for each in loaded.problems)
    assert len(device(text).problems) == 3


def test_blocks_are_the_same_as_those_made_at_once() -> None:
    text = peripheral(OTHER) + peripheral(name="Q", derivedFrom="P") + peripheral(BAD, name="S")
    late, whole = device(text, whole=False), device(text)
    assert chip_of(late) == chip_of(whole)
    assert block(late, "Q") is block(late)


def test_what_is_refused_is_told_where_it_is_asked_for() -> None:
    loaded = device(peripheral(OTHER) + "\n" + peripheral(HUGE, name="Q"), whole=False)
    assert not loaded.problems
    assert block(loaded).items
    for _ in range(2):
        with pytest.raises(MapError) as caught:
            _ = block(loaded, "Q").items
        (problem,) = caught.value.problems
        assert problem.place is not None
        assert (problem.rule, problem.place.line) == ("RM004", 2)
    assert device(peripheral(HUGE)).model is None


def test_all_registers_of_a_device_together_are_bounded() -> None:
    most = tag("register", name="R%s", addressOffset=0, dim=600_000, dimIncrement=4)
    loaded = device(peripheral(most) + peripheral(most, name="Q"))
    assert loaded.model is None
    (problem,) = loaded.problems
    assert "1,000,000 registers" in problem.text


def test_several_threads() -> None:
    text = "".join(
        peripheral("".join(tag("register", name=f"R{n}", addressOffset=n) for n in range(50)),
                   name=f"P{p}", baseAddress=p)
        for p in range(40)
    )  # fmt: skip
    loaded = device(text, whole=False)
    blocks = [each.block for each in chip_of(loaded).instances]
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda each: len(each.items), blocks * 2))
    assert counts == [50] * 80
