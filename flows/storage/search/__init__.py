"""Records kept to be searched: their columns and the FAISS index of their embedding.

May import `runs`, `models`, `verdicts`, `input` and `fs`.
Begin with `vector_index.py`.
"""
