; What can be called or made: its text from @whole to @body is the signature; @doc says what it is for.

(function_definition name: (identifier) @name body: (block) @body) @whole
(class_definition name: (identifier) @name body: (block) @body) @class
(class_definition body: (block (expression_statement (assignment type: (_)) @field)))
(function_definition body: (block . (expression_statement (string (string_content) @doc))))
(class_definition body: (block . (expression_statement (string (string_content) @doc))))

(function_definition parameters: (parameters [
  (identifier) @parameter
  (default_parameter name: (identifier) @parameter)
  (typed_parameter . (identifier) @parameter)
  (typed_default_parameter name: (identifier) @parameter)
  (list_splat_pattern (identifier) @open)
  (dictionary_splat_pattern (identifier) @open)
  (typed_parameter [(list_splat_pattern (identifier) @open) (dictionary_splat_pattern (identifier) @open)])
]))
