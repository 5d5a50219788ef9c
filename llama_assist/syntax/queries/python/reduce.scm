; What a reader can do without. @body: bodies that become `...`. @text and @data: literals that are cut when long.

(function_definition name: (identifier) @name body: (block) @body)
(string) @text
(list . [(integer) (float) (string) (unary_operator) (true) (false) (none)]) @data
(tuple . [(integer) (float) (string) (unary_operator) (true) (false) (none)] [(integer) (float) (string) (unary_operator)] .) @data
(set . [(integer) (float) (string) (unary_operator)]) @data
(list . (list [(integer) (float) (string) (unary_operator) (true) (false) (none)] .)) @data
(list . (tuple [(integer) (float) (string) (unary_operator) (true) (false) (none)] .)) @data
(list . (dictionary . (pair value: [(integer) (float) (string) (unary_operator) (true) (false) (none)]))) @data
(dictionary . (pair value: [(integer) (float) (string) (unary_operator) (true) (false) (none)])) @data
(dictionary . (pair value: (list . [(integer) (float) (string) (unary_operator)]))) @data
