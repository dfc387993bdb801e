"""URIs: what they name, what they are refused for, and that nothing is imported before use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from regmap.backends import SCHEMES, open_backend, parse_uri
from regmap.errors import BackendError, BackendUnavailable


class Nothing:
    """A backend that answers 7 to everything."""

    def read(self, address: int, width: int) -> int:
        return 7

    def write(self, address: int, width: int, value: int) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("uri", "scheme", "rest", "address"),
    [
        ("mem:", "mem", "", None),
        ("mem", "mem", "", None),
        ("gpiomem:@0x20200000", "gpiomem", "", 0x20200000),
        ("file:dump.bin", "file", "dump.bin", None),
        ("file:/srv/dump.bin@0x1000", "file", "/srv/dump.bin", 0x1000),
        ("file:a:b@8", "file", "a:b", 8),
        ("file:me@home/dump.bin", "file", "me@home/dump.bin", None),
        ("file:me@home@0", "file", "me@home", 0),
        ("shm:/board@4096", "shm", "/board", 4096),
        ("anon:@0b1000", "anon", "", 8),
        ("trace:file:x@0x10", "trace", "file:x@0x10", None),
    ],
)
def test_a_uri_is_taken_apart(uri: str, scheme: str, rest: str, address: int | None) -> None:
    _, target = parse_uri(uri)
    assert (target.scheme, target.rest, target.address) == (scheme, rest, address)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("gpiomen:", "did you mean gpiomem:"),
        ("MEM:", "did you mean mem:"),
        ("/srv/dump.bin", "say file:/srv/dump.bin"),
        ("", "there are mem:, gpiomem:"),
        ("zzz:", "file:PATH"),
        ("mem:0", "takes no name"),
        ("mem:@0", "takes no name"),
        ("sim:fast", "takes no name"),
        ("anon:name", "takes no name"),
        ("file:", "lacks a name: file:PATH"),
        ("file", "lacks a name"),
        ("shm:@0", "lacks a name"),
        ("trace:", "lacks a name: trace:URI"),
        ("file:x@0x", "'0x' is no address"),
        ("file:x@010", "'010' is no address"),
        ("anon:@-1", "'-1' is no address"),
        ("anon:@0x10000000000000000", "is no address"),
        ("anon:@", "'' is no address"),
    ],
)
def test_a_wrong_uri_says_what_is_right(uri: str, said: str) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        parse_uri(uri)
    assert said in str(caught.value)


def test_every_scheme_has_a_loader_and_an_example_that_parses() -> None:
    import importlib

    for name, scheme in SCHEMES.items():
        module, _, function = scheme.loader.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
        assert parse_uri(scheme.example)[1].scheme == name
        assert scheme.form.startswith(f"{name}:")


def test_the_simulator_is_made_by_the_caller_also_within_a_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = Nothing()
    assert open_backend("sim:", simulator=lambda: made) is made
    assert open_backend("trace:sim", simulator=lambda: made).read(0x10, 32) == 7
    shown = capsys.readouterr()
    assert shown.err == "R32 0x00000010 = 0x00000007\n"
    assert shown.out == ""
    with pytest.raises(BackendUnavailable, match="open the map with backend='sim:'"):
        open_backend("sim:")


def test_a_trace_of_something_wrong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="did you mean file:"):
        open_backend("trace:fille:x")
    with pytest.raises(BackendError, match="there is no"):
        open_backend(f"trace:file:{tmp_path}/missing")


def test_naming_backends_imports_none() -> None:
    code = (
        "import sys, regmap.backends as b; b.parse_uri('mem:');"
        "print([m for m in sys.modules if m.startswith('regmap.backends.') or m == 'mmap'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
