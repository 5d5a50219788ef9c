"""What to stop at while a completion is written, and what of it may be shown: pure text in, text out."""
