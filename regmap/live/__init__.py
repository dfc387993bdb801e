"""Layouts to live objects: devices, blocks, registers, fields, views, windows.

``build`` makes the classes; ``register`` holds every operation and what it does on the bus;
``context`` chooses the port that carries an instance's accesses (``parts``, ``window``,
``percpu``).
Nothing here knows a transport by name, and nothing touches the bus that does not say so.
"""
