"use strict";
// The cards: one for each alert or routine. A card stays the same element while its alert lives, so
// that nothing moves away under a finger, and the screen reader stays where it is.

/** An element with these properties and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A button that waits for its work; what throws is told by `tell`. */
function button(label, work, tell, className = "") {
  const element = make("button", { type: "button", textContent: label, className });
  element.addEventListener("click", async () => {
    if (element.ariaDisabled) return; // `disabled` would lose the focus
    element.ariaDisabled = "true";
    try {
      await work();
    } catch (error) {
      tell(error);
    } finally {
      element.ariaDisabled = null;
    }
  });
  return element;
}

/** A button that must be pressed twice: the first press only asks. */
function carefulButton(label, sure, work, tell) {
  let asked = 0;
  const calm = () => {
    asked = 0;
    element.textContent = label;
    element.classList.remove("sure");
    nameButton(element);
  };
  const element = button(
    label,
    async () => {
      if (Date.now() - asked > 400 && asked) {
        calm();
        await work();
      } else if (!asked) {
        asked = Date.now();
        element.textContent = sure;
        element.classList.add("sure");
        nameButton(element);
        setTimeout(calm, 5000);
      }
    },
    tell,
  );
  return element;
}

/** Keeps the cards of one section in step with what there is. */
class Cards {
  /** `build(item)` makes {element, show(item)}; `keyOf(item)` tells one from another. */
  constructor(section, build, keyOf = (item) => item.id) {
    this.section = section;
    this.box = section.querySelector(".cards");
    this.build = build;
    this.keyOf = keyOf;
    this.cards = new Map();
  }

  /** Show exactly these, in this order; a section that `hides` is there only when it has some. */
  show(items, hides = false) {
    const keys = new Set(items.map(this.keyOf));
    for (const [key, card] of this.cards) {
      if (keys.has(key)) continue;
      if (card.element.contains(document.activeElement)) this.section.querySelector("h2").focus();
      card.element.remove();
      this.cards.delete(key);
    }
    items.forEach((item, index) => {
      let card = this.cards.get(this.keyOf(item));
      if (!card) {
        card = this.build(item);
        this.cards.set(this.keyOf(item), card);
      }
      card.show(item);
      const there = this.box.children[index];
      if (there !== card.element) this.box.insertBefore(card.element, there ?? null);
    });
    if (hides) this.section.hidden = items.length === 0;
  }
}

/** A card with big letters, a text, a detail and buttons, all by name. */
function cardOf(buttons) {
  const [big, text, detail] = ["big", "text", "detail"].map((name) =>
    make("p", { className: name }),
  );
  const row = make("div", { className: "buttons" }, ...Object.values(buttons));
  const element = make("article", { className: "card" }, big, text, detail, row);
  return { element, big, text, detail, buttons };
}

/** Say what a card's buttons are about, for those who do not see the card around them. */
function nameButtons(card, about) {
  for (const each of Object.values(card.buttons)) {
    each.dataset.about = about;
    nameButton(each);
  }
}

function nameButton(element) {
  element.ariaLabel = `${element.textContent}: ${element.dataset.about}`;
}

/** What an alert is called on this page. */
function titleOf(alert, words) {
  return alert.text || (alert.kind === "routine" && alert.routine) || words.t(alert.kind);
}

/** All builders of cards. `act` does things, `tell` tells of trouble, `left` knows what is left. */
function cardBuilders(words, act, tell, left) {
  const t = words.t;
  const does = (key, work, className) => button(t(key), work, tell, className);
  const doesWithCare = (key, work) => carefulButton(t(key), t("sure"), work, tell);

  function ringing({ id, kind }) {
    const card = cardOf({
      stop: does("stop", () => act.post(id, "acknowledge"), "huge stop"),
      snooze: does("snooze", () => act.post(id, "snooze")),
      ...(kind === "timer" && { more: does("more", () => act.adjust(id, 60)) }),
    });
    return {
      element: card.element,
      show(alert) {
        card.text.textContent = titleOf(alert, words);
        card.detail.textContent = alert.text
          ? t("wasDue", { kind: t(alert.kind), when: words.time(alert.due_at) })
          : words.time(alert.due_at);
        nameButtons(card, titleOf(alert, words));
      },
    };
  }

  function missed({ id }) {
    const card = cardOf({ ok: does("ok", () => act.post(id, "acknowledge")) });
    return {
      element: card.element,
      show(alert) {
        const when = `${words.day(alert.due_at, act.now())} ${words.time(alert.due_at)}`;
        card.text.textContent = titleOf(alert, words);
        card.detail.textContent = t("wasDue", { kind: t(alert.kind), when });
        nameButtons(card, titleOf(alert, words));
      },
    };
  }

  function timer({ id }) {
    let paused = false;
    const card = cardOf({
      pause: does("pause", () => act.post(id, paused ? "resume" : "pause")),
      more: does("more", () => act.adjust(id, 60)),
      cancel: doesWithCare("cancel", () => act.cancel(id)),
    });
    return {
      element: card.element,
      tick(alert) {
        const seconds = left(alert);
        card.big.textContent = countdown(seconds);
        card.element.ariaLabel = `${titleOf(alert, words)}, ${words.duration(seconds)}`;
      },
      show(alert) {
        paused = alert.state === "paused";
        card.big.ariaHidden = "true"; // changes every second; the card's label says it
        card.text.textContent = alert.text;
        card.detail.textContent = paused ? t("paused") : "";
        card.buttons.pause.textContent = t(paused ? "resume" : "pause");
        nameButtons(card, titleOf(alert, words));
        this.tick(alert);
      },
    };
  }

  function dated({ id }) {
    const card = cardOf({
      change: does("change", () => act.edit(id)),
      skip: does("skip", () => act.post(id, "skip")),
      remove: doesWithCare("remove", () => act.cancel(id)),
    });
    return {
      element: card.element,
      show(alert) {
        const parts = [words.day(alert.due_at, act.now())];
        if (alert.repeat) parts.push(words.rhythm(alert.repeat, alert.due_at));
        if (alert.kind === "routine") parts.unshift(t("routine"));
        else if (alert.routine) parts.push(t("thenRuns", { name: alert.routine }));
        card.big.textContent = words.time(alert.due_at);
        card.text.textContent = alert.text || (alert.kind === "routine" ? alert.routine : "");
        card.detail.textContent = parts.join(" · ");
        card.buttons.skip.hidden = !alert.repeat;
        card.buttons.change.hidden = alert.kind === "routine";
        nameButtons(card, card.text.textContent || card.big.textContent);
      },
    };
  }

  function routine({ name }) {
    const card = cardOf({ run: does("run", () => act.run(name)) });
    card.text.textContent = name;
    nameButtons(card, name);
    return { element: card.element, show() {} };
  }

  return { ringing, missed, timer, dated, routine };
}
