; Names. @scope: where local names live. @define.<kind>: a name made known, of a function or class outside its scope,
; of a `global` outside all scopes.
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
(pattern_list (identifier) @define.variable)
(tuple_pattern (identifier) @define.variable)
(list_pattern (identifier) @define.variable)
(pattern_list (list_splat_pattern (identifier) @define.variable))
(tuple_pattern (list_splat_pattern (identifier) @define.variable))
(list_pattern (list_splat_pattern (identifier) @define.variable))
(named_expression name: (identifier) @define.variable)
(for_statement left: (identifier) @define.variable)
(for_in_clause left: (identifier) @define.variable)
(as_pattern_target (identifier) @define.variable)
(as_pattern_target [(tuple (identifier) @define.variable) (list (identifier) @define.variable)])
(as_pattern_target (_ [(tuple (identifier) @define.variable) (list (identifier) @define.variable)]))
(global_statement (identifier) @define.global)
(type_alias_statement left: (type [(identifier) @define.variable (generic_type . (identifier) @define.variable)]))

(case_pattern (dotted_name . (identifier) @define.variable .))
(union_pattern (dotted_name . (identifier) @define.variable .))
(keyword_pattern (dotted_name . (identifier) @define.variable .))
(splat_pattern (identifier) @define.variable)
(case_pattern (as_pattern (case_pattern) (identifier) @define.variable))

(type_parameter (type [(identifier) @define.parameter (splat_type (identifier) @define.parameter)]))
(type_parameter (type (constrained_type . (type (identifier) @define.parameter))))
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
(keyword_pattern . (identifier) @ignore)
(dotted_name (identifier) @ignore)

(wildcard_import) @open
(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(identifier) @use
