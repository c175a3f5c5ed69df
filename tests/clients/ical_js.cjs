"use strict";
// Reads calendars with ical.js, as Thunderbird does, and prints each one's occurrences:
//   node ical_js.cjs SINCE UNTIL FILE...    (SINCE and UNTIL in seconds since 1970)
// One JSON document, a list for each file of [UID, start, end, summary]; times in seconds.

const { readFileSync } = require("node:fs");
const ICAL = require("ical.js");

const [since, until] = process.argv.slice(2, 4).map(Number);

function occurrences(file) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, "utf8")));
  // Only what the file itself says of its zones counts.
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  }
  const [series, exceptions] = [[], new Map()];
  for (const event of calendar.getAllSubcomponents("vevent")) {
    const uid = event.getFirstPropertyValue("uid");
    if (!exceptions.has(uid)) exceptions.set(uid, []);
    if (event.hasProperty("recurrence-id")) exceptions.get(uid).push(event);
    else series.push([uid, event]);
  }
  return series.flatMap(([uid, component]) => {
    const event = new ICAL.Event(component, {
      strictExceptions: true,
      exceptions: exceptions.get(uid),
    });
    return expanded(event).map(({ startDate, endDate, item }) => [
      uid,
      startDate.toUnixTime(),
      endDate.toUnixTime(),
      item.summary,
    ]);
  });
}

function expanded(event) {
  if (!event.isRecurring()) {
    return [{ startDate: event.startDate, endDate: event.endDate, item: event }];
  }
  const found = [];
  const days = event.iterator();
  // An occurrence may be moved, so the look goes a little beyond.
  for (let day = days.next(); day && day.toUnixTime() < until + 7 * 86400; day = days.next()) {
    found.push(event.getOccurrenceDetails(day));
  }
  return found;
}

const inside = ([, start]) => since <= start && start < until;
const all = process.argv.slice(4).map((file) => occurrences(file).filter(inside));
process.stdout.write(JSON.stringify(all));
