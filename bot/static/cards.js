/*
 * The conversation as it is drawn: the server's last word, and what still waits. For tests and
 * styles: article[data-message][data-author][data-step], within it [data-part="title"] and the like,
 * button[data-option], [aria-pressed="true"] where chosen; [data-unsent] for texts on their way.
 */

import { linkLine, make, picture, safe, sketched } from "./elements.js";
import { waiting } from "./kept.js";
import { say, write } from "./words.js";

// Milliseconds after which a wait is explained.
export const EXPLAIN_AFTER = 2000;

const scroller = document.getElementById("scroller");
const log = document.getElementById("log");
const unsent = document.getElementById("unsent");
const input = document.getElementById("text");

// As the server has them, by id; each with the element that shows it.
export const messages = new Map();
let tapped = () => {};

// Whom a tap is told: {kind: "tap", message, step, option}.
export function onTap(told) {
  tapped = told;
}

export function show(node) {
  if (node.hidden) {
    node.hidden = false;
    if (scroller.contains(node)) node.scrollIntoView({ block: "end" });
  }
}

// On a touch screen focus would raise the keyboard over the card.
export function focusComposer() {
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) input.focus({ preventScroll: true });
}

export function remove(gone) {
  for (const message of [...messages.values()].filter(gone)) {
    message.element.remove();
    messages.delete(message.id);
  }
}

const PARTS = {
  dots: { of: (view) => view.thinking || null, draw: () => [make("span", { class: "dots" })] },
  progress: {
    of: (view) => view.progress,
    draw: (meter) => [
      make("span", {}, meter.text),
      make("progress", { max: 1, value: meter.done, "aria-label": meter.text }),
    ],
  },
  notice: { of: (view) => view.notice, draw: (text) => [text] },
  title: { of: (view) => view.title, draw: (text) => [make("h2", {}, text)] },
  lines: { of: (view) => view.lines, draw: (lines) => lines.map((line) => make("p", {}, line)) },
  sketches: { of: (view) => view.sketches, draw: (sketches) => sketches.map(sketched) },
  rows: {
    of: (view) => view.rows.map((row) => row.map(({ id, label }) => ({ id, label }))),
    draw: (rows, message) =>
      rows.map((row) =>
        make("div", { class: "row" }, ...row.map((button) => optionButton(button, message.id))),
      ),
  },
  links: { of: (view) => view.links, draw: (links) => links.filter(safe).map(linkLine) },
  qr: { of: (view, message) => message.qr_svg, draw: (svg) => [picture(svg)] },
  reach: { of: (view, message) => message.reach, draw: (text) => [text] },
  hint: { of: (view) => view.hint, draw: (text) => [text] },
};

export function place(message) {
  const element = make("article", {
    class: `message ${message.author}`,
    "data-message": message.id,
    "data-author": message.author,
  });
  for (const name of message.author === "us" ? Object.keys(PARTS) : []) {
    element.append(make("div", { "data-part": name }));
  }
  const next = [...log.children].find((other) => Number(other.dataset.message) > message.id);
  log.insertBefore(element, next ?? null);
  return element;
}

export function draw() {
  const queue = waiting();
  for (const message of messages.values()) {
    if (message.author === "us") drawCard(message, queue);
    else drawWords(message);
  }
  const held = queue.filter((event) => event.kind === "text");
  if (held.map((event) => event.key).join() !== unsent.dataset.keys) {
    unsent.dataset.keys = held.map((event) => event.key).join();
    unsent.replaceChildren(
      ...held.map((event) =>
        make(
          "p",
          { class: "message them", "data-unsent": event.key },
          event.text,
          make("span", { class: "state", "data-text": "unsent" }, say("unsent")),
        ),
      ),
    );
    unsent.lastElementChild?.scrollIntoView({ block: "end" });
  }
  drawHint();
}

function drawWords(message) {
  if (message.drawn === message.revision) return;
  message.drawn = message.revision;
  message.element.replaceChildren(
    make("span", { class: "aside", "data-text": "you" }, say("you")),
    [message.view.title, ...message.view.lines].join("\n"),
  );
}

// Only the parts that changed are drawn anew: focus stays, and a screen reader says only them.
function drawCard(message, queue) {
  const { element, view } = message;
  const focused = element.contains(document.activeElement)
    ? document.activeElement.dataset.option
    : undefined;
  element.dataset.step = message.step;
  element.dataset.revision = message.revision;
  element.classList.toggle("shrunk", view.shrunk);
  think(message);
  for (const holder of element.children) {
    const part = PARTS[holder.dataset.part];
    const value = part.of(view, message) ?? null;
    const shape = JSON.stringify(value);
    if (holder.dataset.shape === shape) continue;
    holder.dataset.shape = shape;
    holder.replaceChildren(...(value === null ? [] : part.draw(value, message)));
  }
  drawTicks(message, queue);
  if (focused !== undefined && !element.contains(document.activeElement)) {
    const again = element.querySelector(`[data-option="${CSS.escape(focused)}"]`);
    if (again) again.focus({ preventScroll: true });
    else focusComposer();
  }
}

function drawTicks(message, queue) {
  for (const option of message.view.rows.flat()) {
    const button = message.element.querySelector(`[data-option="${CSS.escape(option.id)}"]`);
    const sending = queue.some((event) => isTap(event, message, option.id));
    button.toggleAttribute("data-sending", sending);
    if (sending && option.chosen) button.dataset.sending = "again";
    if (option.chosen || sending) button.setAttribute("aria-pressed", "true");
    else button.removeAttribute("aria-pressed");
  }
}

// What we are doing is told once it has taken a moment; a quick answer needs no explanation.
function think(message) {
  const { element, view } = message;
  element.classList.toggle("thinking", view.thinking);
  if (!view.thinking) {
    element.classList.remove("slow");
    delete element.dataset.since;
  } else if (!element.dataset.since) {
    element.dataset.since = Date.now();
    setTimeout(() => {
      if (!element.classList.contains("thinking")) return;
      element.classList.add("slow");
      reveal(element);
    }, EXPLAIN_AFTER);
  }
}

// The card that waits for an answer.
export function question() {
  return [...messages.values()]
    .filter(({ author, view }) => author === "us" && !view.shrunk && !view.thinking)
    .filter(({ view }) => view.hint || view.rows.length)
    .reduce((last, message) => (last?.revision > message.revision ? last : message), null);
}

function drawHint() {
  const asked = question();
  input.placeholder = asked?.view.hint ?? say("placeholder");
  // Half an example would mislead; the card shows it whole.
  if (!input.value && input.scrollWidth > input.clientWidth) input.placeholder = say("placeholder");
  const hint = asked?.element.querySelector('[data-part="hint"]');
  for (const old of log.querySelectorAll("#hint")) if (old !== hint) old.removeAttribute("id");
  if (hint) hint.id = "hint";
  if (asked?.view.hint) input.setAttribute("aria-describedby", "hint");
  else input.removeAttribute("aria-describedby");
}

function isTap(event, message, option) {
  return (
    event.kind === "tap" &&
    event.message === message.id &&
    event.step === message.step &&
    event.option === option
  );
}

function optionButton({ id, label }, messageId) {
  const button = make("button", { type: "button", "data-option": id }, label);
  button.addEventListener("click", () => {
    const message = messages.get(messageId);
    // A nervous second tap is the same tap while the first is on its way.
    if (waiting().some((event) => isTap(event, message, id))) return;
    tapped({ kind: "tap", message: messageId, step: message.step, option: id });
  });
  return button;
}

// A card that is taller than the window is shown from its beginning.
export function reveal(element) {
  const tall = element.offsetHeight > scroller.clientHeight - 32;
  const last = element === log.lastElementChild;
  if (last && !tall) scroller.scrollTop = scroller.scrollHeight;
  else element.scrollIntoView({ block: tall ? "start" : "nearest" });
}
