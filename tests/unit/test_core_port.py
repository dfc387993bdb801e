"""Register on ports that are no mapping: what they return, how they fail; and a register's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regmap import _core
from regmap.errors import BackendError, BadAddress, ValueDoesNotFit
from tests.unit.core_objects import BASE, PAGE, Port, register, register_class

FIELD = {"F": _core.Field(0, 4)}


@pytest.fixture
def mapping() -> Iterator[_core.Map]:
    with _core.Map(-1, PAGE, address=BASE) as made:
        yield made


# ---- ports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [1 << 32, -1])
def test_a_port_that_returns_nonsense(answer: int) -> None:
    class Wrong(Port):
        def read(self, address: int, width: int) -> int:
            return answer

        def update(self, *where: int, **words: int) -> int:
            return answer

    reg = register(Wrong(), FIELD, keep=0xF0)
    for operation in (lambda: reg.F, lambda: reg.raw, lambda: setattr(reg, "F", 1)):
        with pytest.raises(BackendError, match=rf"BLOCK\.REG: the backend returned {answer}"):
            operation()


def test_errors_of_a_port_come_through() -> None:
    class Failing:
        def read(self, address: int, width: int) -> int:
            raise ZeroDivisionError

        write = update = read

    class Odd:
        def read(self, address: int, width: int) -> str:
            return "7"

        @property
        def update(self) -> int:
            raise ZeroDivisionError

    operations: tuple[Callable[[Any], object], ...] = (
        lambda reg: reg.F,
        lambda reg: setattr(reg, "F", 1),
        lambda reg: reg.store(1),
    )
    for operation in operations:
        with pytest.raises((ZeroDivisionError, TypeError)):
            operation(register(Failing(), FIELD, keep=0xF0))
        with pytest.raises(AttributeError, match="has no attribute"):
            operation(register(object(), FIELD, keep=0xF0))
    odd = register(Odd(), FIELD, keep=0xF0)
    with pytest.raises(BackendError, match="no number"):
        odd.F
    with pytest.raises(ZeroDivisionError):
        odd.F = 1


# ---- life ----------------------------------------------------------------------------------------


def test_without_a_spec_there_is_no_register() -> None:
    with pytest.raises(TypeError, match="has no SPEC"):
        _core.Register(Port(), 0, "R", None)
    with pytest.raises(TypeError, match="has no SPEC"):
        type("Wrong", (_core.Register,), {"SPEC": 5})(Port(), 0, "R", None)


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, "R"), (1, "2", "R", None), (1, 2, 3, None)])
def test_wrong_arguments(arguments: Any) -> None:
    with pytest.raises(TypeError):
        register_class()(*arguments)


def test_a_register_whose_init_never_ran_is_no_crash() -> None:
    made = register_class(FIELD, keep=0xF0)
    reg = made.__new__(made)
    for operation in (lambda: reg.F, lambda: setattr(reg, "F", 1), lambda: reg.store(1)):
        with pytest.raises(RuntimeError, match="__init__ did not run"):
            operation()
    assert (reg.port, reg.name, reg.context) == (None, None, None)
    with pytest.raises(ValueDoesNotFit):
        reg.store(-1)


def test_init_may_run_again(mapping: _core.Map) -> None:
    port = Port()
    reg = register(mapping, FIELD)
    reg.__init__(port, BASE + 4, "OTHER", None)
    reg.F = 1
    assert port.taken() == [("W", BASE + 4, 32, 1)]
    reg.__init__(mapping, BASE, "AGAIN", None)
    reg.F = 2
    assert (port.taken(), mapping.read(BASE, 32), reg.name) == ([], 2, "AGAIN")
    with pytest.raises(BadAddress):
        reg.__init__(mapping, -1, "R", None)
    assert reg.F == 2
