"""The hardware's side of the contract: a backend that behaves as a description says, in memory.

``regmap.open(map, backend="sim:").backend`` is a ``Simulator``; make one yourself with
``Simulator(lay_out(model))`` to reach it from several devices.
"""

from regmap.sim.simulator import Simulator

__all__ = ["Simulator"]
