; What a reader can do without. @body: bodies that become `...`. @text and @data: literals that are cut when long,
; if they hold no calls.

(function_definition name: (identifier) @name body: (block) @body)
(string) @text
(concatenated_string) @text
(list) @data
(tuple) @data
(set) @data
(dictionary) @data
