"""Where weights come from: the catalogue, the store, and conversion of GGUF files to checkpoint folders."""
