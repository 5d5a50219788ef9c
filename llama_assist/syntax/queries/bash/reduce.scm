; Captures as in the Python reduction.

(function_definition name: (word) @name body: (compound_statement) @body)
[(string) (raw_string)] @text
