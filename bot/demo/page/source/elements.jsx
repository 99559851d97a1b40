// What one can press or choose, in a message or beside a section of a modal.

import { useContext, useState } from "react";
import { Control, SELECTS } from "./fields.jsx";
import { Holder } from "./holder.js";
import { Menu } from "./menu.jsx";
import { NotDrawn } from "./not_drawn.jsx";
import { groupsOf, wordsOf } from "./options.js";

/** Press once, after asking where the element wants that, and wait for the answer. */
function usePress(block, element) {
  const { press, confirm, form } = useContext(Holder);
  const [busy, setBusy] = useState(false);
  const act = async (value) => {
    if (busy) return;
    if (element.confirm && !(await confirm(element.confirm))) return;
    form?.put(element.action_id, value);
    setBusy(true);
    await press(block, element, value);
    setBusy(false);
  };
  return [act, busy];
}

function Button({ block, element }) {
  const [press, busy] = usePress(block, element);
  const Tag = element.url ? "a" : "button";
  const more = element.url
    ? { href: element.url, target: "_blank", rel: "noopener noreferrer" }
    : { type: "button" };
  return (
    <Tag
      className={`button ${element.style ?? ""}`}
      aria-label={element.accessibility_label}
      aria-busy={busy}
      onClick={() => press()}
      {...more}
    >
      {wordsOf(element.text)}
    </Tag>
  );
}

function Feedback({ block, element }) {
  const [press] = usePress(block, element);
  return [element.positive_button, element.negative_button].map((button, index) => (
    <button
      key={index}
      type="button"
      className="button"
      aria-label={button.accessibility_label}
      onClick={() => press(button.value)}
    >
      {wordsOf(button.text)}
    </button>
  ));
}

function IconButton({ block, element }) {
  const [press] = usePress(block, element);
  return (
    <button
      type="button"
      className="button"
      aria-label={element.accessibility_label}
      onClick={() => press()}
    >
      {wordsOf(element.text)}
    </button>
  );
}

function Overflow({ block, element }) {
  const [press, busy] = usePress(block, element);
  return (
    <Menu
      label="More actions"
      className={`button overflow ${busy ? "busy" : ""}`}
      groups={groupsOf(element)}
      choose={press}
    >
      <span aria-hidden="true">⋯</span>
    </Menu>
  );
}

/** A menu of one choice; it opens and is chosen from, so that no arrow key fires it. */
function Select({ block, element }) {
  const { suggest, data } = useContext(Holder);
  const [press] = usePress(block, element);
  const [chosen, setChosen] = useState(null);
  const groups = groupsOf(element, data);
  const all = groups.flatMap((group) => group.options);
  const initial =
    wordsOf(element.initial_option?.text) ||
    all.find((option) => option.value === firstOf(element))?.label;
  const words = chosen ?? initial ?? (wordsOf(element.placeholder) || "Choose …");
  const ask = async () => groupsOf(await suggest(element, ""));
  return (
    <Menu
      label={`${wordsOf(element.placeholder) || "Choose"}: ${words}`}
      className="button select"
      groups={element.type === "external_select" ? ask : groups}
      choose={(value, option) => {
        setChosen(option.label);
        press(element.type === "external_select" ? option.whole : value);
      }}
    >
      {words} <span aria-hidden="true">▾</span>
    </Menu>
  );
}

const firstOf = (element) =>
  element.initial_user ?? element.initial_channel ?? element.initial_conversation;

function Chosen({ block, element }) {
  const { form } = useContext(Holder);
  const [press] = usePress(block, element);
  const label = wordsOf(element.placeholder) || "Choose";
  return (
    <Control
      element={element}
      label={label}
      value={form?.value(element.action_id)}
      put={(value) => press(value)}
    />
  );
}

const KINDS = {
  button: Button,
  checkboxes: Chosen,
  datepicker: Chosen,
  datetimepicker: Chosen,
  feedback_buttons: Feedback,
  icon_button: IconButton,
  multi_channels_select: Chosen,
  multi_conversations_select: Chosen,
  multi_static_select: Chosen,
  multi_users_select: Chosen,
  overflow: Overflow,
  radio_buttons: Chosen,
  timepicker: Chosen,
  ...Object.fromEntries(SELECTS.map((name) => [name, Select])),
};

export function Element({ block, element }) {
  const Kind = KINDS[element.type];
  if (!Kind) return <NotDrawn what={element.type} value={element} />;
  return <Kind block={block} element={element} />;
}
