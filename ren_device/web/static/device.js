"use strict";
// The speaker as a thing. Everything shown comes from the speaker, the lights above all: without a
// connection they are dark.

const $ = (id) => document.getElementById(id);
const preferred = navigator.language || "en";
const { language, t } = wordsOf(languageOf(preferred, document.documentElement.dataset.speaks), preferred);
const texts = TEXTS[language];
const HELD_MS = 350; // a tap is shorter
const RENEW_MS = 1000;
const NOTICE_MS = 8000;
const STEP_PERCENT = 10;

let device = null; // as GET /device says it
let here = false; // whether there is a connection
let sliding = false;
let noticeTimer = 0;

// --- what is asked of the speaker -----------------------------------------------------------------

let last = Promise.resolve();
let waiting = 0;

/** One request after the other: a release must never overtake its press. */
function inOrder(work) {
  waiting += 1;
  const done = last.then(work).finally(() => (waiting -= 1));
  last = done.catch(() => {});
  return done;
}

async function post(what, body = {}) {
  take(await ask("POST", `/device/${what}`, body));
}

function tell(error) {
  if (!(error instanceof Trouble)) throw error;
  $("problem").textContent = t(error.key);
  $("problem").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => ($("problem").hidden = true), NOTICE_MS);
}

const press = (control, down) => inOrder(() => post("press", { control, down })).catch(tell);

/** Whether this control is a simulated pin, to be pressed here. */
function isPin(control) {
  return Boolean(device?.simulated && device.hardware?.controls.includes(control));
}

/** A button that knows when it is let go, by finger, mouse, key or screen reader. */
function holdable(element, down, up = () => {}) {
  let isDown = false;
  const begin = () => {
    if (isDown || device === null) return;
    isDown = true;
    element.classList.add("down");
    down();
  };
  const end = () => {
    if (!isDown) return;
    isDown = false;
    element.classList.remove("down");
    up();
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    begin();
  });
  for (const each of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    element.addEventListener(each, end);
  }
  for (const each of ["keydown", "keyup"]) {
    element.addEventListener(each, (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault(); // or it would be a click as well
      if (each === "keyup") end();
      else if (!event.repeat) begin();
    });
  }
  element.addEventListener("click", (event) => {
    if (event.detail !== 0) return; // pointers were seen already; this is a screen reader
    begin();
    end();
  });
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("visibilitychange", () => document.hidden && end());
}

/** The talk button of a real speaker: a tap, and push-to-talk when it is held. */
function talkButton() {
  let holding = 0;
  let renewing = 0;
  let held = false;
  const leave = () => {
    clearTimeout(holding);
    clearInterval(renewing);
  };
  const failed = (error) => {
    leave();
    held = false;
    tell(error.key === "busy" ? new Trouble("cannotTalk") : error);
  };
  const hold = () => inOrder(() => post("talk", { held: true })).catch(failed);
  return {
    down() {
      held = false;
      holding = setTimeout(() => {
        held = true;
        hold();
        renewing = setInterval(() => waiting || hold(), RENEW_MS);
      }, HELD_MS);
      inOrder(() => post("talk")).catch(failed);
    },
    up() {
      leave();
      inOrder(async () => held && post("release")).catch(tell);
    },
  };
}

const talk = talkButton();
holdable(
  $("talk"),
  () => (isPin("talk") ? press("talk", true) : talk.down()),
  () => (isPin("talk") ? press("talk", false) : talk.up()),
);

holdable(
  $("mute"),
  () => {
    const bySwitch = device.hardware?.mute_is_switch;
    const software = !isPin("mute") || (bySwitch && device.muted_by === "software");
    const refused = (error) => tell(error.key === "off" ? new Trouble("offSwitch") : error);
    if (software) inOrder(() => post("mute", { muted: !device.muted })).catch(refused);
    else press("mute", !bySwitch || device.muted_by !== "switch");
  },
  () => isPin("mute") && !device.hardware.mute_is_switch && press("mute", false),
);

for (const [id, control, sign] of [["louder", "volume_up", 1], ["quieter", "volume_down", -1]]) {
  holdable(
    $(id),
    () => {
      if (isPin(control)) press(control, true);
      else if (device.simulated && device.hardware?.knob) inOrder(() => post("press", { turn: sign })).catch(tell);
      else inOrder(() => post("volume", { by: sign * STEP_PERCENT })).catch(tell);
    },
    () => isPin(control) && press(control, false),
  );
}

$("volume").addEventListener("input", (event) => {
  sliding = true;
  $("loud").textContent = t("percent", { n: event.target.value });
});
$("volume").addEventListener("change", (event) => {
  sliding = false;
  inOrder(() => post("volume", { percent: Number(event.target.value) })).catch(tell).finally(show);
});
$("stop").addEventListener("click", () => inOrder(() => post("stop")).catch(tell));

// --- what is shown --------------------------------------------------------------------------------

/** All of it, or what of it has changed. */
function take(what) {
  device = { ...device, ...what };
  show();
}

function show() {
  // The four frames come one after the other: there is nothing to show before the last of them.
  if (device?.phase === undefined || device.hardware === undefined) return;
  const { lights, volume, hardware, muted } = device;
  shine(lights.pixels, [$("halo"), $("pixels")]);
  const is = texts.lights[lights.state];
  write("light", lights.pixels.length ? t("light", { is }) : t("noLight"));
  write("phase", phaseWords(texts, device));
  const sounds = ["thinking", "speaking"].includes(device.phase) || lights.state === "ringing";
  write("talk-word", t(sounds ? "hush" : "talk"));
  $("talk").classList.toggle("off", muted);
  $("mute").setAttribute("aria-pressed", String(muted));
  if (!sliding) {
    $("volume").value = volume.percent;
    write("loud", loudWords(texts, volume));
  }
  const wrong = [...new Set([device.trouble, hardware?.trouble].filter(Boolean))];
  $("trouble").hidden = wrong.length === 0;
  $("trouble").lastElementChild.textContent = wrong.join(" ");
  $("simulated").hidden = !device.simulated;
  write("board", hardware ? hardware.title : t("bare"));
}

/** Only when it is another: a screen reader says what is written. */
function write(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

document.documentElement.lang = language;
for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
for (const each of document.querySelectorAll("[data-label]")) each.ariaLabel = t(each.dataset.label);
$("offline").textContent = t("offline");
$("simulated").textContent = t("simulated");
$("trouble").firstElementChild.textContent = t("broken");

follow("/device", {
  lights: (lights) => take({ lights }),
  volume: (volume) => take({ volume }),
  mute: take,
  phase: take,
  snapshot: take,
  link(is) {
    if (is && !here) ask("GET", "/device").then(take, tell); // the board may be another one now
    here = is;
    $("offline").hidden = is;
    document.body.classList.toggle("away", !is);
    if (is) return;
    shine((device?.lights?.pixels ?? []).map(() => "#000000"), [$("halo"), $("pixels")]);
    for (const each of ["phase", "light"]) write(each, "");
  },
});
