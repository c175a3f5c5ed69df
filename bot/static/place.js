/*
 * The button that shares a place. It is told once, to the server alone, only as exactly as a time
 * zone needs it, and kept nowhere.
 */

import { make } from "./elements.js";
import { say } from "./words.js";

const PATIENCE = 15_000;
const RECENT = 600_000;

// Browsers tell a place only to pages that came over https or from this computer.
export function canLocate() {
  return window.isSecureContext && "geolocation" in navigator;
}

// `told` gets {kind: "place", latitude, longitude}, `refused` the words for a browser that does not
// tell.
export function placeRow(told, refused) {
  const button = make(
    "button",
    { type: "button", "data-place": "", "data-text": "place" },
    say("place"),
  );
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false;
        const [latitude, longitude] = [coords.latitude, coords.longitude].map(roughly);
        told({ kind: "place", latitude, longitude });
      },
      () => {
        button.disabled = false;
        refused(say("place_refused"));
      },
      { timeout: PATIENCE, maximumAge: RECENT },
    );
  });
  return make("div", { class: "row" }, button);
}

function roughly(degrees) {
  return Math.round(degrees * 100) / 100;
}
