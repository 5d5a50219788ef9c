; Captures as in the Python signatures.

(function_definition
  declarator: (function_declarator declarator: (_) @name)
  body: (compound_statement) @body) @whole
(class_specifier name: (type_identifier) @name body: (field_declaration_list) @body) @class
(struct_specifier name: (type_identifier) @name body: (field_declaration_list) @body) @class
(field_declaration_list (field_declaration) @field)
