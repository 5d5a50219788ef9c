; Names. @scope: where local names live. @define.<kind>: a name made known, of a function or class outside its scope.
; @delay: the names in it are known at its end. @import: a whole import. @open: makes names known that stand nowhere.
; @use: a name read, unless its position is defined or ignored above.

(function_definition) @scope
(class_definition) @scope
(lambda) @scope
(list_comprehension) @scope
(set_comprehension) @scope
(dictionary_comprehension) @scope
(generator_expression) @scope

(function_definition name: (identifier) @define.function)
(class_definition name: (identifier) @define.class)

(import_statement name: (dotted_name . (identifier) @define.import))
(import_statement name: (aliased_import alias: (identifier) @define.import))
(import_from_statement name: (dotted_name (identifier) @define.import))
(import_from_statement name: (aliased_import alias: (identifier) @define.import))

(assignment) @delay
(assignment left: (identifier) @define.variable)
(assignment left: (pattern_list (identifier) @define.variable))
(assignment left: (tuple_pattern (identifier) @define.variable))
(assignment left: (list_pattern (identifier) @define.variable))
(pattern_list (tuple_pattern (identifier) @define.variable))
(pattern_list (list_splat_pattern (identifier) @define.variable))
(named_expression name: (identifier) @define.variable)
(for_statement left: (identifier) @define.variable)
(for_statement left: (pattern_list (identifier) @define.variable))
(for_statement left: (tuple_pattern (identifier) @define.variable))
(for_in_clause left: (identifier) @define.variable)
(for_in_clause left: (pattern_list (identifier) @define.variable))
(for_in_clause left: (tuple_pattern (identifier) @define.variable))
(as_pattern_target (identifier) @define.variable)

(parameters (identifier) @define.parameter)
(lambda_parameters (identifier) @define.parameter)
(default_parameter name: (identifier) @define.parameter)
(typed_parameter . (identifier) @define.parameter)
(typed_default_parameter name: (identifier) @define.parameter)
(parameters (list_splat_pattern (identifier) @define.parameter))
(parameters (dictionary_splat_pattern (identifier) @define.parameter))
(typed_parameter (list_splat_pattern (identifier) @define.parameter))
(typed_parameter (dictionary_splat_pattern (identifier) @define.parameter))
(lambda_parameters (list_splat_pattern (identifier) @define.parameter))
(lambda_parameters (dictionary_splat_pattern (identifier) @define.parameter))

(attribute attribute: (identifier) @ignore)
(keyword_argument name: (identifier) @ignore)
(dotted_name (identifier) @ignore)

(wildcard_import) @open
(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(identifier) @use
