"use strict";
(() => {
  const week = document.querySelector(".scroller");
  if (!week) return;
  const tabs = [...document.querySelectorAll(".tabs a")];
  const days = [...document.querySelectorAll(".day")];
  const axis = document.querySelector(".axis");

  const show = (day) => {
    week.scrollLeft += day.getBoundingClientRect().left - axis.getBoundingClientRect().right;
  };
  const mark = (day) => {
    for (const tab of tabs) {
      if (tab.hash === "#" + day.id) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
  };
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(document.getElementById(tab.hash.slice(1)));
    });
  }
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) if (entry.isIntersecting) mark(entry.target);
    },
    { root: week, threshold: 0.6 },
  );
  days.forEach((day) => seen.observe(day));
  const today = document.querySelector(".day.today");
  if (today) show(today);

  const print = document.getElementById("print");
  print.hidden = false;
  print.addEventListener("click", () => window.print());

  const now = document.getElementById("now");
  if (!now) return;
  const zone = { timeZone: now.dataset.zone, hour: "numeric", minute: "numeric", hourCycle: "h23" };
  const clock = new Intl.DateTimeFormat("en", zone);
  const move = () => {
    const parts = Object.fromEntries(clock.formatToParts().map((p) => [p.type, Number(p.value)]));
    const minute = parts.hour * 60 + parts.minute;
    const first = Number(now.dataset.first);
    now.hidden = minute < first || minute >= Number(now.dataset.last);
    now.style.setProperty("--at", String((minute - first) / 5));
  };
  setInterval(move, 60000);
})();
