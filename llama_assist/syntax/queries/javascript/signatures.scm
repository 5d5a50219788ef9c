; Captures as in the Python signatures.

(function_declaration name: (identifier) @name body: (statement_block) @body) @whole
(variable_declarator name: (identifier) @name value: (arrow_function body: (_) @body)) @whole
(method_definition name: (property_identifier) @name body: (statement_block) @body) @whole
(class_declaration name: (identifier) @name body: (class_body) @body) @class

(function_declaration parameters: (formal_parameters [
  (identifier) @parameter
  (assignment_pattern left: (identifier) @parameter)
]))
(formal_parameters (rest_pattern) @open)
