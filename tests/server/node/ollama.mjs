// Completes through Ollama's own JavaScript client, and prints the texts as one JSON object.
// Arguments: the folder of node_modules, the base URL, the key, the model.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, host, key, model] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.join(modules, "..", "package.json")));
const { Ollama } = require("ollama");

const ollama = new Ollama({ host, headers: { Authorization: `Bearer ${key}` } });
let text = "";
for await (const piece of await ollama.generate({
  model,
  prompt: "import math\n\ndef area(radius):\n    return ",
  suffix: "\n\nprint(area(3))\n",
  stream: true,
})) {
  text += piece.response;
}
const { models } = await ollama.list();
const shown = await ollama.show({ model });
console.log(JSON.stringify({ text, models: models.map((each) => each.name), canInsert: shown.capabilities.includes("insert") }));
