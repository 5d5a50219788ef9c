; Captures as in the Python signatures.

(binary_operator
  lhs: (identifier) @name
  operator: ["<-" "="]
  rhs: (function_definition body: (_) @body)) @whole

(function_definition parameters: (parameters (parameter name: (identifier) @parameter)))
(function_definition parameters: (parameters (parameter name: (dots) @open)))
