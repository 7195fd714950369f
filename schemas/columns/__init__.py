"""Columns: their roles, how a role is inferred, and templates of known logs.

May import `errors`.
Begin with `roles.py`.
"""
