"""Many rows at once: how the engine casts, reads, locks and writes them."""
