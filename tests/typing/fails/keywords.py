"""Keywords of modify, write, wait and replace."""

from __future__ import annotations

import everything_board
from regmap.generated import rpi1_rev2

gpio = rpi1_rev2.open("sim:").GPIO
block = everything_board.open("sim:").EVERY

gpio.GPFSEL1.modify(FSEL9=1)  # error: call-arg
gpio.GPFSEL1.modify(FSEL17="OUTPT")  # error: arg-type
gpio.GPFSEL1.modify(FSEL17=None)  # error: arg-type
gpio.GPFSEL1.modify(5)  # error: call-arg
gpio.GPFSEL1.write(FSEL9=1)  # error: call-arg
gpio.GPFSEL1.write(FSEL17="OUTPT")  # error: arg-type
gpio.GPFSEL1.write("OUTPUT")  # error: arg-type
gpio.GPFSEL1.wait(FSEL9=1, timeout_s=1)  # error: call-arg
gpio.GPFSEL1.wait(FSEL17="OUTPUT")  # error: call-arg
gpio.GPFSEL1.wait(FSEL17="OUTPUT", timeout=1)  # error: call-arg
gpio.GPFSEL1.wait(lambda seen: seen.FSEL9 == 1, timeout_s=1)  # error: attr-defined
gpio.GPFSEL1.read().replace(FSEL9=1)  # error: call-arg
gpio.GPFSEL1.read().replace(FSEL17="OUTPT")  # error: arg-type
gpio.GPREN0.modify(REN1="ON")  # error: arg-type
block.STATUS.write(READY=1)  # error: call-arg
block.STATUS.write(CODE="NONE")  # error: arg-type
block.CTRL.wait(START=1, timeout_s=1)  # error: call-arg
block.LATCH.write(KEY=1)  # error: call-arg
block.LATCH.read().replace(KEY=1)  # error: attr-defined
