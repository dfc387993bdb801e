"""Measurements as ratios, each beside its target; nothing here is a test.

``python -m tools.bench TOPIC`` runs one topic: ``generate`` (generated modules),
``svd [FILE...]`` (SVD files), ``daemon`` (regmapd). ``timing`` has the method: interleaved rounds
in one process, minima, the empty loop subtracted.
"""
