/* The page's own words, in the language of the conversation. */

const texts = JSON.parse(document.getElementById("texts").textContent);
let language = document.documentElement.lang;

export function spoken() {
  return language;
}

export function say(name) {
  return texts[language][name];
}

export function speak(wanted) {
  if (wanted === language || !texts[wanted]) return;
  language = wanted;
  document.documentElement.lang = wanted;
  for (const node of document.querySelectorAll("[data-text]")) write(node, say(node.dataset.text));
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", say(node.dataset.label));
  }
}

// Unchanged words are left alone, or a screen reader would say them again.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
