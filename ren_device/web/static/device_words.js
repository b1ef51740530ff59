"use strict";
// What the device's page says besides the words of the other one.

Object.assign(TEXTS.en, {
  toAlerts: "Timers and alarms", silence: "Silence", volume: "Volume", quieter: "Quieter",
  louder: "Louder", talk: "Talk", hush: "Stop",
  how: "Tap: talk, or stop what sounds. Hold: talk until you let go.",
  mute: "Mute the microphone",
  off: "The microphone is off.", offSwitch: "The microphone is off: so says the switch on the speaker.",
  cannotTalk: "The speaker cannot listen right now.",
  broken: "Something is wrong.",
  percent: "{n} %", quietHours: "{n} %, in the quiet hours {heard} %",
  simulated: "A simulated speaker: the buttons here press its pins, the lights are what the pins drive.",
  bare: "No buttons and no lights are known of this speaker.",
  light: "Light: {is}", noLight: "It has no light.",
  phases: {
    off: "The voice is off", starting: "Starting", idle: "Ready", listening: "Listening",
    thinking: "Thinking", speaking: "Speaking", fault: "The voice does not work",
  },
  lights: {
    reset_warning: "a warning: whoever holds on erases everything", ringing: "it rings",
    refused: "in vain, the microphone is off", volume: "the volume", listening: "it listens",
    thinking: "it thinks", speaking: "it speaks", fault: "something is wrong",
    muted: "the microphone is off", updating: "it is being updated", setup: "it waits to be set up",
    starting: "it starts", no_network: "no network", timer: "a timer runs", idle: "dark",
  },
});

Object.assign(TEXTS.de, {
  toAlerts: "Timer und Wecker", silence: "Ruhe", volume: "Lautstärke", quieter: "Leiser",
  louder: "Lauter", talk: "Sprechen", hush: "Stopp",
  how: "Tippen: sprechen, oder stoppen, was zu hören ist. Halten: sprechen bis zum Loslassen.",
  mute: "Mikrofon stumm",
  off: "Das Mikrofon ist aus.", offSwitch: "Das Mikrofon ist aus: So steht der Schalter am Lautsprecher.",
  cannotTalk: "Der Lautsprecher kann gerade nicht zuhören.",
  broken: "Etwas stimmt nicht.",
  percent: "{n} %", quietHours: "{n} %, in der Ruhezeit {heard} %",
  simulated: "Ein simulierter Lautsprecher: Die Knöpfe hier drücken seine Pins, die Lichter zeigen, was die Pins treiben.",
  bare: "Von diesem Lautsprecher sind weder Knöpfe noch Lichter bekannt.",
  light: "Licht: {is}", noLight: "Er hat kein Licht.",
  phases: {
    off: "Die Stimme ist aus", starting: "Startet", idle: "Bereit", listening: "Hört zu",
    thinking: "Denkt nach", speaking: "Spricht", fault: "Die Stimme geht nicht",
  },
  lights: {
    reset_warning: "Warnung: wer weiter hält, löscht alles", ringing: "es klingelt",
    refused: "vergeblich, das Mikrofon ist aus", volume: "die Lautstärke", listening: "hört zu",
    thinking: "denkt nach", speaking: "spricht", fault: "etwas stimmt nicht",
    muted: "das Mikrofon ist aus", updating: "wird aktualisiert", setup: "wartet auf die Einrichtung",
    starting: "startet", no_network: "kein Netz", timer: "ein Timer läuft", idle: "dunkel",
  },
});

/** One line for what the speaker does. */
function phaseWords(texts, { phase, muted, muted_by }) {
  if (muted && (phase === "idle" || phase === "listening")) {
    return muted_by === "switch" ? texts.offSwitch : texts.off;
  }
  return texts.phases[phase];
}

/** One line for how loud it is. */
function loudWords(texts, { percent, heard_percent }) {
  const line = heard_percent < percent ? texts.quietHours : texts.percent;
  return line.replace("{n}", percent).replace("{heard}", heard_percent);
}
