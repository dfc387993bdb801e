"""Fuzzing: random documents, each of which must load or be refused, and never anything else.

``python -m tools.fuzz svd --documents 200000 --seed 1``. A document is made from the seed and its
number alone, so that what was found is found again.
"""
