; Captures as in the Python signatures; a Julia function has no body node: @header is all that is shown.

(function_definition (signature (call_expression . (identifier) @name)) @header) @whole
(macro_definition (signature (call_expression . (identifier) @name)) @header) @whole
(struct_definition (type_head (identifier) @name) @header) @class
(struct_definition (typed_expression) @field)
