; Captures as in the Python signatures.

(create_table (object_reference name: (identifier) @name)) @whole
