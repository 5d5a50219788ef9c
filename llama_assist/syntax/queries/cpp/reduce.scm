; Captures as in the Python reduction.

(function_definition declarator: (function_declarator declarator: (_) @name) body: (compound_statement) @body)
[(string_literal) (raw_string_literal)] @text
(initializer_list . [(number_literal) (string_literal) (initializer_list)]) @data
