// Blocks as Slack takes them → blocks as slack-blocks-to-jsx draws them truly.
// What it would parse, fetch, drop or stumble over is put in other words here.

import { emojify } from "node-emoji";

const NO_NETWORK =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="6" fill="#8884"/><path d="M10 36l10-13 7 8 5-5 7 10z" fill="#888a"/><circle cx="33" cy="15" r="4" fill="#888a"/></svg>',
  );

const RICH_CONTAINERS = new Set([
  "rich_text",
  "rich_text_section",
  "rich_text_list",
  "rich_text_quote",
  "rich_text_preformatted",
]);
const RICH_ELEMENTS = new Set([
  ...RICH_CONTAINERS,
  "broadcast",
  "channel",
  "color",
  "date",
  "emoji",
  "link",
  "text",
  "user",
  "usergroup",
]);

const unparsed = (text) => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements: [{ type: "text", text: text || " " }] }],
});

const TRANSLATIONS = {
  // The library reads mrkdwn in plain text too, unless it is told not to.
  plain_text: (it) => ({
    ...it,
    text: it.emoji === false ? it.text : emojify(it.text),
    verbatim: true,
  }),
  // The library reads mrkdwn in the cells of a table, and fails on numbers.
  raw_text: (it) => unparsed(it.text),
  raw_number: (it) => unparsed(`${it.text ?? it.value ?? ""}`),
};

function richElement(element) {
  if (RICH_ELEMENTS.has(element.type)) return prepared(element);
  return { type: "text", text: `[${element.type}]`, style: { italic: true } };
}

const WAYS = {
  image_url: (url) => (`${url}`.startsWith("data:") ? url : NO_NETWORK),
  slack_file: () => ({ url: NO_NETWORK }),
  // The ids would stand twice in the page, once in the channel and once in a thread.
  block_id: () => undefined,
  action_id: () => undefined,
};

/** Return the block, or a part of one, in words the library draws truly. */
export function prepared(value) {
  if (Array.isArray(value)) return value.map(prepared);
  if (value === null || typeof value !== "object") return value;
  const translate = TRANSLATIONS[value.type];
  if (translate) return translate(value);
  const pairs = Object.entries(value).map(([key, inner]) => {
    if (WAYS[key]) return [key, WAYS[key](inner)];
    if (key === "elements" && RICH_CONTAINERS.has(value.type)) {
      return [key, inner.map(richElement)];
    }
    return [key, prepared(inner)];
  });
  return Object.fromEntries(pairs);
}
