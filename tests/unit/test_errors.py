"""The tree of errors: what each can be caught as, what it says and what it carries."""

from __future__ import annotations

import builtins
import pickle
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regmap import errors
from regmap.errors import (
    AccessError,
    BackendError,
    BusFault,
    MapError,
    NoSuchElement,
    Place,
    Problem,
    RegmapError,
    Severity,
    UnknownName,
    ValueDoesNotFit,
    VerifyError,
    WaitTimeout,
    nearest,
)

# Name: what it can be caught as beside RegmapError.
TREE = {
    "AccessError": (),
    "BackendError": (OSError,),
    "BackendUnavailable": (BackendError, OSError),
    "BadAddress": (BackendError, OSError),
    "BusFault": (BackendError, OSError),
    "ClosedError": (BackendError, OSError),
    "DaemonError": (),
    "Denied": (errors.DaemonError, PermissionError),
    "Disconnected": (errors.DaemonError, ConnectionError),
    "GeneratedOutdated": (),
    "MapError": (),
    "NoSuchElement": (UnknownName, AttributeError, LookupError, IndexError),
    "NotANumber": (AccessError, TypeError),
    "NotReadable": (AccessError, AttributeError),
    "NotWritable": (AccessError, AttributeError),
    "ProtocolError": (errors.DaemonError,),
    "ReadHasSideEffect": (AccessError, AttributeError),
    "UnknownName": (AttributeError, LookupError),
    "ValueDoesNotFit": (ValueError,),
    "VerifyError": (BackendError, OSError),
    "WaitTimeout": (TimeoutError,),
}


@pytest.mark.parametrize(("name", "bases"), TREE.items())
def test_each_error_is_caught_as_what_it_is(name: str, bases: tuple[type, ...]) -> None:
    error = getattr(errors, name)
    assert issubclass(error, RegmapError)
    for base in bases:
        assert issubclass(error, base)
    ours = {base for base in error.__mro__ if base.__module__ == "builtins"}
    allowed: set[type] = {object, Exception, BaseException}
    for base in bases:
        allowed |= {b for b in base.__mro__ if b.__module__ == "builtins"}
    assert ours == allowed, "it is caught as more than the tree says"


def test_the_tree_is_complete() -> None:
    found = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, RegmapError) and value is not RegmapError
    }
    assert found == set(TREE)
    assert found <= set(errors.__all__)
    assert not found & set(dir(builtins))


def test_an_unknown_name_offers_the_nearest() -> None:
    error = UnknownName("GPIO", "GPFSEL9", ["GPFSEL0", "GPFSEL1", "GPLEV0"])
    assert error.owner == "GPIO"
    assert error.unknown == "GPFSEL9"
    assert error.nearest[0].startswith("GPFSEL")
    assert str(error).startswith("GPIO has no 'GPFSEL9'; did you mean GPFSEL")
    assert str(UnknownName("GPIO", "X")) == "GPIO has no 'X'"


def test_nearest_folds_case_and_keeps_the_first_spelling() -> None:
    assert nearest("gplev0", ["GPLEV0", "GPLEV1"])[0] == "GPLEV0"
    assert nearest("ABCD", ["abcd", "ABCD"]) == ("abcd",)
    assert nearest("x", []) == ()
    assert len(nearest("AAAA", [f"AAA{c}" for c in "BCDEFG"])) == 3


def test_a_hostile_name_is_cut_before_it_is_compared() -> None:
    start = time.monotonic()
    nearest("A" * 1_000_000, [f"A{n}" for n in range(1000)])
    assert time.monotonic() - start < 1


def test_an_element_that_is_not_there_says_how_many_there_are() -> None:
    error = NoSuchElement("GPIO.pin", 54, 54)
    assert str(error) == "GPIO.pin has no element 54; it has 54, from 0"


def test_an_access_error_has_path_and_reason() -> None:
    error = AccessError("GPIO.GPSET0", "it is write-only")
    assert (error.path, error.reason) == ("GPIO.GPSET0", "it is write-only")
    assert str(error) == "GPIO.GPSET0: it is write-only"


@given(st.integers(), st.integers(1, 64))
def test_a_value_that_does_not_fit_names_everything(value: int, width: int) -> None:
    """Law 5."""
    error = ValueDoesNotFit("A.B.C", value, width, (1 << width) - 1, "because")
    assert (error.path, error.value, error.width) == ("A.B.C", value, width)
    assert error.largest == (1 << width) - 1
    text = str(error)
    assert text.startswith(f"A.B.C: value {value} ({value:#x}) does not fit in {width} bit")
    assert f"(largest {(1 << width) - 1:#x})" in text
    assert text.endswith(": because")


def test_one_bit_is_singular_and_what_is_no_number_is_quoted() -> None:
    assert "in 1 bit (" in str(ValueDoesNotFit("A", 2, 1, 1))
    assert "value 'x' does" in str(ValueDoesNotFit("A", "x", 1, 1))


def test_what_the_others_carry() -> None:
    fault = BusFault("no answer", address=0x1000, path="A.B")
    assert (fault.address, fault.path, str(fault)) == (0x1000, "A.B", "no answer")
    verify = VerifyError("A.B", 0x27, 0x07, "dropped")
    assert (verify.path, verify.written, verify.read) == ("A.B", 0x27, 0x07)
    assert str(verify) == "A.B: wrote 0x27 but read back 0x7; dropped"
    late = WaitTimeout("A.B", "no X=1", last=3, values=(1, 3))
    assert (late.path, late.last, late.values) == ("A.B", 3, (1, 3))
    assert str(late) == "A.B: no X=1"


def _problem(rule: str, place: Place | None) -> Problem:
    return Problem(
        rule=rule, name="short-name", severity=Severity.ERROR, text="it is wrong", place=place
    )


def test_a_map_error_holds_every_problem() -> None:
    """Law 8: file, line, column, rule."""
    problems = [_problem("RM001", Place("a.yaml", 3, 7)), _problem("RM002", None)]
    error = MapError(iter(problems))
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == [
        "a.yaml:3:7: error RM001 short-name: it is wrong",
        "error RM002 short-name: it is wrong",
    ]
    assert str(MapError([])) == "the description is wrong"


@pytest.mark.parametrize(
    "error", [RegmapError("x"), BackendError("y"), errors.ClosedError("z"), errors.Denied("d")]
)
def test_plain_errors_survive_pickling(error: RegmapError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (made here)
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_the_module_stands_alone() -> None:
    code = (
        "import sys; import regmap.errors; "
        "bad = [m for m in sys.modules if m.startswith('regmap.') and m != 'regmap.errors']; "
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
