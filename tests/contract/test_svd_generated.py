"""A chip of a vendor's SVD file as generated code: generated, imported, and the same chip."""

from __future__ import annotations

from pathlib import Path

import pytest

import regmap
from regmap.cli.main import main
from regmap.layout import lay_out
from regmap.layout.rows import rows_of
from tests.contract.test_svd_round_trip import VENDORS, vendor
from tests.generating import imported, layout_facts
from tests.support import Recorder


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendor_s_chip_is_the_same_as_generated_code(name: str, tmp_path: Path) -> None:
    file = vendor(name)
    assert main(["generate", str(file), "-o", str(tmp_path)]) == 0
    assert main(["generate", str(file), "-o", str(tmp_path), "--check"]) == 0
    layout = lay_out(regmap.load(file))
    (package,) = (each.stem for each in tmp_path.iterdir() if each.suffix != ".pyi")
    with imported(tmp_path, package) as module:
        assert layout_facts(module.LAYOUT) == layout_facts(layout)
        bus, other = Recorder(), Recorder()
        static, dynamic = module.open(backend=bus), regmap.open(file, backend=other)
        for instance in layout.instances.values():
            readable = (row for row in rows_of(instance) if not row.register.refuse_read)
            row = next(readable, None)
            if row is not None:
                assert static[row.path].read() == dynamic[row.path].read()
        assert bus.accesses == other.accesses
        assert bus.accesses
