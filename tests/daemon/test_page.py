"""The README's page "Give a web app three pins" works as it is written, from policy to page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.daemon.clients import Daemon
from tests.daemon.test_samples import node

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def page() -> str:
    """The program that the README shows."""
    found = re.search(r"^```js\n(// page\.js.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def visit(port: str, path: str = "/", *, method: str = "GET") -> str:
    request = Request(f"http://127.0.0.1:{port}{path}", method=method)
    with urlopen(request, timeout=20) as answer:  # noqa: S310
        text: str = answer.read().decode()
    return text


@pytest.mark.skipif(node() is None, reason="no Node.js; the extra regmap-hw[test] has it")
def test_the_page_switches_a_pin(tmp_path: Path) -> None:
    program = tmp_path / "page.js"
    program.write_text(page(), encoding="utf-8")
    with Daemon(tmp_path / "s") as daemon:
        pin = daemon.device.pin[17]
        with subprocess.Popen(
            [str(node()), str(program), str(daemon.path), "0"],
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            try:
                assert server.stdout is not None
                started = server.stdout.readline().split()
                assert started[:3] == ["listening", "on", "port"]
                port = started[3]
                assert "<p>0 0</p>" in visit(port)
                assert "<p>Ok</p>" in visit(port, "/pin/0/1", method="POST")
                assert (pin.function.name, pin.level) == ("OUTPUT", 1)
                assert "<p>0 1</p>" in visit(port)
                assert "<p>Ok</p>" in visit(port, "/pin/0/0", method="POST")
                assert pin.level == 0
                assert "<p>Error pin" in visit(port, "/pin/99/1", method="POST")
                # What no form sends is not passed on.
                assert "<p>0 0</p>" in visit(port, "/pin/0/1%0AWRITE%200%201", method="POST")
                assert pin.level == 0
                daemon.device.close()
                daemon.path.unlink()
                with pytest.raises(HTTPError, match="502"):
                    visit(port)
            finally:
                server.terminate()
