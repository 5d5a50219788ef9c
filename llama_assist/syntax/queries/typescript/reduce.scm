; Captures as in the Python reduction.

(function_declaration name: (identifier) @name body: (statement_block) @body)
(method_definition name: (property_identifier) @name body: (statement_block) @body)
(variable_declarator name: (identifier) @name value: (arrow_function body: (statement_block) @body))
[(string) (template_string)] @text
(array . [(number) (string) (array . [(number) (string)])]) @data
(object . (pair value: [(number) (string) (array . [(number) (string)])])) @data
