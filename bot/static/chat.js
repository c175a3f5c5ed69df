/*
 * The chat page. One loop talks to the server: it opens the conversation, sends what waits in the
 * queue, and otherwise listens for what is new. What is on the page is always the server's last
 * word plus what still waits; the queue and the unfinished text live in localStorage, so that
 * neither a reload nor a lost connection loses them.
 *
 * For tests and styles: article[data-message][data-author][data-step], within it
 * [data-part="title"] and the like, button[data-option], [aria-pressed="true"] where chosen;
 * #text, #send, #banner, #typing; [data-unsent] for texts on their way.
 */

const LISTEN_SECONDS = 25;
const ANSWER_SECONDS = 20;
const LONGEST_RETRY = 30_000;
const SIGN_AFTER = 400;
const EXPLAIN_AFTER = 2000;
const SCHEMES = ["https:", "http:", "webcal:", "tg:", "mailto:"];

const texts = JSON.parse(document.getElementById("texts").textContent);
const scroller = document.getElementById("scroller");
const log = document.getElementById("log");
const unsent = document.getElementById("unsent");
const typing = document.getElementById("typing");
const banner = document.getElementById("banner");
const composer = document.getElementById("composer");
const input = document.getElementById("text");

const messages = new Map();
let language = document.documentElement.lang;
let opened = false;
let seen = 0;
let interrupt = () => {};
let once = null;

class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/* What the browser keeps */

// Where a browser forbids storage, the page still works until it is closed.
const kept = new Map();

function recall(name, otherwise) {
  let text = kept.get(name);
  try {
    text = localStorage.getItem(`brightpath.chat.${name}`) ?? undefined;
  } catch {}
  try {
    return text === undefined ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function keep(name, value) {
  const text = JSON.stringify(value);
  kept.set(name, text);
  try {
    localStorage.setItem(`brightpath.chat.${name}`, text);
  } catch {}
}

function waiting() {
  return recall("queue", []);
}

function enqueue(event) {
  keep("queue", [...waiting(), { key: uuid(), ...event }]);
  draw();
  interrupt();
}

function drop(event) {
  if (event === once) once = null;
  keep("queue", waiting().filter((other) => other.key !== event.key));
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
  if (answer.new) {
    // What waited was meant for a conversation that is gone: never send it into another one.
    restore(waiting());
    messages.clear();
    log.replaceChildren();
    seen = 0;
  }
  receive(answer);
}

// A link from another device carries its code behind the "#", which no server and no log sees. The
// code works once, so it is neither kept nor left where the address could be shared or reloaded.
function takeCode() {
  const [, code] = /^#start=([0-9A-Za-z-]{1,64})$/.exec(location.hash) ?? [];
  if (code === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  once = { key: uuid(), kind: "text", text: `/start ${code}` };
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
    drop(event);
    receive(answer);
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
    const event = once ?? waiting()[0];
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
  const words = events
    .filter((event) => event.kind === "text" && event !== once)
    .map((event) => event.text);
  events.forEach(drop);
  if (words.length) {
    input.value = [...words, input.value].filter(Boolean).join("\n");
    keep("draft", input.value);
  }
  draw();
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
    const asksAnew = known?.view.shrunk || known?.view.title !== message.view.title;
    if (!message.view.shrunk && asksAnew) newest = message;
    messages.set(message.id, { ...message, element: known?.element ?? place(message) });
  }
  seen = Math.max(seen, answer.revision);
  draw();
  if (newest) reveal(messages.get(newest.id).element);
}

/* Words */

function say(name) {
  return texts[language][name];
}

function speak(wanted) {
  if (wanted === language || !texts[wanted]) return;
  language = wanted;
  document.documentElement.lang = wanted;
  for (const node of document.querySelectorAll("[data-text]")) write(node, say(node.dataset.text));
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", say(node.dataset.label));
  }
}

// Unchanged words are left alone, or a screen reader would say them again.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
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
  rows: {
    of: (view) => view.rows.map((row) => row.map(({ id, label }) => ({ id, label }))),
    draw: (rows, message) =>
      rows.map((row) =>
        make("div", { class: "row" }, ...row.map((button) => optionButton(button, message.id))),
      ),
  },
  place: { of: (view) => (view.wants_place && canLocate()) || null, draw: () => [placeRow()] },
  links: { of: (view) => view.links, draw: (links) => links.filter(safe).map(linkLine) },
  qr: { of: (view, message) => message.qr_svg, draw: (svg) => [picture(svg)] },
  reach: { of: (view, message) => message.reach, draw: (text) => [text] },
  hint: { of: (view) => view.hint, draw: (text) => [text] },
};

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

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

function drawHint() {
  const asking = [...messages.values()]
    .filter(({ author, view }) => author === "us" && !view.shrunk && !view.thinking)
    .filter(({ view }) => view.hint || view.rows.length)
    .reduce((last, message) => (last?.revision > message.revision ? last : message), null);
  input.placeholder = asking?.view.hint ?? say("placeholder");
  // Half an example would mislead; the card shows it whole.
  if (!input.value && input.scrollWidth > input.clientWidth) input.placeholder = say("placeholder");
  const hint = asking?.element.querySelector('[data-part="hint"]');
  for (const old of log.querySelectorAll("#hint")) if (old !== hint) old.removeAttribute("id");
  if (hint) hint.id = "hint";
  if (asking?.view.hint) input.setAttribute("aria-describedby", "hint");
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
    enqueue({ kind: "tap", message: messageId, step: message.step, option: id });
  });
  return button;
}

// Browsers tell a place only to pages that came over https or from this computer.
function canLocate() {
  return window.isSecureContext && "geolocation" in navigator;
}

// The place is sent once and kept nowhere, and only as exactly as a time zone needs it.
function placeRow() {
  const button = make("button", { type: "button", "data-place": "", "data-text": "place" }, say("place"));
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const [latitude, longitude] = [coords.latitude, coords.longitude].map(roughly);
        once = { key: uuid(), kind: "place", latitude, longitude };
        button.disabled = false;
        interrupt();
      },
      () => {
        button.disabled = false;
        warn(say("place_refused"));
      },
      { timeout: 15_000, maximumAge: 600_000 },
    );
  });
  return make("div", { class: "row" }, button);
}

function roughly(degrees) {
  return Math.round(degrees * 100) / 100;
}

function picture(svg) {
  const drawn = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", say("qr"));
  drawn.dataset.label = "qr";
  return document.adoptNode(drawn);
}

function safe({ url }) {
  return URL.canParse(url, location.href) && SCHEMES.includes(new URL(url, location.href).protocol);
}

function linkLine({ label, url }) {
  const link = make("a", { href: url, rel: "noopener noreferrer" }, label);
  if (/^https?:/.test(link.protocol)) link.target = "_blank";
  const line = make("div", { class: "link" }, link);
  if (link.protocol === "webcal:" || link.pathname.endsWith(".ics") || link.hash) {
    const button = make("button", { type: "button", "data-copy": url, "data-text": "copy" }, say("copy"));
    button.addEventListener("click", () => copy(url, button, line));
    line.append(button);
  }
  return line;
}

async function copy(url, button, line) {
  try {
    await navigator.clipboard.writeText(url);
    write(button, say("copied"));
    setTimeout(() => write(button, say("copy")), 2000);
  } catch {
    // Without the clipboard (plain http, or refused) the address is laid out to be copied by hand.
    const field = line.querySelector("input") ?? make("input", { readonly: "", value: url });
    line.append(field);
    field.select();
  }
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
  input.focus({ preventScroll: true });
  if (text) enqueue({ kind: "text", text });
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

input.value = recall("draft", "");
focusComposer();
draw();
takeCode();
talk();
