"use strict";
/* Moments of the virtual clock in words, all of them in UTC. */

const Moments = (() => {
  const DAY = new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  const UNITS = [
    ["day", 86400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];

  const iso = (at) => new Date(at).toISOString();

  /* The time of day: 12:00:04, and 12:00:04.250 where it falls between seconds. */
  function time(at) {
    const text = iso(at).slice(11, 23);
    return text.endsWith(".000") ? text.slice(0, 8) : text;
  }

  const day = (at) => DAY.format(new Date(at));

  const date = (at) => iso(at).slice(0, 10);

  /* A moment beside another: the day is said where it is another one. */
  const beside = (at, other) => (date(at) === date(other) ? time(at) : `${date(at)} ${time(at)}`);

  /* How long after another a moment lies: "+4 s", "+1 day 3 h"; nothing where it is the same. */
  function after(at, other) {
    let left = (new Date(at) - new Date(other)) / 1000;
    if (left <= 0) return "";
    const parts = [];
    for (const [unit, seconds] of UNITS) {
      const amount = unit === "s" ? Math.round(left * 1000) / 1000 : Math.floor(left / seconds);
      left -= amount * seconds;
      if (amount > 0) parts.push(`${amount} ${unit === "day" && amount > 1 ? "days" : unit}`);
    }
    return `+${parts.slice(0, 2).join(" ")}`;
  }

  return { time, day, date, beside, after };
})();
