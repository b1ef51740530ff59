// Asks Ren with the package `@anthropic-ai/sdk`: once as a whole and once as a stream.
//   node ask.cjs URL KEY MODEL
// Prints the whole message, then each event of the stream, then the message that the SDK made of it;
// or the error that it threw.
const { Anthropic } = require("@anthropic-ai/sdk");

const [baseURL, apiKey, model] = process.argv.slice(2);
const print = (what, data) => console.log(JSON.stringify({ what, data }));
const ask = { model, max_tokens: 100, messages: [{ role: "user", content: "hello" }] };

async function main() {
  const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
  print("whole", await client.messages.create(ask));
  const stream = client.messages.stream(ask);
  for await (const event of stream) print("event", event.type);
  print("streamed", await stream.finalMessage());
}

main().catch((error) => print("error", { status: error.status, type: error.type }));
