; Captures as in the Python outline.

(function_declaration) @scope
(function_expression) @scope
(arrow_function) @scope
(method_definition) @scope
(class_declaration) @scope
(for_in_statement) @scope
(for_statement) @scope

(function_declaration name: (identifier) @define.function)
(class_declaration name: (identifier) @define.class)

(import_specifier name: (identifier) @define.import !alias)
(import_specifier alias: (identifier) @define.import)
(namespace_import (identifier) @define.import)
(import_clause (identifier) @define.import)

(variable_declarator) @delay
(variable_declarator name: (identifier) @define.variable)
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @define.variable))
(variable_declarator name: (object_pattern (pair_pattern value: (identifier) @define.variable)))
(variable_declarator name: (array_pattern (identifier) @define.variable))
(assignment_expression left: (identifier) @define.variable) @delay
(for_in_statement left: (identifier) @define.variable)

(formal_parameters (identifier) @define.parameter)
(formal_parameters (assignment_pattern left: (identifier) @define.parameter))
(formal_parameters (object_pattern (shorthand_property_identifier_pattern) @define.parameter))
(formal_parameters (rest_pattern (identifier) @define.parameter))
(arrow_function parameter: (identifier) @define.parameter)

(import_specifier name: (identifier) @ignore alias: (_))

(import_statement) @import

(identifier) @use
