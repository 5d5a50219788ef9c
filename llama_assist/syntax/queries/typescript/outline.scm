; Captures as in the Python outline.

(function_declaration) @scope
(function_expression) @scope
(arrow_function) @scope
(method_definition) @scope
(class_declaration) @scope
(for_in_statement) @scope
(for_statement) @scope

(function_declaration name: (identifier) @define.function)
(class_declaration name: (type_identifier) @define.class)
(interface_declaration name: (type_identifier) @define.variable)
(type_alias_declaration name: (type_identifier) @define.variable)
(enum_declaration name: (identifier) @define.variable)

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

(required_parameter pattern: (identifier) @define.parameter)
(optional_parameter pattern: (identifier) @define.parameter)
(required_parameter pattern: (object_pattern (shorthand_property_identifier_pattern) @define.parameter))
(required_parameter pattern: (rest_pattern (identifier) @define.parameter))
(arrow_function parameter: (identifier) @define.parameter)

(import_specifier name: (identifier) @ignore alias: (_))

(import_statement) @import

(identifier) @use
(type_identifier) @use
