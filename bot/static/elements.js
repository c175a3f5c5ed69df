/* What the conversation's cards are made of. */

import { say, write } from "./words.js";

const SCHEMES = ["https:", "http:", "webcal:", "tg:", "mailto:"];

export function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function picture(svg) {
  const drawn = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", say("qr"));
  drawn.dataset.label = "qr";
  return document.adoptNode(drawn);
}

export function safe({ url }) {
  return URL.canParse(url, location.href) && SCHEMES.includes(new URL(url, location.href).protocol);
}

export function linkLine({ label, url }) {
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

export function sketched({ label, cells, caption }) {
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
