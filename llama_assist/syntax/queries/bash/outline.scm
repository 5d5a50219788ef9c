; Captures as in the Python outline.

(function_definition name: (word) @define.variable)
(variable_assignment name: (variable_name) @define.variable) @delay
(for_statement variable: (variable_name) @define.variable)
(command name: (command_name (word) @use))
(variable_name) @use
