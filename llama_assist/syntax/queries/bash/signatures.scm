; Captures as in the Python signatures.

(function_definition name: (word) @name body: (_) @body) @whole
