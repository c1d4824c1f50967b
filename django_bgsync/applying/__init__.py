"""From a claim on an item to its verdict: what runs handlers, and what is decided by what they do."""
