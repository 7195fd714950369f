"""Events: the contract that a row must keep, how values are read, flattened and masked.

May import `columns`.
Begin with `contract.py`.
"""
