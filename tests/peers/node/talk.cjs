// Speaks one utterance over /ws/audio with the package `ws`:
//   node talk.cjs URL < PCM
// Prints each frame that Ren sends as one line, and ends after `done` or `error`.
const WebSocket = require("ws");

const PIECE_BYTES = 6400;
const parts = [];

process.stdin.on("data", (part) => parts.push(part));
process.stdin.on("end", () => {
  const pcm = Buffer.concat(parts);
  const socket = new WebSocket(process.argv[2]);
  socket.on("open", () => {
    for (let at = 0; at < pcm.length; at += PIECE_BYTES) {
      const pcm16 = pcm.subarray(at, at + PIECE_BYTES).toString("base64");
      socket.send(JSON.stringify({ type: "audio", pcm16 }));
    }
    socket.send(JSON.stringify({ type: "end" }));
  });
  socket.on("message", (message) => {
    console.log(message.toString());
    if (["done", "error"].includes(JSON.parse(message).type)) socket.close();
  });
});
