// Times by the viewer's own clock, and Slack's date tokens.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting

import { useSyncExternalStore } from "react";

const TICK = 10_000;
let now = Date.now();
const listeners = new Set();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, TICK);

function useNow() {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

const format = (options) => new Intl.DateTimeFormat("en", options);
const TIME = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const TIME_SECS = format({
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const SHORT = format({ month: "short", day: "numeric", year: "numeric" });
const MIDDLE = format({ month: "long", day: "numeric", year: "numeric" });
const LONG = format({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const DAY_NAME = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
];

function ago(moment, present) {
  let amount = Math.round((moment - present) / 1000);
  if (Math.abs(amount) < 10) return "just now";
  for (const [unit, many] of STEPS) {
    if (Math.abs(amount) < many) return RELATIVE.format(amount, unit);
    amount = Math.round(amount / many);
  }
  return RELATIVE.format(amount, "year");
}

/** "yesterday", "today" or "tomorrow"; else the date as this format writes it. */
function pretty(moment, present, otherwise) {
  const day = (time) => new Date(time).setHours(0, 0, 0, 0);
  const distance = Math.round((day(moment) - day(present)) / 86_400_000);
  return Math.abs(distance) <= 1
    ? DAY_NAME.format(distance, "day")
    : otherwise.format(moment);
}

const pad = (number) => `${number}`.padStart(2, "0");
const TOKENS = {
  date_num: (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`,
  date_slash: (at) => `${pad(at.getMonth() + 1)}/${pad(at.getDate())}/${at.getFullYear()}`,
  date: (at) => MIDDLE.format(at),
  date_short: (at) => SHORT.format(at),
  date_long: (at) => LONG.format(at),
  date_pretty: (at, present) => pretty(at, present, MIDDLE),
  date_short_pretty: (at, present) => pretty(at, present, SHORT),
  date_long_pretty: (at, present) => pretty(at, present, LONG),
  time: (at) => TIME.format(at),
  time_secs: (at) => TIME_SECS.format(at),
  ago: (at, present) => ago(at, present),
};

/** A date as Slack shows it; a token nobody knows stays as it is written. */
export function SlackDate({ timestamp, pattern, link }) {
  const present = useNow();
  const at = new Date(Number(timestamp) * 1000);
  if (Number.isNaN(at.valueOf())) return pattern;
  const words = pattern.replace(/\{(\w+)\}/g, (token, name) =>
    TOKENS[name] ? TOKENS[name](at, present) : token,
  );
  const time = (
    <time dateTime={at.toISOString()} title={`${LONG.format(at)}, ${TIME.format(at)}`}>
      {words}
    </time>
  );
  return link ? (
    <a href={link} target="_blank" rel="noopener noreferrer">
      {time}
    </a>
  ) : (
    time
  );
}

/** The time of a message, from its `ts`. */
export const MessageTime = ({ ts }) => <SlackDate timestamp={parseFloat(ts)} pattern="{time}" />;
