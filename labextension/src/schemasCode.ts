/** The Python that tells the schemas of a kernel's variables, and the expression that runs it without a trace. */

/** Most seconds, variables, columns and characters of one reading. */
const CODE = String.raw`
import inspect, json, sys, time, types
from itertools import islice
from IPython import get_ipython

END = time.perf_counter() + 0.05
FRAMES = {"pandas", "geopandas", "polars"}
ARRAYS = FRAMES | {"numpy", "torch", "jax", "jaxlib", "scipy", "tensorflow", "cupy", "xarray"}
SIZED = (list, tuple, set, frozenset, dict, str, bytes)


class Hidden:
    def __repr__(self):
        return "..."


def signature(value):
    shown = inspect.signature(value)
    empty = inspect.Parameter.empty
    parameters = [
        each if each.default is empty else each.replace(default=Hidden()) for each in shown.parameters.values()
    ]
    return str(shown.replace(parameters=parameters))[:200]


def array(value, root):
    schema = {"shape": [int(size) for size in value.shape]}
    if hasattr(value, "dtype"):
        schema["dtype"] = str(value.dtype)[:60]
    if root in FRAMES and type(value).__name__.endswith("DataFrame"):
        columns = islice(zip(value.columns, value.dtypes), 40)
        schema["columns"] = [[str(name)[:60], str(dtype)[:60]] for name, dtype in columns]
    return schema


def describe(value):
    kind = type(value)
    root = (kind.__module__ or "").partition(".")[0]
    schema = {"type": kind.__name__[:60]}
    if kind in SIZED:
        schema["shape"] = [len(value)]
    elif root in ARRAYS and root in sys.modules and hasattr(kind, "shape"):
        schema.update(array(value, root))
    elif isinstance(value, (types.FunctionType, type)):
        schema["signature"] = signature(value)
    return schema


def readable(shell):
    for name in reversed(list(shell.user_ns)):
        if not name.startswith("_") and name not in shell.user_ns_hidden:
            value = shell.user_ns[name]
            if not isinstance(value, types.ModuleType):
                yield name, value


def read():
    found, size = [], 0
    for name, value in islice(readable(get_ipython()), 200):
        try:
            schema = dict(describe(value), name=name)
        except Exception:
            schema = {"name": name, "type": type(value).__name__[:60]}
        size += len(json.dumps(schema))
        if size > 50000 or time.perf_counter() > END:
            break
        found.append(schema)
    return json.dumps(found).encode().hex()


answer = read()
`;

/** One expression: all names that the code defines live in a dictionary of its own. */
export const EXPRESSION =
  "(lambda scope: __import__('builtins').exec(" +
  JSON.stringify(CODE) +
  ", scope) or scope['answer'])({'__name__': 'llama_assist'})";

/** Return the schemas in the text that the kernel shows for the value of `EXPRESSION`. */
export function decodeSchemas(shown: string): unknown {
  const digits = shown.match(/[0-9a-f]{2}/g) ?? [];
  const bytes = Uint8Array.from(digits, digit => parseInt(digit, 16));
  return JSON.parse(new TextDecoder().decode(bytes));
}
