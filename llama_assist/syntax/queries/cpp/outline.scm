; Captures as in the Python outline. A scope begins after the parameters, so that a function's name lies outside it.

(function_definition body: (compound_statement) @scope)
(lambda_expression) @scope
(for_statement) @scope
(for_range_loop) @scope
(field_declaration_list) @scope

(function_declarator declarator: (identifier) @define.variable)
(class_specifier name: (type_identifier) @define.variable)
(struct_specifier name: (type_identifier) @define.variable)
(type_definition declarator: (type_identifier) @define.variable)
(alias_declaration name: (type_identifier) @define.variable)
(preproc_def name: (identifier) @define.variable)

(init_declarator) @delay
(init_declarator declarator: (identifier) @define.variable)
(declaration declarator: (identifier) @define.variable)
(for_range_loop declarator: (identifier) @define.variable)

(parameter_declaration declarator: (identifier) @ignore)
(parameter_declaration declarator: (reference_declarator (identifier) @ignore))
(parameter_declaration declarator: (pointer_declarator declarator: (identifier) @ignore))

(preproc_include) @import
(using_declaration) @import

(identifier) @use
(type_identifier) @use
