"""Stored models: arrays and JSON with checksums, and the registry that names the latest.

May import `input` and `fs`.
Begin with `store.py`.
"""
