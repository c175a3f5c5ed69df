/*
 * The chat page. One loop talks to the server: it opens the conversation, sends what waits in the
 * queue, and otherwise listens for what is new. What is on the page is always the server's last
 * word plus what still waits. The queue and the unfinished text are kept (kept.js), so that neither
 * a reload nor a lost connection loses them; words that were not understood come back to be mended.
 *
 * For tests and styles: article[data-message][data-author][data-step], within it
 * [data-part="title"] and the like, button[data-option], [aria-pressed="true"] where chosen;
 * #text, #send, #banner, #typing; [data-unsent] for texts on their way.
 */

import { linkLine, make, picture, safe } from "./elements.js";
import { claim, drop, enqueue, forget, keep, onChange, recall, waiting } from "./kept.js";
import { say, speak, spoken, write } from "./words.js";

const LISTEN_SECONDS = 25;
const ANSWER_SECONDS = 20;
const LONGEST_RETRY = 30_000;
const SIGN_AFTER = 400;
const EXPLAIN_AFTER = 2000;
const MESSAGES_KEPT = 40;

const scroller = document.getElementById("scroller");
const log = document.getElementById("log");
const unsent = document.getElementById("unsent");
const typing = document.getElementById("typing");
const banner = document.getElementById("banner");
const composer = document.getElementById("composer");
const input = document.getElementById("text");

const messages = new Map();
let opened = false;
// Whether this page has been in the conversation before, so that somebody sits in front of it.
let living = false;
// Whether the questionnaire lasts.
let asking = recall("messages", null) !== null;
let seen = 0;
let interrupt = () => {};
let joining = null;

class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// crypto.randomUUID is missing on a plain http address of the home network.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}

function take(event) {
  enqueue({ key: uuid(), ...event });
  draw();
  interrupt();
}

/* Talking to the server */

async function call(path, { body, signal, seconds = ANSWER_SECONDS } = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), seconds * 1000);
  signal?.addEventListener("abort", () => limit.abort());
  try {
    const response = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: body ? { "Content-Type": "application/json", "X-BrightPath": "chat" } : {},
      body: body && JSON.stringify(body),
      signal: limit.signal,
    });
    if (response.ok) return await response.json();
    if (response.status >= 500 || response.status === 429) throw new Error("busy");
    const said = await response.json().catch(() => ({}));
    throw new Refused(response.status, said.error ?? say("offline"));
  } finally {
    clearTimeout(timer);
  }
}

async function open() {
  const answer = await call("/chat/open", { body: { key: uuid(), language: navigator.language } });
  opened = true;
  const ours = claim(answer.chat);
  if (!ours && !living) {
    // Nothing here is meant for whoever sits in front of it now.
    forget();
    input.value = "";
  } else if (!ours || answer.new) {
    // What waited was meant for a conversation that is gone: never send it into another one.
    restore(waiting());
  }
  // All there is was asked for: what is missing from it is gone.
  const there = new Set(answer.messages.map(({ id }) => id));
  remove(({ id, revision }) => !ours || answer.new || (!there.has(id) && revision <= answer.revision));
  if (!ours || answer.new) seen = 0;
  living = true;
  receive(answer);
}

// A link from another device carries its code behind the "#", which no server and no log sees. The
// code works once, so it is neither kept nor left where the address could be shared or reloaded.
function takeCode() {
  const [, code] = /^#start=([0-9A-Za-z-]{1,64})$/.exec(location.hash) ?? [];
  if (code === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  joining = { key: uuid(), kind: "text", text: `/start ${code}` };
  interrupt();
}

async function send(event) {
  const timers = [
    setTimeout(() => show(typing), SIGN_AFTER),
    setTimeout(() => write(document.getElementById("typing-text"), say("working")), EXPLAIN_AFTER),
  ];
  try {
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const answer = await call("/chat/events", { body: { ...event, since: seen, timezone } });
    if (event === joining) joining = null;
    drop(event);
    receive(answer);
    if (event.kind === "text") offer(event.text, answer);
  } finally {
    timers.forEach(clearTimeout);
    typing.hidden = true;
    write(document.getElementById("typing-text"), "");
  }
}

async function listen() {
  const asked = new AbortController();
  interrupt = () => asked.abort();
  const started = Date.now();
  try {
    const answer = await call(`/chat/messages?since=${seen}&wait=${LISTEN_SECONDS}`, {
      signal: asked.signal,
      seconds: LISTEN_SECONDS + ANSWER_SECONDS,
    });
    receive(answer);
    // A server that does not wait must not be asked in a tight circle.
    if (!answer.messages.length && Date.now() - started < 1000) await pause(1000);
  } catch (error) {
    if (!asked.signal.aborted) throw error;
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    interrupt = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function talk() {
  let failures = 0;
  let recognised = false;
  for (;;) {
    const event = joining ?? waiting()[0];
    try {
      if (!opened) {
        await open();
      } else if (event) {
        await send(event);
        banner.hidden = true;
        recognised = true;
      } else if (document.hidden) {
        await pause(60_000);
      } else {
        await listen();
        recognised = true;
      }
      if (failures) banner.hidden = true;
      unsent.classList.remove("late");
      failures = 0;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        // A cookie that was never sent back: opening again would make a new conversation each time.
        if (opened && !recognised) return warn(say("cookies"));
        opened = false;
        recognised = false;
      } else if (error instanceof Refused) {
        warn(error.message);
        if (opened && event) restore([event]);
        else await pause(LONGEST_RETRY);
      } else {
        showKept();
        warn(say("offline"));
        unsent.classList.add("late");
        failures += 1;
        await pause(Math.min(LONGEST_RETRY, 500 * 2 ** failures) * (0.75 + Math.random() / 2));
      }
    }
    interrupt = () => {};
  }
}

// Takes events out of the queue; their words go back to where they can be mended.
function restore(events) {
  // What another tab has taken out already, it has also put back already.
  const keys = waiting().map((event) => event.key);
  const words = events
    .filter((event) => event.kind === "text" && keys.includes(event.key))
    .map((event) => event.text);
  if (events.includes(joining)) joining = null;
  events.forEach(drop);
  if (words.length) {
    input.value = [...words, input.value].filter(Boolean).join("\n");
    keep("draft", input.value);
  }
  draw();
}

// Words that were not understood stand in the field again, selected: to be mended, or typed over.
function offer(text, answer) {
  const again = answer.messages.find(({ view }) => view.misread);
  if (!again || input.value || waiting().length) return;
  input.value = text;
  input.select();
  keep("draft", text);
  keep("offered", { text, step: again.step });
}

// Once another question is asked, words that came back and were left alone are in the way.
function withdraw() {
  const offered = recall("offered", null);
  if (offered === null || question()?.step === offered.step) return;
  keep("offered", null);
  if (input.value !== offered.text) return;
  input.value = "";
  keep("draft", "");
}

function warn(text) {
  write(banner, text);
  show(banner);
}

function receive(answer) {
  speak(answer.language);
  let newest = null;
  for (const message of answer.messages) {
    const known = messages.get(message.id);
    if (known && known.revision >= message.revision) continue;
    if (message.view.farewell) part(message.id);
    const asksAnew = known?.view.shrunk || known?.view.title !== message.view.title;
    if (!message.view.shrunk && asksAnew) newest = message;
    messages.set(message.id, { ...message, element: known?.element ?? place(message) });
  }
  seen = Math.max(seen, answer.revision);
  withdraw();
  remember(answer.questionnaire);
  draw();
  if (newest) reveal(messages.get(newest.id).element);
}

// The last messages are kept as long as the questionnaire lasts. Then nothing is, but what has not
// been sent yet: later messages hold addresses that open something.
function remember(questionnaire) {
  if (questionnaire) {
    const list = [...messages.values()]
      .sort((one, other) => one.id - other.id)
      .slice(-MESSAGES_KEPT)
      .map(({ id, author, step, revision, view }) => ({ id, author, step, revision, view }));
    keep("messages", { language: spoken(), list });
  } else if (asking) {
    const unsent = waiting();
    forget();
    unsent.forEach(enqueue);
  }
  asking = questionnaire;
}

// What was kept is shown only where the server does not answer: it knows whose it is.
function showKept() {
  if (living || messages.size) return;
  const { language, list } = recall("messages", { language: spoken(), list: [] });
  speak(language);
  for (const message of list) messages.set(message.id, { ...message, element: place(message) });
  draw();
  if (list.length) reveal(log.lastElementChild);
}

// All that was said up to the farewell is erased, and so it is here.
function part(farewell) {
  if (![...messages.keys()].some((id) => id < farewell)) return;
  remove(({ id }) => id < farewell);
  forget();
  input.value = "";
}

function remove(gone) {
  for (const message of [...messages.values()].filter(gone)) {
    message.element.remove();
    messages.delete(message.id);
  }
}

function show(node) {
  if (node.hidden) {
    node.hidden = false;
    if (scroller.contains(node)) node.scrollIntoView({ block: "end" });
  }
}

/* Drawing */

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

function place(message) {
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

function draw() {
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
function question() {
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
    take({ kind: "tap", message: messageId, step: message.step, option: id });
  });
  return button;
}

function sketched({ label, cells, caption }) {
  const parts = [make("p", { class: "label" }, label), make("p", { class: "caption" }, caption)];
  if (cells) parts.splice(1, 0, exampleDay(cells));
  return make("div", { class: "sketch" }, ...parts);
}

// Each character is half an hour: a letter for a lesson, "-" for a break, "." for free time. The
// caption says the same in words, so the drawing is for eyes alone.
function exampleDay(cells) {
  const strip = make("div", { class: "strip", "aria-hidden": "true" });
  for (const [run] of cells.matchAll(/(.)\1*/g)) {
    const lesson = "abcdefgh".indexOf(run[0]);
    const box = make("span", { class: lesson >= 0 ? "lesson" : run[0] === "." ? "free" : "air" });
    if (lesson >= 0) box.classList.add(`hue-${lesson}`);
    box.style.gridColumn = `span ${run.length}`;
    strip.append(box);
  }
  return strip;
}

// A card that is taller than the window is shown from its beginning.
function reveal(element) {
  const tall = element.offsetHeight > scroller.clientHeight - 32;
  const last = element === log.lastElementChild;
  if (last && !tall) scroller.scrollTop = scroller.scrollHeight;
  else element.scrollIntoView({ block: tall ? "start" : "nearest" });
}

/* The composer */

// On a touch screen focus would raise the keyboard over the card.
function focusComposer() {
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) input.focus({ preventScroll: true });
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  input.value = "";
  keep("draft", "");
  keep("offered", null);
  input.focus({ preventScroll: true });
  if (text) take({ kind: "text", text });
});

input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

input.addEventListener("input", () => keep("draft", input.value));
window.addEventListener("hashchange", takeCode);
window.addEventListener("online", () => interrupt());
window.addEventListener("offline", () => interrupt());
document.addEventListener("visibilitychange", () => document.hidden || interrupt());

onChange((name) => {
  if (name === "draft") input.value = recall("draft", "");
  draw();
});

input.value = recall("draft", "");
focusComposer();
draw();
setTimeout(showKept, EXPLAIN_AFTER);
takeCode();
talk();
// Only where the browser trusts the connection (https, or this machine): see worker.js.
navigator.serviceWorker?.register("/chat/worker.js", { scope: "/chat" }).catch(() => {});
