"""Writes that are read back, because the hardware may drop them: what counts as dropped."""

from __future__ import annotations

import pytest

from regmap.errors import VerifyError
from tests.support import Recorder, device_of
from tests.unit.test_live_register import CHIP


class Dropping(Recorder):
    """Ignores the bits of ``drops`` in every write."""

    drops = 0

    def write(self, address: int, width: int, value: int) -> None:
        old = self.memory.get(address, 0)
        super().write(address, width, value & ~self.drops | old & self.drops)


def test_a_write_that_did_not_take_is_an_error() -> None:
    bus = Dropping()
    dev = device_of(CHIP, bus).DEV
    bus.drops = 1
    with pytest.raises(VerifyError, match="wrote 0x3 but read back 0x2; the write was dropped"):
        dev.CHECKED.A = 3
    with pytest.raises(VerifyError):
        dev.CHECKED = 1
    with pytest.raises(VerifyError):
        dev.CHECKED.write(A=1)
    # Volatile bits, acting ones, read-only ones and those that nobody declared may differ.
    bus.drops = 0xFFFF_FFF0
    dev.CHECKED = 0xFFFF_FFF5
    dev.CHECKED.modify(NOW=3)
    dev.CHECKED.reset()


def test_the_hint_of_the_instance_is_with_the_error() -> None:
    bus = Dropping()
    dev = device_of(CHIP, bus).DEV
    bus.drops = 1
    dev.CHECKED.context.hint = "try as root"
    with pytest.raises(VerifyError, match="the write was dropped; try as root"):
        dev.CHECKED.A = 1
