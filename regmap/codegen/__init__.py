"""Layouts to source text: static Python modules, their type stubs, and C headers.

``emit`` is the way through: ``plan`` decides what goes into which file; ``literal`` prints data as
Python literals; ``module``, ``stub`` and ``cheader`` fill the templates, which only loop and print;
``guard`` checks every text against a list of what it may hold before ``output`` writes it. A
description is data: its texts reach a module as string literals, its names as identifiers by the
one rule of ``regmap.names``.
"""
