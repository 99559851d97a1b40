"""Simulated clouds: one world of pipelines, spoken in five vendors' wire formats.

`world` knows what runs and how it goes; each vendor's module says it in that vendor's
paths, shapes and words, checks its signatures, and throttles and fails on demand.
"""
