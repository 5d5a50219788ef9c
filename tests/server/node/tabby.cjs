// Completes through Tabby's own agent, as its editor plugins do, and prints what came of it as one JSON object.
// Arguments: the folder of node_modules, the endpoint, the key. HOME must be a folder of the caller's.
const path = require("node:path");

const [modules, endpoint, token] = process.argv.slice(2);
const { TabbyAgent } = require(path.join(modules, "tabby-agent"));

const text = "import math\n\ndef area(radius):\n    return \n\nprint(area(3))\n";

async function main() {
  const agent = new TabbyAgent();
  await agent.initialize({
    config: { server: { endpoint, token }, anonymousUsageTracking: { disable: true } },
    dataStore: { data: {}, load: async () => {}, save: async () => {} },
  });
  const completion = await agent.provideCompletions({
    filepath: "/home/ada/shapes.py",
    language: "python",
    text,
    position: text.indexOf("return ") + "return ".length,
    clipboard: "SECRET in the clipboard",
    manually: true,
    relevantSnippetsFromChangedFiles: [{ filepath: "lib.py", offset: 0, text: "def square(x):\n    return x * x\n", score: 0.9 }],
  });
  const event = { completion_id: completion.id, choice_index: 0 };
  const counted = [];
  for (const type of ["view", "select"]) {
    counted.push(await agent.postEvent({ type, ...event }));
  }
  const texts = completion.choices.map((choice) => choice.text);
  console.log(JSON.stringify({ status: agent.getStatus(), model: agent.getServerHealthState()?.model, texts, counted }));
  await agent.finalize();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
