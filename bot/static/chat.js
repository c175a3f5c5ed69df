/*
 * The chat page. One loop talks to the server: it opens the conversation, sends what waits in the
 * queue, and otherwise listens for what is new. What is on the page is always the server's last
 * word plus what still waits. The queue and the unfinished text are kept (kept.js), so that neither
 * a reload nor a lost connection loses them; words that were not understood come back to be mended.
 *
 * For tests and styles: #text, #send, #banner, #typing; and those of cards.js.
 */

import {
  draw,
  EXPLAIN_AFTER,
  focusComposer,
  messages,
  onTap,
  place,
  question,
  remove,
  reveal,
  show,
} from "./cards.js";
import { claim, drop, enqueue, forget, keep, onChange, recall, waiting } from "./kept.js";
import { say, speak, spoken, write } from "./words.js";

const LISTEN_SECONDS = 25;
const ANSWER_SECONDS = 20;
const LONGEST_RETRY = 30_000;
const SIGN_AFTER = 400;
const MESSAGES_KEPT = 40;

const typing = document.getElementById("typing");
const banner = document.getElementById("banner");
const unsent = document.getElementById("unsent");
const composer = document.getElementById("composer");
const input = document.getElementById("text");

let opened = false;
// Whether this page has been in the conversation before, so that somebody sits in front of it.
let living = false;
// Whether only those who bring a code are let in.
let closed = false;
// Whether the questionnaire lasts.
let asking = recall("messages", null) !== null;
let seen = 0;
let interrupt = () => {};
let joining = null;
// A place that was shared, on its way; kept nowhere.
let placed = null;

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
  if (event.kind === "place") placed = { key: uuid(), ...event };
  else enqueue({ key: uuid(), ...event });
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
  const code = joining?.text.split(" ")[1];
  const body = { key: uuid(), language: navigator.language, code };
  const answer = await call("/chat/open", { body });
  opened = true;
  if (closed) banner.hidden = true;
  closed = false;
  if (code && input.value.trim().endsWith(code)) clear();
  const ours = claim(answer.chat) && !erased(answer.messages);
  if (!ours) leave();
  else if (answer.new) restore(waiting());
  // All there is was asked for: what is missing from it is gone.
  const there = new Set(answer.messages.map(({ id }) => id));
  const other = !ours || answer.new;
  remove(({ id, revision }) => other || (!there.has(id) && revision <= answer.revision));
  if (other) seen = 0;
  living = true;
  receive(answer);
}

// Whether all that we kept was erased from elsewhere: every message is younger than the last one.
function erased(list) {
  const last = recall("messages", { list: [] }).list.at(-1);
  return last !== undefined && list.every(({ id }) => id > last.id);
}

// There is no conversation for us, and none is begun without a code that works.
function close() {
  joining = null;
  if (!closed) leave();
  closed = true;
  remove(() => true);
  keep("messages", null);
}

// What was kept is not for another conversation. Whoever still sits in front of the page gets back
// the words that waited; to anybody else nothing is shown.
function leave() {
  if (living) {
    restore(waiting());
  } else {
    forget();
    input.value = "";
  }
}

// A link from another device carries its code behind the "#", which no server and no log sees. The
// code works once, so it is neither kept nor left where the address could be shared or reloaded.
function takeCode() {
  const [, code] = /^#start=([0-9A-Za-z-]{1,64})$/.exec(location.hash) ?? [];
  if (code === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  join(code);
}

function join(code) {
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
    if (event === placed) placed = null;
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
    const event = joining ?? placed ?? waiting()[0];
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
      if (opened && error instanceof Refused && error.status === 401) {
        // A cookie that was never sent back: opening again would make a new conversation each time.
        if (!recognised) return warn(say("cookies"));
        opened = false;
        recognised = false;
      } else if (error instanceof Refused) {
        warn(error.message);
        if (opened && event) {
          restore([event]);
        } else {
          if (error.status === 401) close();
          await pause(LONGEST_RETRY);
        }
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
  if (events.includes(placed)) placed = null;
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
  if (input.value === offered.text) clear();
  else keep("offered", null);
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

// The last messages are kept as long as the questionnaire lasts, but for those that hold a code or an
// address that opens something. Then nothing is, but what has not been sent yet.
function remember(questionnaire) {
  if (questionnaire) {
    const list = [...messages.values()]
      .filter(({ view }) => !view.secret)
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
  if (list.length) reveal(messages.get(list.at(-1).id).element);
}

// All that was said up to the farewell is erased, and so it is here.
function part(farewell) {
  if (![...messages.keys()].some((id) => id < farewell)) return;
  remove(({ id }) => id < farewell);
  forget();
  input.value = "";
}

/* The composer */

function clear() {
  input.value = "";
  keep("draft", "");
  keep("offered", null);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  input.focus({ preventScroll: true });
  if (closed) {
    // The words stay until it has turned out whether they are a code that works.
    const [, code] = /^(?:\/\w+ )?([0-9A-Za-z-]{1,64})$/.exec(text) ?? [];
    if (code) join(code);
    return;
  }
  clear();
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

onTap(take, warn);
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
