"""A generated module is the description it was made of: the same layout, the same classes, and for
the same operations the same bus accesses, values and errors (law 6).

On every shipped map, and on chips that nobody made; on the simulator, on a file, and on an object
that has no more than ``read``, ``write`` and ``close``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regmap import loaders
from regmap.api import open_uri
from regmap.backends.trace import TraceBackend
from regmap.layout import lay_out
from regmap.layout.device import DeviceLayout
from regmap.live.build import build
from regmap.live.device import Device
from regmap.sim import Simulator
from tests.contract.witness import spots_of
from tests.generating import emitted, generated, imported, layout_facts, tree
from tests.operations import Operation, operations, perform
from tests.strategies import chips
from tests.support import Recorder
from tests.unit.map_reading import BOARDS, CHIPS, TINKER

GOOD = Path(__file__).parent.parent / "data" / "good"
MAPS = sorted(
    [*CHIPS.glob("*.yaml"), *BOARDS.glob("*.yaml"), *TINKER.glob("*.yaml"),
     *GOOD.glob("*.yaml"), *GOOD.glob("*.svd")]
)  # fmt: skip
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

every_map = pytest.mark.parametrize("path", MAPS, ids=lambda path: path.name)


@cache
def _layout(path: Path) -> DeviceLayout:
    return lay_out(loaders.load(path))


@cache
def _module(path: Path) -> Any:
    return generated(_layout(path))


# The same data, and the same classes.


@every_map
def test_the_layout_of_a_shipped_map_comes_back(path: Path) -> None:
    assert layout_facts(_module(path).LAYOUT) == layout_facts(_layout(path))


@every_map
def test_the_classes_of_a_shipped_map_are_the_same(path: Path) -> None:
    dynamic, static = tree(build(_layout(path))), tree(build(_module(path).LAYOUT))
    assert static == dynamic
    # Nothing was compared by where it lies in memory.
    assert " at 0x7" not in repr(dynamic)


@every_map
def test_a_package_says_what_a_module_says(path: Path, tmp_path: Path) -> None:
    for name, text in emitted(_layout(path), split=True).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    with imported(tmp_path, "chip") as module:
        assert layout_facts(module.LAYOUT) == layout_facts(_layout(path))


@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
@given(chip=chips())
def test_a_random_chip_comes_back(chip: Any) -> None:
    layout = lay_out(chip)
    module = generated(layout)
    assert layout_facts(module.LAYOUT) == layout_facts(layout)
    assert tree(build(module.LAYOUT)) == tree(build(layout))


# The same operations.


class Bare:
    """No more than a backend must have; no attributes of its own."""

    __slots__ = ("_inner", "accesses")

    def __init__(self) -> None:
        self._inner = Recorder()
        self.accesses = self._inner.accesses

    def read(self, address: int, width: int) -> int:
        return self._inner.read(address, width)

    def write(self, address: int, width: int, value: int) -> None:
        self._inner.write(address, width, value)

    def close(self) -> None:
        self._inner.close()


Carrier = Callable[[DeviceLayout], Any]


@contextmanager
def _file(layout: DeviceLayout) -> Iterator[str]:
    """The URI of a file that is long enough for a device."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(layout.extent - layout.origin)
        yield f"file:{file.name}@{layout.origin:#x}"


def _outcomes(device: Device, wanted: Sequence[Operation]) -> list[str]:
    """What a user sees of each operation: the value with its type, or the error with its text."""
    seen: list[str] = []
    for operation in wanted:
        try:
            value = perform(device, operation)
        except Exception as error:  # noqa: BLE001  (whatever it is, it must be the same)
            seen.append(f"{type(error).__name__}: {error}")
        else:
            seen.append(f"{type(value).__name__} {value!r} {value}")
    return seen


def _same(
    dynamic: DeviceLayout, static: DeviceLayout, carrier: Carrier, wanted: Sequence[Operation]
) -> None:
    traces = []
    for layout in (dynamic, static):
        trace = TraceBackend(carrier(layout))
        seen = _outcomes(build(layout)(trace), wanted)
        traces.append((seen, trace.accesses))
        trace.close()
    assert traces[0] == traces[1]


def _wanted(data: st.DataObject, layout: DeviceLayout) -> tuple[str, list[Operation]]:
    """An instance, and a random list of operations on it."""
    instance = data.draw(st.sampled_from(sorted(layout.instances)))
    spots = [
        (path, spot.layout)
        for path, spot in spots_of(layout).items()
        if path.startswith(f"{instance}.")
    ]
    return instance, data.draw(operations(spots, layout, most=15))


def _contents(uri: str, layout: DeviceLayout, name: str) -> bytes:
    """What a file holds of an instance."""
    instance = layout.instances[name]
    with Path(uri[5:].rpartition("@")[0]).open("rb") as file:
        file.seek(instance.base - layout.origin)
        return file.read(instance.size)


def _on_everything(
    dynamic: DeviceLayout, static: DeviceLayout, name: str, wanted: list[Operation]
) -> None:
    _same(dynamic, static, Simulator, wanted)
    _same(dynamic, static, lambda _: Bare(), wanted)
    with _file(dynamic) as one, _file(dynamic) as other:
        uris = iter((one, other))
        _same(dynamic, static, lambda layout: open_uri(next(uris), layout), wanted)
    # Mapped without a trace: the fast path of the core.
    mapped = []
    for layout in (dynamic, static):
        with _file(layout) as uri:
            device = build(layout)(open_uri(uri, layout))
            seen = _outcomes(device, wanted)
            device.close()
            mapped.append((seen, _contents(uri, layout, name)))
    assert mapped[0] == mapped[1]


@every_map
@settings(max_examples=10, deadline=None, suppress_health_check=_SLOW)
@given(data=st.data())
def test_the_same_operations_on_a_shipped_map_are_the_same(path: Path, data: st.DataObject) -> None:
    layout = _layout(path)
    _on_everything(layout, _module(path).LAYOUT, *_wanted(data, layout))


@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
@given(chip=chips(), data=st.data())
def test_the_same_operations_on_a_random_chip_are_the_same(chip: Any, data: st.DataObject) -> None:
    layout = lay_out(chip)
    _on_everything(layout, generated(layout).LAYOUT, *_wanted(data, layout))


def test_a_module_opens_what_the_library_opens() -> None:
    """``chip.open`` is ``regmap.open``: by URI, by object, and refused in the same words."""
    import regmap

    module = _module(BOARDS / "rpi1-rev2.yaml")
    with module.open("sim:") as ours, regmap.open("rpi1-rev2", "sim:") as theirs:
        assert type(ours).__name__ == type(theirs).__name__
        assert ours.GPIO.GPFSEL1.read() == theirs.GPIO.GPFSEL1.read()
    assert type(module.open(Bare())) is type(module.open(Bare()))
    refusals = []
    for opened in (module.open, lambda: regmap.open("rpi1-rev2")):
        with pytest.raises(regmap.BackendUnavailable) as refused:
            opened()
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]
