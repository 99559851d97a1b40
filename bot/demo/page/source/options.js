// What can be chosen from, in words.

import { emojify } from "node-emoji";

/** The words of a text object, as plain text. */
export function wordsOf(text) {
  if (!text) return "";
  return text.emoji === false ? text.text : emojify(text.text);
}

const optionOf = (option) => ({
  label: wordsOf(option.text),
  description: wordsOf(option.description),
  value: option.value,
  url: option.url,
  whole: option,
});

/** The options of a menu as `[{label, options}]`; people and channels from `data`. */
export function groupsOf(element, data = {}) {
  const named = (list = [], mark = "") =>
    list.map(({ id, name }) => ({ value: id, label: `${mark}${name}` }));
  if (/users_select$/.test(element.type)) return [{ options: named(data.users) }];
  if (/(channels|conversations)_select$/.test(element.type)) {
    return [{ options: named(data.channels, "#") }];
  }
  if (element.option_groups) {
    return element.option_groups.map((group) => ({
      label: wordsOf(group.label),
      options: group.options.map(optionOf),
    }));
  }
  return [{ options: (element.options ?? []).map(optionOf) }];
}
