"""Runs a function in a child of this process, which may give up its rights there for good."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from regmap.daemon import kernel, landlock, seccomp

__all__ = ["HAS_LANDLOCK", "HAS_SECCOMP", "NOBODY", "attempt", "in_child", "needs_root"]

NOBODY = 65534


def in_child(work: Callable[[], Any]) -> Any:
    """What ``work`` returns in a child, by way of JSON. Raises AssertionError with its traceback
    where it raises, or with the signal that ended it."""
    answer, question = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            said: dict[str, Any] = {"result": work()}
        except BaseException:  # noqa: BLE001
            said = {"error": "".join(traceback.format_exc())}
        try:
            os.write(question, json.dumps(said).encode())
        finally:
            os._exit(0)
    os.close(question)
    with os.fdopen(answer, "rb") as pipe:
        data = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert data, f"the child said nothing and ended with {status}"
    said = json.loads(data)
    assert "error" not in said, said["error"]
    return said["result"]


def attempt(work: Callable[[], object]) -> str:
    """What comes of it: "done", or the name of the error."""
    try:
        work()
    except OSError as error:
        return type(error).__name__
    return "done"


def _kernel_has_seccomp() -> bool:
    def confined() -> bool:
        kernel.forbid_new_privileges()
        seccomp.confine(seccomp.SERVING)
        return True

    try:
        return bool(in_child(confined))
    except AssertionError:
        return False


HAS_SECCOMP = pytest.mark.skipif(
    not _kernel_has_seccomp(), reason="this kernel takes no seccomp filter; the guest's does"
)
HAS_LANDLOCK = pytest.mark.skipif(
    not landlock.available(), reason="this kernel has no Landlock; the guest's has"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
