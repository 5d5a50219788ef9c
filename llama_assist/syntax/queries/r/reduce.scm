; Captures as in the Python reduction.

(binary_operator lhs: (identifier) @name rhs: (function_definition body: (braced_expression) @body))
(string) @text
(call
  function: (identifier) @_name
  arguments: (arguments . (argument value: [(float) (string) (integer)])) @data
  (#any-of? @_name "c" "list"))
