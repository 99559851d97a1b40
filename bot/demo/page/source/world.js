// What the page knows: the documents the server sends, and what it asks of the server.

import { useSyncExternalStore } from "react";

let world = { connected: false, lost: false, docs: {} };
const listeners = new Set();

function become(next) {
  world = next;
  for (const listener of listeners) listener();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The present world; what calls this is drawn again whenever it changes. */
export function useWorld() {
  return useSyncExternalStore(subscribe, () => world);
}

/** Follow the server's stream; the browser connects again by itself when it breaks. */
export function watch() {
  const stream = new EventSource("/api/events");
  stream.onmessage = (event) => {
    const change = JSON.parse(event.data);
    const docs = change.all ? {} : { ...world.docs };
    Object.assign(docs, change.set);
    for (const key of change.gone) delete docs[key];
    become({ connected: true, lost: false, docs });
  };
  stream.onerror = () => become({ ...world, lost: true });
}

/** Do something; the answer holds `problem` or `errors` where it did not work. */
export async function act(kind, wanted) {
  try {
    const response = await fetch(`/api/${kind}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wanted),
    });
    return await response.json();
  } catch {
    return { problem: "The demo cannot be reached: start it again with make demo." };
  }
}

const under = (docs, prefix) =>
  Object.entries(docs).flatMap(([key, doc]) => (key.startsWith(prefix) ? [doc] : []));

const byTime = (one, other) => (one.ts < other.ts ? -1 : 1);

export const places = (docs) => under(docs, "place:");
export const clouds = (docs) => under(docs, "cloud:");

/** What a place shows, oldest first: no replies but those shown to the channel too. */
export const messagesOf = (docs, place) =>
  under(docs, `message:${place}:`)
    .filter((message) => !message.thread || message.broadcast)
    .sort(byTime);

export const repliesTo = (docs, place, ts) =>
  under(docs, `message:${place}:`)
    .filter((message) => message.thread === ts)
    .sort(byTime);
