"""Values of the wrong kind."""

from __future__ import annotations

from regmap.generated import rpi1_rev2
from regmap.generated.rpi1_rev2 import Bcm2835Gpio_fsel

gpio = rpi1_rev2.open("sim:").GPIO
gpio.GPFSEL1.FSEL17 = "OUTPT"  # error: call-overload
gpio.GPFSEL1.FSEL17 = 1.5  # error: call-overload
gpio.GPFSEL1.FSEL17 = None  # error: call-overload
gpio.GPFSEL1.FSEL[7] = "OUTPT"  # error: assignment
gpio.GPREN0.REN17 = "ON"  # error: assignment
gpio.GPREN0.REN17 = 0.5  # error: assignment
gpio.GPFSEL1.raw = "OUTPUT"  # error: assignment
gpio.GPFSEL1 = "OUTPUT"  # error: assignment
gpio.GPFSEL1 = gpio.GPFSEL0  # error: assignment
gpio.GPFSEL[1] = "OUTPUT"  # error: assignment
gpio.pin[17].function = "OUTPT"  # error: call-overload
gpio.pin[17].pull = "SIDEWAYS"  # error: assignment
gpio.pin[17].level = "HIGH"  # error: assignment
gpio.pin["P1-11"]  # error: index
name: str = gpio.GPFSEL2.FSEL27  # error: assignment
function: Bcm2835Gpio_fsel = gpio.GPFSEL2.FSEL27  # error: assignment
print(gpio.GPFSEL1 == 5)  # error: comparison-overlap
print(int(gpio.GPFSEL1))  # error: call-overload
print(gpio.GPFSEL1 | 1)  # error: operator
