// Reads an event stream with the package `eventsource`, as a browser would, until it is killed:
//   node read_stream.cjs URL NAMES [BODY]
// Prints one line of JSON for each event of these comma-separated names, and "open" for each
// connection. With a BODY it posts that JSON instead of getting, and ends with the turn.
const { EventSource } = require("eventsource");

const [url, names, body] = process.argv.slice(2);
const posting = { method: "POST", body, headers: { "Content-Type": "application/json" } };
const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, body ? { ...init, ...posting } : init),
});
const print = (event, data) => console.log(JSON.stringify({ event, data }));

source.onopen = () => print("open", null);
for (const name of names.split(",")) {
  source.addEventListener(name, (event) => {
    if (event.data === undefined) return; // the client's own `error`, not Ren's
    print(name, JSON.parse(event.data));
    if (body && (name === "done" || name === "error")) source.close();
  });
}
