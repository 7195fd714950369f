"""Before the embedding: column profiles, masked texts, events gathered into sessions.

May import `numerics`.
Begin with `profile.py`.
"""
