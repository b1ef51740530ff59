"use strict";
// The form for a new timer, alarm or reminder, and for changing one.

/** `save(alert, body)` sets or changes; the form closes when that has gone well. */
class Editor {
  constructor(dialog, words, act) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.words = words;
    this.act = act;
    this.kind = "alarm";
    this.alert = null;
    const days = dialog.querySelector("#days");
    this.days = DAYS.map((day) => {
      const box = make("input", { type: "checkbox", value: day });
      box.ariaLabel = words.dayName(day, "long");
      const shown = make("span", { textContent: words.dayName(day, "short").slice(0, 2) });
      shown.ariaHidden = "true";
      days.append(make("label", {}, box, shown));
      box.addEventListener("change", () => this.showRhythm());
      return box;
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    dialog.querySelector("#never-mind").addEventListener("click", () => dialog.close());
  }

  /** Open it: for a new one of this kind, or for a change of `alert`. */
  open(kind, alert, routines) {
    const { form, words } = this;
    const t = words.t;
    this.kind = kind;
    this.alert = alert;
    form.reset();
    this.say("");
    const head = { timer: "newTimer", alarm: "newAlarm", reminder: "newReminder" };
    const change = { alarm: "changeAlarm", reminder: "changeReminder" };
    form.querySelector("h2").textContent = t((alert ? change : head)[kind]);
    for (const each of form.querySelectorAll("[data-for]")) {
      each.hidden = !each.dataset.for.split(" ").includes(kind);
    }
    const names = routines.map((each) => each.name);
    if (alert?.routine && !names.includes(alert.routine)) names.push(alert.routine);
    form.querySelector("#then").hidden = kind !== "alarm" || names.length === 0;
    form.elements.routine.replaceChildren(
      make("option", { value: "", textContent: t("nothing") }),
      ...names.map((name) => make("option", { value: name, textContent: name })),
    );
    const days = alert ? daysOf(alert.repeat, alert.due_at) : [];
    this.days.forEach((box) => (box.checked = days !== null && days.includes(box.value)));
    const start = alert?.due_at ?? later(this.act.now(), 3600);
    form.elements.time.value = alert || kind === "reminder" ? start.slice(11, 16) : "";
    form.elements.date.value = start.slice(0, 10);
    form.elements.date.min = this.act.now().slice(0, 10);
    form.elements.name.value = form.elements.text.value = alert?.text ?? "";
    form.elements.routine.value = alert?.routine ?? "";
    this.showRhythm();
    this.dialog.showModal();
    const first = { timer: "minutes", alarm: "time", reminder: "text" };
    form.elements[first[kind]].focus();
  }

  chosen() {
    return this.days.filter((box) => box.checked).map((box) => box.value);
  }

  /** Whether it goes on to repeat as it did. */
  rhythmIsKept() {
    if (!this.alert) return false;
    const days = daysOf(this.alert.repeat, this.alert.due_at);
    return days === null ? this.chosen().length === 0 : days.join() === this.chosen().join();
  }

  showRhythm() {
    const { words, alert } = this;
    const rule = alert && this.rhythmIsKept() ? alert.repeat : ruleOf(this.chosen());
    const rhythm = words.rhythm(rule, alert?.due_at ?? this.act.now());
    const isOwn = alert !== null && daysOf(rule, alert.due_at) === null;
    this.form.querySelector("#rhythm").textContent = isOwn
      ? words.t("keepsRhythm", { rhythm })
      : rhythm;
  }

  /** What to send. Throws a key of TEXTS for what is missing. */
  body() {
    const field = (name) => this.form.elements[name].value.trim();
    if (this.kind === "timer") {
      const seconds = 3600 * field("hours") + 60 * field("minutes") + 1 * field("seconds");
      if (!(seconds >= 1)) throw new Trouble("noLength");
      return { in_s: seconds, text: field("name") };
    }
    const time = field("time").slice(0, 5);
    if (!time) throw new Trouble("noTime");
    const kept = this.rhythmIsKept();
    const body = kept ? {} : { repeat: ruleOf(this.chosen()) };
    if (this.kind === "alarm") {
      body.text = field("name");
      if (field("routine") !== (this.alert?.routine ?? "")) body.routine = field("routine");
      const same = kept && this.alert.due_at.slice(11, 16) === time;
      if (!same) body.at = alarmAt(time, this.alert, this.act.now(), kept);
    } else {
      body.text = field("text");
      if (!body.text) throw new Trouble("noText");
      if (!field("date")) throw new Trouble("noTime");
      const at = `${field("date")}T${time}`;
      if (!kept || this.alert.due_at.slice(0, 16) !== at) body.at = at;
    }
    return body;
  }

  async save() {
    const button = this.form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const body = this.body();
      await (this.alert ? this.act.change(this.alert.id, body) : this.act.set(this.kind, body));
      this.dialog.close();
    } catch (error) {
      this.say(this.act.inWords(error));
    } finally {
      button.disabled = false;
    }
  }

  say(sentence) {
    const mistake = this.form.querySelector("#mistake");
    mistake.textContent = sentence;
    mistake.hidden = !sentence;
  }
}
