; Captures as in the Python outline.

(function_definition) @scope
(macro_definition) @scope
(arrow_function_expression) @scope
(do_clause) @scope
(comprehension_expression) @scope

(function_definition (signature (call_expression . (identifier) @define.function)))
(source_file (assignment . (call_expression . (identifier) @define.variable)))
(struct_definition (type_head (identifier) @define.variable))
(macro_definition (signature (call_expression . (identifier) @define.function)))

(using_statement (identifier) @define.import)
(import_statement (identifier) @define.import)
(selected_import (identifier) @define.import)

(assignment) @delay
(assignment . (identifier) @define.variable)
(assignment . (open_tuple (identifier) @define.variable))
(for_binding . (identifier) @define.variable)

(signature (call_expression (argument_list (identifier) @define.parameter)))
(signature (call_expression (argument_list (typed_expression . (identifier) @define.parameter))))
(signature (call_expression (argument_list (named_argument . (identifier) @define.parameter))))
(arrow_function_expression . (identifier) @define.parameter)

(field_expression value: (_) (identifier) @ignore)
(named_argument . (identifier) @ignore)

(using_statement) @import
(import_statement) @import

(identifier) @use
