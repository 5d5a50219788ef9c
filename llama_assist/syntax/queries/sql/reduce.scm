; Captures as in the Python reduction.

(literal) @text
