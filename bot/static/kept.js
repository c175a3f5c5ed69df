/*
 * What the browser keeps: words until the conversation has taken them, and, while the questionnaire
 * lasts, its last messages, so that the page can be opened without a connection. All of it belongs
 * to one conversation (`owner`); every tab of this browser sees the same.
 *
 *   draft     what stands in the field
 *   offered   words of the draft that came back because they were not understood
 *   queue     events on their way, oldest first: {key, kind, ...}
 *   messages  {language, list}
 */

const PREFIX = "brightpath.chat.";
const NAMES = ["draft", "offered", "queue", "messages"];

// Where a browser forbids storage, the page still works until it is closed.
const unstored = new Map();

function read(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return unstored.get(name) ?? null;
  }
}

function write(name, text) {
  if (text === null) unstored.delete(name);
  else unstored.set(name, text);
  try {
    if (text === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, text);
  } catch {}
}

export function recall(name, otherwise) {
  try {
    return JSON.parse(read(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

let owner = recall("owner", null);

// Nothing empty is kept, and no owner of nothing.
export function keep(name, value) {
  write(name, value === null || value.length === 0 ? null : JSON.stringify(value));
  const any = NAMES.some((other) => read(other) !== null);
  write("owner", any && owner !== null ? JSON.stringify(owner) : null);
}

export function forget() {
  for (const name of NAMES) keep(name, null);
}

// Says whose it is from now on; false if what is kept was somebody else's.
export function claim(conversation) {
  const ours = owner === null || owner === conversation;
  owner = conversation;
  return ours;
}

export function waiting() {
  return recall("queue", []);
}

export function enqueue(event) {
  keep("queue", [...waiting(), event]);
}

export function drop(event) {
  keep("queue", waiting().filter((other) => other.key !== event.key));
}

// What another tab has changed, by name; one's own changes are not told.
export function onChange(told) {
  window.addEventListener("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) told(key.slice(PREFIX.length));
  });
}
