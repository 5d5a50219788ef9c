"""Token ids in, token ids out: the only folder that imports torch."""
