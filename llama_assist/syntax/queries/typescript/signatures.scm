; Captures as in the Python signatures.

(function_declaration name: (identifier) @name body: (statement_block) @body) @whole
(variable_declarator name: (identifier) @name value: (arrow_function body: (_) @body)) @whole
(method_definition name: (property_identifier) @name body: (statement_block) @body) @whole
(class_declaration name: (type_identifier) @name body: (class_body) @body) @class
(interface_declaration name: (type_identifier) @name body: (interface_body) @body) @class
(interface_body (property_signature) @field)

(function_declaration parameters: (formal_parameters [
  (required_parameter pattern: (identifier) @parameter)
  (optional_parameter pattern: (identifier) @parameter)
]))
(formal_parameters (required_parameter pattern: (rest_pattern) @open))
