; Captures as in the Python outline. What a query knows: tables and views made, tables and names read.

(create_table (object_reference name: (identifier) @define.variable))
(create_view (object_reference name: (identifier) @define.variable))
(create_materialized_view (object_reference name: (identifier) @define.variable))
(cte . (identifier) @define.variable)
(relation (object_reference name: (identifier) @use))
