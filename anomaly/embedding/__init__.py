"""Events to vectors: one file for each kind of block, and the embedder that joins them."""
