; Captures as in the Python reduction.

(string_literal) @text
(vector_expression . [(integer_literal) (float_literal) (string_literal)]) @data
(matrix_expression) @data
