"""Tests on real kernels: guests in QEMU, whose trace says what the bus saw.

``python -m tools.hardware`` runs them. The parts, one module each:

* ``debian``     programs and files from Debian packages
* ``modules``    kernel modules in load order
* ``initramfs``  the archive that a guest starts from
* ``emulator``   one QEMU process, its console and its time limit
* ``trace``      the hypervisor's record of memory operations
* ``inside``     the half that runs in the guest
* ``guest``      boots a job and brings back what it said and what the bus saw
* ``pc``         the x86-64 guest, in the host's own root
* ``arm``        the arm64 guests; ``arm_packages``, ``arm_wheel`` and ``arm_root`` make their root

A further guest is a module like ``pc`` or ``arm``; a further way to reach one adds arguments to
``Emulator`` and talks to it while it runs.
"""
