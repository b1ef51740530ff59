"use strict";
// The way to the speaker: requests, and the stream of what happens, which comes back by itself.

const PATIENCE_MS = 8000;
const LOOK_AGAIN_MS = 30_000;
const LONGEST_WAIT_MS = 10_000;

/** What went wrong, as a key of TEXTS; `detail` is the speaker's own sentence, in English. */
class Trouble extends Error {
  constructor(key, detail = "") {
    super(detail || key);
    this.key = key;
    this.detail = detail;
  }
}

const TROUBLES = {
  400: "refused", 403: "forbidden", 404: "gone", 409: "off", 422: "refused", 500: "disk",
};

/** Ask the speaker; its answer. Throws Trouble. */
async function ask(method, path, body) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(path, { method, headers, body: sent, signal: patience.signal });
    const answer = await response.json();
    if (response.ok) return answer;
    throw new Trouble(TROUBLES[response.status] ?? "busy", sentence(answer.detail));
  } catch (error) {
    throw error instanceof Trouble ? error : new Trouble("unreachable");
  } finally {
    clearTimeout(timer);
  }
}

function sentence(detail) {
  return Array.isArray(detail) ? detail.map((each) => `${each.msg}.`).join(" ") : (detail ?? "");
}

/**
 * Follow what `path` tells of the speaker from now on. `heard` has a function for each event of
 * its stream that takes what came, `snapshot`, which takes what `path` itself answers, and `link`,
 * which takes whether there is a connection.
 *
 * A stream that has died without a word is found by looking every half minute, and when the phone
 * wakes up.
 */
function follow(path, heard) {
  let source = null;
  let tries = 0;
  let timer = 0;

  function open() {
    close();
    source = new EventSource(`${path}/events`);
    for (const name of Object.keys(heard)) {
      source.addEventListener(name, (event) => {
        tries = 0;
        heard.link(true);
        heard[name](JSON.parse(event.data));
      });
    }
    source.addEventListener("error", again);
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function again() {
    close();
    if (tries > 0) heard.link(false); // the first time may be a restart, which is over in a second
    const wait = Math.min(500 * 2 ** tries, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
    tries += 1;
    timer = setTimeout(open, wait);
  }

  async function look() {
    if (document.hidden || source === null) return;
    const watched = source;
    try {
      const snapshot = await ask("GET", path);
      if (watched === source) heard.snapshot(snapshot);
    } catch {
      if (watched !== source) return; // it was noticed meanwhile
      tries = Math.max(tries, 1);
      again();
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) open(); // the phone may have slept: its own clocks stood still
  });
  window.addEventListener("online", open);
  setInterval(look, LOOK_AGAIN_MS);
  open();
}
