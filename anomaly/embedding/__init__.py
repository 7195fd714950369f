"""The embedding: each column of an event becomes a block of coordinates, in nats if possible.

May import `preprocess` and `numerics`.
Begin with `embedder.py`, which chooses the blocks; each block has a module of its own.
"""
