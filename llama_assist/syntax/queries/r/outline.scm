; Captures as in the Python outline.

(function_definition) @scope

(program (binary_operator lhs: (identifier) @define.variable operator: ["<-" "=" "<<-"]) @delay)
(binary_operator lhs: (identifier) @define.variable operator: ["<-" "=" "<<-"])
(binary_operator operator: ["->" "->>"] rhs: (identifier) @define.variable)
(for_statement variable: (identifier) @define.variable)
(parameter name: (identifier) @define.parameter)

(extract_operator rhs: (identifier) @ignore)
(namespace_operator (identifier) @ignore)
(argument name: (identifier) @ignore)

(call function: (identifier) @_name (#any-of? @_name "library" "require" "source")) @import

(identifier) @use
