"use strict";
// What there is, and what is shown of it. Everything comes from the speaker; what is pressed here
// is seen when the speaker has said that it is so.

const $ = (id) => document.getElementById(id);
const preferred = navigator.language || "en";
const words = wordsOf(languageOf(preferred, document.documentElement.dataset.speaks), preferred);
const t = words.t;
const name = document.title;
const QUICK_MINUTES = [1, 3, 5, 10, 15];
const NOTICE_MS = 8000;
const LOOK_MS = 5000;

const alerts = new Map();
let routines = [];
let running = []; // the names of the routines that run
let spoke = null; // what the speaker's clock showed, and when
let trouble = null;
let editor = null;
let noticeTimer = 0;
let lookTimer = 0;

const act = {
  now: () => (spoke ? later(spoke.now, (performance.now() - spoke.at) / 1000) : phoneTime()),
  post: (id, what) => askOf(id, "POST", `/${what}`),
  adjust: (id, by_s) => askOf(id, "PATCH", "", { by_s }),
  cancel: (id) => askOf(id, "DELETE"),
  change: (id, body) => askOf(id, "PATCH", "", body),
  set: async (kind, body) => take(await ask("POST", "/alerts", { kind, ...body })),
  edit: (id) => editor.open(alerts.get(id).kind, alerts.get(id), routines),
  async run(which) {
    const path = `/routines/${encodeURIComponent(which)}/run`;
    const { started } = await ask("POST", path);
    notice(t(started ? "running" : "isRunning", { name: which }), false);
    await loadRoutines();
  },
  async stopRoutines() {
    await ask("POST", "/routines/stop");
    await loadRoutines();
  },
  inWords(error) {
    if (!(error instanceof Trouble)) throw error;
    const own = t(error.key);
    const says = ["refused", "forbidden"].includes(error.key) && words.language === "en";
    return says && error.detail ? `${own} ${error.detail}` : own;
  },
};

/** Ask something of an alert; one that is gone is taken from the page. Throws Trouble. */
async function askOf(id, method, what = "", body = undefined) {
  try {
    take(await ask(method, `/alerts/${id}${what}`, body));
  } catch (error) {
    if (error.key === "gone" && alerts.delete(id)) show();
    throw error;
  }
}

function tell(error) {
  notice(act.inWords(error), error.key !== "gone");
}

function notice(sentence, bad) {
  const [shown, other] = bad ? [$("problem"), $("said")] : [$("said"), $("problem")];
  other.hidden = true;
  shown.textContent = sentence;
  shown.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (shown.hidden = true), NOTICE_MS);
}

/** For as long as the speaker has not said what time it is. */
function phoneTime() {
  return new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString().slice(0, 19);
}

// --- what comes from the speaker ---------------------------------------------------------------

function take(alert) {
  if (alert.state === "done") alerts.delete(alert.id);
  else keep(alert);
  if (alert.kind === "routine") loadRoutines().catch(tell);
  show();
}

/** `endsAt` is by the phone's clock that nobody sets. */
function keep(alert) {
  alerts.set(alert.id, { ...alert, endsAt: performance.now() + 1000 * alert.remaining_s });
}

function takeAll(snapshot) {
  spoke = { now: snapshot.now, at: performance.now() };
  trouble = snapshot.trouble;
  $("unset").hidden = !snapshot.waits_for_clock;
  alerts.clear();
  snapshot.alerts.forEach(keep);
  show();
  loadRoutines().catch(tell);
}

async function loadRoutines() {
  ({ routines, running } = await ask("GET", "/routines"));
  clearTimeout(lookTimer); // nobody tells when one ends
  if (running.length) lookTimer = setTimeout(() => loadRoutines().catch(tell), LOOK_MS);
  show();
}

function left(alert) {
  if (alert.state === "paused") return alert.remaining_s;
  return (alert.endsAt - performance.now()) / 1000;
}

// --- what is shown ------------------------------------------------------------------------------

const build = cardBuilders(words, act, tell, left);
const sections = {
  ringing: new Cards($("ringing"), build.ringing),
  missed: new Cards($("missed"), build.missed),
  timers: new Cards($("timers"), build.timer),
  alarms: new Cards($("alarms"), build.dated),
  reminders: new Cards($("reminders"), build.dated),
  routines: new Cards($("routines"), build.routine, (each) => each.name),
};

function show() {
  const all = [...alerts.values()];
  const those = (...kinds) =>
    all
      .filter((each) => kinds.includes(each.kind) && ["pending", "paused"].includes(each.state))
      .sort((one, other) => left(one) - left(other) || one.id - other.id);
  const ringing = all.filter((each) => each.state === "due" && each.kind !== "routine");
  sections.ringing.show(ringing, true);
  sections.missed.show(all.filter((each) => each.state === "missed"), true);
  sections.timers.show(those("timer"));
  sections.alarms.show(those("alarm", "routine"));
  sections.reminders.show(those("reminder"));
  sections.routines.show(routines, true);
  $("stop-routines").hidden = running.length === 0;
  $("stop-all").hidden = ringing.length < 2;
  $("trouble").hidden = trouble === null;
  $("trouble").textContent = trouble === null ? "" : t("trouble");
  document.title = ringing.length ? `${t("ringing")}: ${titleOf(ringing[0], words)}` : name;
}

function tick() {
  for (const [id, card] of sections.timers.cards) card.tick(alerts.get(id));
  $("clock").textContent = spoke ? words.time(act.now()) : "";
}

// --- the page -----------------------------------------------------------------------------------

document.documentElement.lang = words.language;
for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
$("offline").textContent = t("offline");
$("unset").textContent = t("unset");
editor = new Editor($("editor"), words, act);
for (const each of document.querySelectorAll("[data-add]")) {
  each.addEventListener("click", () => editor.open(each.dataset.add, null, routines));
}
for (const minutes of QUICK_MINUTES) {
  const start = button(t("quick", { n: minutes }), () => act.set("timer", { in_s: 60 * minutes }), tell);
  start.setAttribute("aria-label", t("quickLabel", { n: minutes }));
  $("quick").append(start);
}
$("quick").append(button(t("addTimer"), async () => editor.open("timer", null, routines), tell));
$("stop-routines").append(button(t("stopRoutines"), act.stopRoutines, tell));
$("stop-all").addEventListener("click", async () => {
  try {
    await ask("POST", "/alerts/acknowledge");
  } catch (error) {
    tell(error);
  }
});

follow("/alerts", {
  snapshot: takeAll,
  alert: take,
  ringing_heard(heard) {
    trouble = heard.trouble;
    show();
  },
  link: (is) => ($("offline").hidden = is),
});
setInterval(tick, 250);
