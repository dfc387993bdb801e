"""Random operations on every shipped map, and on chips that nobody made, keep the laws.

Each operation is carried out on the simulator and held against ``oracle``: the exact bus accesses
with their values (law 1), every storage before and after (law 4), refusals that touch nothing
(laws 3, 4 and 5), and what the user sees.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regmap import loaders
from regmap.layout import lay_out
from regmap.layout.device import DeviceLayout
from regmap.live.build import build
from tests.contract.witness import Witness, spots_of
from tests.operations import Operation, operations
from tests.strategies import chips
from tests.unit.map_reading import BOARDS, CHIPS, TINKER

MAPS = sorted([*CHIPS.glob("*.yaml"), *BOARDS.glob("*.yaml"), *TINKER.glob("*.yaml")])
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@cache
def _made(path: Any) -> tuple[DeviceLayout, Any]:
    layout = lay_out(loaders.load(path))
    return layout, build(layout)


def _started(layout: DeviceLayout, device_class: Any, instance: str) -> Witness:
    """A device whose instance has its clock."""
    witness = Witness(layout, device_class)
    clock = layout.instances[instance].clock
    if clock is not None:
        getattr(witness.device, instance).clock.enable()
    return witness


def _random(data: st.DataObject, witness: Witness, instance: str, most: int) -> None:
    """Random contents, then random operations, in one instance."""
    spots = [
        (path, spot.layout)
        for path, spot in witness.spots.items()
        if path.startswith(f"{instance}.")
    ]
    for path, _ in data.draw(st.lists(st.sampled_from(spots), max_size=8)):
        witness.poke(path, data.draw(st.integers(0, (1 << 64) - 1)))
    for operation in data.draw(operations(spots, witness.layout, most=most)):
        witness.check(operation)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
@settings(max_examples=30, deadline=None, suppress_health_check=_SLOW)
@given(data=st.data())
def test_random_operations_on_a_shipped_map_keep_the_laws(path: Any, data: st.DataObject) -> None:
    layout, device_class = _made(path)
    instance = data.draw(st.sampled_from(sorted(layout.instances)))
    witness = _started(layout, device_class, instance)
    _random(data, witness, instance, 20)


@settings(max_examples=200, deadline=None, suppress_health_check=_SLOW)
@given(chip=chips(), data=st.data())
def test_random_operations_on_a_random_chip_keep_the_laws(chip: Any, data: st.DataObject) -> None:
    witness = Witness(lay_out(chip))
    _random(data, witness, "DEV", 12)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_every_register_of_a_shipped_map_is_read_once(path: Any) -> None:
    """Law 1 for the whole map: what can be read without side effects, one after the other."""
    layout, device_class = _made(path)
    for instance in layout.instances:
        witness = _started(layout, device_class, instance)
        names = {p: s for p, s in spots_of(layout).items() if p.startswith(f"{instance}.")}
        assert names
        for name in names:
            witness.check(Operation("read", name))
            witness.check(Operation("raw", name))
