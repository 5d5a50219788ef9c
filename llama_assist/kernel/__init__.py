"""What a notebook's kernel knows by itself: its cells, errors and variables; and how an answer is shown in it."""
