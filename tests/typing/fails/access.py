"""What the hardware does not do."""

from __future__ import annotations

import everything_board
from regmap.generated import rpi1_rev2

pi = rpi1_rev2.open("sim:")
block = everything_board.open("sim:").EVERY

# Read-only.
pi.GPIO.GPLEV0 = 5  # error: assignment
pi.GPIO.GPLEV0.raw = 5  # error: assignment
pi.GPIO.GPLEV0.LEV17 = 1  # error: assignment
pi.GPIO.GPLEV0.LEV[1] = 1  # error: index
pi.GPIO.GPLEV0.bit[1] = 1  # error: index
pi.GPIO.GPLEV0.write(1)  # error: attr-defined
pi.GPIO.GPLEV0.modify(LEV17=1)  # error: attr-defined
pi.GPIO.GPLEV0.reset()  # error: attr-defined
pi.GPIO.GPLEV[0] = 1  # error: index
pi.GPIO.GPLEV0.set("LEV17")  # error: attr-defined

# Write-only.
pi.GPIO.GPSET0.read()  # error: attr-defined
pi.GPIO.GPSET0.raw  # error: arg-type
pi.GPIO.GPSET0.SET17  # error: call-overload
level = pi.GPIO.GPSET0.SET[1]  # error: index
pi.GPIO.GPSET0.wait(SET17=1, timeout_s=1)  # error: attr-defined
pi.pin[17].pull  # error: call-overload
block.CTRL.START  # error: call-overload
block.CTRL.read().START  # error: attr-defined

# Changed by reading.
block.STATUS.raw  # error: arg-type
block.STATUS.COUNT  # error: call-overload
block.STATUS.modify(CODE=1)  # error: attr-defined
block.STATUS.wait(READY=1, timeout_s=1)  # error: attr-defined
block.CHANNEL[0].CONF.raw  # error: arg-type

# Verbs that a field does not do.
pi.GPIO.GPSET0.clear("SET17")  # error: attr-defined
pi.GPIO.GPSET0.set("SET99")  # error: arg-type
pi.GPIO.GPEDS0.set("EDS17")  # error: attr-defined
pi.GPIO.GPFSEL1.set("FSEL17")  # error: attr-defined
block.CTRL.set("MODE")  # error: arg-type

# No registers.
pi.GPIO = 5  # error: assignment
pi.GPIO = pi.GPIO  # error: assignment
pi.GPIO.GPFSEL = 5  # error: assignment
pi.GPIO.pin = 5  # error: assignment
pi.pin[17] = 1  # error: index
pi.GPIO.pin[17].set = 1  # error: assignment, method-assign
block.CHANNEL = 5  # error: assignment
block.CHANNEL[0] = 5  # error: index
block.CHANNEL[0].inner = 5  # error: assignment
pi.GPIO.GPFSEL1.FSEL = 1  # error: assignment

# A snapshot does not change.
now = pi.GPIO.GPFSEL1.read()
now.FSEL17 = 1  # error: assignment
now.OTHER = 1  # error: attr-defined
