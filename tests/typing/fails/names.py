"""Names that are not there."""

from __future__ import annotations

from regmap.generated import rpi1_rev2
from regmap.generated.rpi1_rev2 import Bcm2835Gpio_fsel
from regmap.generated.rpi1_rev2 import Nothing as Missing  # error: attr-defined

pi = rpi1_rev2.open("sim:")
pi.GPI0  # error: attr-defined
pi.GPI0 = 5  # error: attr-defined
pi.GPIO.GPFSEL9  # error: attr-defined
pi.GPIO.GPFSEL9 = 5  # error: attr-defined
pi.GPIO.GPFSEL1.FSEL9  # error: attr-defined
pi.GPIO.GPFSEL1.FSEL9 = 1  # error: attr-defined
pi.GPIO.GPFSEL[1].FSEL9 = 1  # error: attr-defined
pi.GPIO.GPFSEL1.read().FSEL9  # error: attr-defined
pi.pin[17].funktion  # error: attr-defined
pi.pin[17].funktion = "OUTPUT"  # error: attr-defined
pi.pins["P1-11"].funktion = "OUTPUT"  # error: attr-defined
type(pi.GPIO.GPFSEL1).FSEL9  # error: attr-defined
Bcm2835Gpio_fsel.ALT9  # error: attr-defined
rpi1_rev2.close()  # error: attr-defined
rpi1_rev2.open(bakend="sim:")  # error: call-arg
__all__ = ["Missing"]
