// Completes through Continue's own adapters, and prints the texts as one JSON object.
// Arguments: the folder of node_modules, the base URL below which `v1/` is, the key, the model.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, base, key, model] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.join(modules, "..", "package.json")));
const { constructLlmApi } = await import(pathToFileURL(require.resolve("@continuedev/openai-adapters")));

const prefix = "import math\n\ndef area(radius):\n    return ";
const suffix = "\n\nprint(area(3))\n";
const { signal } = new AbortController();
const api = constructLlmApi({ provider: "mistral", apiKey: key, apiBase: `${base}v1/` });
const common = { model, max_tokens: 64, temperature: 0.01, stop: ["<|endoftext|>", "/src/", "```"] };

let fim = "";
for await (const chunk of api.fimStream({ ...common, prompt: prefix, suffix, stream: true }, signal)) {
  fim += chunk.choices[0]?.delta?.content ?? "";
}
let completion = "";
const prompt = `<|fim_prefix|>${prefix}<|fim_suffix|>${suffix}<|fim_middle|>`;
for await (const chunk of api.completionStream({ ...common, prompt, stream: true }, signal)) {
  completion += chunk.choices[0]?.text ?? "";
}
let chat = "";
const messages = [{ role: "user", content: "Hi" }];
for await (const chunk of api.chatCompletionStream({ model, messages, max_tokens: 16, stream: true }, signal)) {
  chat += chunk.choices[0]?.delta?.content ?? "";
}
const models = (await api.list()).map((each) => each.id);
console.log(JSON.stringify({ fim, completion, chat, models }));
