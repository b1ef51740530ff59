"use strict";
// What the page says, in two languages. Times come from the speaker as its own wall clock, without
// zone; here they are read as if they were UTC, so that the phone's own zone changes nothing.

const TEXTS = {
  en: {
    ringing: "Ringing", missed: "Missed", timers: "Timers", alarms: "Alarms", reminders: "Reminders",
    routines: "Routines", timer: "Timer", alarm: "Alarm", reminder: "Reminder", routine: "Routine",
    stop: "Stop", stopAll: "Stop all", stopRoutines: "Stop what runs", snooze: "9 more minutes", ok: "OK", pause: "Pause",
    resume: "Go on", more: "+1 min", cancel: "Cancel", change: "Change", skip: "Skip next",
    remove: "Delete", sure: "Really?", run: "Run", save: "Save", neverMind: "Never mind",
    addTimer: "Other…", addAlarm: "New alarm", addReminder: "New reminder",
    newTimer: "New timer", newAlarm: "New alarm", newReminder: "New reminder",
    changeAlarm: "Change alarm", changeReminder: "Change reminder",
    length: "How long", hours: "Hours", minutes: "Minutes", seconds: "Seconds", what: "Remind me of",
    time: "Time", date: "Date", repeat: "Repeat", called: "Name (may be empty)",
    then: "When stopped, run", nothing: "nothing", paused: "paused", quick: "{n} min",
    quickLabel: "Timer for {n} minutes", today: "today", tomorrow: "tomorrow", once: "once",
    daily: "every day", weekdays: "Monday to Friday", weekend: "at the weekend",
    monthly: "every month", yearly: "every year", special: "in a rhythm of its own",
    keepsRhythm: "It repeats {rhythm}. Choose days to change that.",
    thenRuns: "then “{name}”", wasDue: "{kind}, {when}",
    h: ["hour", "hours"], m: ["minute", "minutes"], s: ["second", "seconds"], d: ["day", "days"],
    offline: "No connection to the speaker. What is shown may be out of date; trying again…",
    trouble: "The speaker cannot be heard right now. Look here for what rings.",
    unset: "The speaker's clock is not set yet. Alarms wait for it, five minutes at most.",
    unreachable: "The speaker did not answer. Try again.",
    gone: "That is over already: somebody may have stopped it.",
    refused: "That cannot be done.", forbidden: "This page may not do that.",
    disk: "The speaker could not write that down. Is its disk full?",
    busy: "The speaker is busy or starting. Try again in a moment.",
    noLength: "Say how long.", noTime: "Say at what time.", noText: "Say of what.",
    toDevice: "The speaker: volume, microphone, lights",
    running: "“{name}” runs.", isRunning: "“{name}” is running already.",
  },
  de: {
    ringing: "Es klingelt", missed: "Verpasst", timers: "Timer", alarms: "Wecker",
    reminders: "Erinnerungen", routines: "Abläufe", timer: "Timer", alarm: "Wecker",
    reminder: "Erinnerung", routine: "Ablauf", stop: "Stopp", stopAll: "Alles stoppen", stopRoutines: "Laufende beenden",
    snooze: "Noch 9 Minuten", ok: "OK", pause: "Pause", resume: "Weiter", more: "+1 Min.",
    cancel: "Löschen", change: "Ändern", skip: "Auslassen", remove: "Löschen",
    sure: "Wirklich?", run: "Starten", save: "Speichern", neverMind: "Doch nicht",
    addTimer: "Andere…", addAlarm: "Neuer Wecker", addReminder: "Neue Erinnerung",
    newTimer: "Neuer Timer", newAlarm: "Neuer Wecker", newReminder: "Neue Erinnerung",
    changeAlarm: "Wecker ändern", changeReminder: "Erinnerung ändern",
    length: "Wie lange", hours: "Stunden", minutes: "Minuten", seconds: "Sekunden",
    what: "Woran erinnern", time: "Uhrzeit", date: "Datum", repeat: "Wiederholen",
    called: "Name (darf leer sein)", then: "Nach dem Stoppen starten", nothing: "nichts",
    paused: "pausiert", quick: "{n} Min.", quickLabel: "Timer für {n} Minuten", today: "heute",
    tomorrow: "morgen", once: "einmal", daily: "jeden Tag", weekdays: "Montag bis Freitag",
    weekend: "am Wochenende", monthly: "jeden Monat", yearly: "jedes Jahr",
    special: "in eigenem Rhythmus",
    keepsRhythm: "Wiederholt sich {rhythm}. Tage wählen, um das zu ändern.",
    thenRuns: "danach „{name}“", wasDue: "{kind}, {when}",
    h: ["Stunde", "Stunden"], m: ["Minute", "Minuten"], s: ["Sekunde", "Sekunden"],
    d: ["Tag", "Tage"],
    offline: "Keine Verbindung zum Lautsprecher. Die Anzeige kann veraltet sein; neuer Versuch …",
    trouble: "Der Lautsprecher ist gerade nicht zu hören. Was klingelt, steht hier.",
    unset: "Die Uhr des Lautsprechers ist noch nicht gestellt. Wecker warten darauf, höchstens fünf Minuten.",
    unreachable: "Der Lautsprecher hat nicht geantwortet. Bitte noch einmal versuchen.",
    gone: "Das ist schon vorbei: Vielleicht hat es jemand gestoppt.",
    refused: "Das geht so nicht.", forbidden: "Diese Seite darf das nicht.",
    disk: "Der Lautsprecher konnte das nicht speichern. Ist sein Speicher voll?",
    busy: "Der Lautsprecher ist beschäftigt oder startet gerade. Gleich noch einmal versuchen.",
    noLength: "Wie lange? Bitte eine Dauer angeben.", noTime: "Wann? Bitte eine Uhrzeit angeben.",
    toDevice: "Der Lautsprecher: Lautstärke, Mikrofon, Lichter",
    noText: "Woran? Bitte etwas eingeben.", running: "„{name}“ läuft.",
    isRunning: "„{name}“ läuft schon.",
  },
};

const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** German where the phone or the speaker is; else English. */
function languageOf(preferred, speaks) {
  return /^de\b/i.test(preferred) || speaks === "de" ? "de" : "en";
}

/** All words of one language; `locale` is how the phone writes dates, where that language is its. */
function wordsOf(language, preferred) {
  const texts = TEXTS[language];
  const locale = preferred.toLowerCase().startsWith(language) ? preferred : language;
  const written = (options, at) =>
    new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(at);
  const t = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const time = (local) => written({ hour: "numeric", minute: "2-digit" }, momentOf(local));
  const dayName = (day, style) => written({ weekday: style }, Date.UTC(2024, 0, 1 + DAYS.indexOf(day)));

  /** "tomorrow", "Friday", "3 July", by the speaker's clock. */
  function day(local, now) {
    const at = momentOf(local);
    const days = Math.round((Date.UTC(...dateOf(local)) - Date.UTC(...dateOf(now))) / 86_400_000);
    if (days === 0) return t("today");
    if (days === 1) return t("tomorrow");
    if (days > 1 && days < 7) return written({ weekday: "long" }, at);
    const year = local.slice(0, 4) === now.slice(0, 4) ? {} : { year: "numeric" };
    return written({ weekday: "short", day: "numeric", month: "long", ...year }, at);
  }

  /** How a rule repeats, for people. */
  function rhythm(rule, dueAt) {
    if (!rule) return t("once");
    const days = daysOf(rule, dueAt);
    if (days !== null) {
      if (days.length === 7) return t("daily");
      if (days.join() === "MO,TU,WE,TH,FR") return t("weekdays");
      if (days.join() === "SA,SU") return t("weekend");
      return days.map((each) => dayName(each, days.length > 2 ? "short" : "long")).join(", ");
    }
    if (/^FREQ=MONTHLY(;BYMONTHDAY=-?\d+)?$/.test(rule)) return t("monthly");
    if (/^FREQ=YEARLY(;BYMONTH=\d+)?(;BYMONTHDAY=\d+)?$/.test(rule)) return t("yearly");
    return t("special");
  }

  /** "4 minutes 5 seconds", for those who listen. */
  function duration(seconds) {
    const left = Math.max(0, Math.ceil(seconds));
    const parts = [["d", Math.floor(left / 86_400)], ["h", Math.floor(left / 3600) % 24],
      ["m", Math.floor(left / 60) % 60], ["s", left % 60]].filter(([, n]) => n > 0);
    if (parts.length === 0) parts.push(["s", 0]);
    return parts.map(([unit, n]) => `${n} ${texts[unit][n === 1 ? 0 : 1]}`).join(" ");
  }

  return { language, t, time, day, dayName, rhythm, duration };
}

function dateOf(local) {
  const [year, month, day] = local.slice(0, 10).split("-").map(Number);
  return [year, month - 1, day];
}

function momentOf(local) {
  const [hours, minutes, seconds] = local.slice(11).split(":").map(Number);
  return Date.UTC(...dateOf(local), hours, minutes, seconds || 0);
}

/** The local time, so many seconds after this one. */
function later(local, seconds) {
  return new Date(momentOf(local) + seconds * 1000).toISOString().slice(0, 19);
}

/** What is left, to be watched: "4:05", "1:02:03", "2 d 1:02:03". Never 0:00 before it is over. */
function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [days, hours] = [Math.floor(left / 86_400), Math.floor(left / 3600) % 24];
  const [minutes, rest] = [Math.floor(left / 60) % 60, left % 60];
  const clock = days || hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  return days ? `${days} d ${clock}` : clock;
}

/** The days of a weekly or daily rule, Monday first; null for any other rhythm. */
function daysOf(rule, dueAt) {
  if (!rule) return [];
  if (rule === "FREQ=DAILY") return [...DAYS];
  const match = /^FREQ=(?:WEEKLY|DAILY)(?:;BYDAY=([A-Z,]+))?$/.exec(rule);
  if (match === null) return null;
  const given = match[1] ? match[1].split(",") : [DAYS[(new Date(momentOf(dueAt)).getUTCDay() + 6) % 7]];
  return DAYS.filter((day) => given.includes(day));
}

/** The rule for these days; empty for once. */
function ruleOf(days) {
  if (days.length === 0) return "";
  return days.length === 7 ? "FREQ=DAILY" : `FREQ=WEEKLY;BYDAY=${DAYS.filter((d) => days.includes(d)).join()}`;
}

/**
 * What to send as `at` for an alarm that is to ring at `time` ("07:30").
 *
 * The next such time, except where it stands on a later day already and stays there: one that is
 * more than a day ahead happens once, or repeats in a rhythm that this page cannot show.
 */
function alarmAt(time, alarm, now, rhythmIsKept) {
  if (!alarm) return time;
  const isFar = momentOf(alarm.due_at) - momentOf(now) > 86_400_000;
  const keepsDay = rhythmIsKept ? daysOf(alarm.repeat, alarm.due_at) === null || (!alarm.repeat && isFar) : false;
  return keepsDay ? `${alarm.due_at.slice(0, 10)}T${time}` : time;
}
