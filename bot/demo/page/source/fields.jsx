// What one fills in: the inputs of a form, with their labels, hints and problems.

import { emojify } from "node-emoji";
import { useContext, useEffect, useId, useState } from "react";
import { Holder } from "./holder.js";
import { NotDrawn } from "./not_drawn.jsx";

export const SELECTS = [
  "static_select",
  "external_select",
  "users_select",
  "channels_select",
  "conversations_select",
];

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
  const named = (list = []) => list.map(({ id, name }) => ({ value: id, label: name }));
  if (/users_select$/.test(element.type)) return [{ options: named(data.users) }];
  if (/(channels|conversations)_select$/.test(element.type)) {
    return [{ options: named(data.channels) }];
  }
  if (element.option_groups) {
    return element.option_groups.map((group) => ({
      label: wordsOf(group.label),
      options: group.options.map(optionOf),
    }));
  }
  return [{ options: (element.options ?? []).map(optionOf) }];
}

function initialOf(element) {
  const options = element.initial_options?.map((option) => option.value);
  return (
    element.initial_option?.value ??
    options ??
    element.initial_value ??
    element.initial_date ??
    element.initial_time ??
    element.initial_user ??
    element.initial_users ??
    element.initial_channel ??
    element.initial_channels ??
    element.initial_conversation ??
    element.initial_conversations
  );
}

const TYPES = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
};

function TextControl({ element, value, put, about }) {
  const Tag = element.multiline ? "textarea" : "input";
  const isNumber = element.type === "number_input";
  return (
    <Tag
      {...about}
      type={element.multiline ? undefined : (TYPES[element.type] ?? "text")}
      rows={element.multiline ? 4 : undefined}
      defaultValue={value ?? ""}
      placeholder={wordsOf(element.placeholder)}
      minLength={element.min_length}
      maxLength={element.max_length}
      min={element.min_value}
      max={element.max_value}
      step={isNumber && element.is_decimal_allowed ? "any" : undefined}
      autoFocus={element.focus_on_load}
      onChange={(event) => put(event.target.value)}
    />
  );
}

function Moment({ element, value, put, about }) {
  const seconds = value ?? element.initial_date_time;
  const local = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return (
    <input
      {...about}
      type="datetime-local"
      defaultValue={seconds ? local(seconds * 1000).toISOString().slice(0, 16) : ""}
      onChange={(event) => {
        const at = new Date(event.target.value).valueOf();
        if (!Number.isNaN(at)) put(Math.floor(at / 1000));
      }}
    />
  );
}

function SelectControl({ element, value, put, about }) {
  const { data, suggest } = useContext(Holder);
  const isExternal = element.type === "external_select";
  const [groups, setGroups] = useState(() => groupsOf(element, data));
  useEffect(() => {
    if (isExternal) suggest(element, "").then((found) => setGroups(groupsOf(found)));
  }, []);
  const all = groups.flatMap((group) => group.options);
  const first = element.initial_option;
  return (
    <select
      {...about}
      key={all.length}
      defaultValue={value?.value ?? value ?? ""}
      onChange={(event) => {
        const option = all.find((one) => one.value === event.target.value);
        put(isExternal ? (option?.whole ?? first) : event.target.value);
      }}
    >
      {!first && <option value="">{wordsOf(element.placeholder) || "Choose …"}</option>}
      {isExternal && first && <option value={first.value}>{wordsOf(first.text)}</option>}
      {groups.map((group, index) => {
        const options = group.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ));
        return group.label ? (
          <optgroup key={index} label={group.label}>
            {options}
          </optgroup>
        ) : (
          options
        );
      })}
    </select>
  );
}

/** Radio buttons, or check boxes, which also stand for the menus of many choices. */
function Choices({ element, value, put, label, about }) {
  const { data } = useContext(Holder);
  const one = element.type === "radio_buttons";
  const [chosen, setChosen] = useState(value ?? (one ? null : []));
  const name = useId();
  const change = (option, checked) => {
    const many = checked
      ? [...(chosen ?? []), option]
      : chosen.filter((other) => other !== option);
    const next = one ? option : many;
    setChosen(next);
    put(next);
  };
  return (
    <div className="choices" role={one ? "radiogroup" : "group"} aria-label={label}>
      {groupsOf(element, data)
        .flatMap((group) => group.options)
        .map((option, index) => (
          <label key={option.value}>
            <input
              type={one ? "radio" : "checkbox"}
              id={index === 0 ? about.id : undefined}
              name={name}
              required={one && about.required}
              checked={one ? chosen === option.value : chosen.includes(option.value)}
              onChange={(event) => change(option.value, event.target.checked)}
            />
            <span>
              {option.label}
              {option.description && <small>{option.description}</small>}
            </span>
          </label>
        ))}
    </div>
  );
}

const CONTROLS = {
  checkboxes: Choices,
  datepicker: TextControl,
  datetimepicker: Moment,
  email_text_input: TextControl,
  multi_channels_select: Choices,
  multi_conversations_select: Choices,
  multi_static_select: Choices,
  multi_users_select: Choices,
  number_input: TextControl,
  plain_text_input: TextControl,
  radio_buttons: Choices,
  timepicker: TextControl,
  url_text_input: TextControl,
  ...Object.fromEntries(SELECTS.map((name) => [name, SelectControl])),
};

/** One control; `put` is called with what is now in it. */
export function Control({ element, label, value, put, about = {} }) {
  const Kind = CONTROLS[element.type];
  if (!Kind) return <NotDrawn what={element.type} value={element} />;
  const described = { "aria-label": about.id ? undefined : label, ...about };
  const first = value ?? initialOf(element);
  return <Kind element={element} label={label} value={first} put={put} about={described} />;
}

/** An `input` block. */
export function Field({ block }) {
  const { form, press } = useContext(Holder);
  const id = useId();
  const { element } = block;
  const problem = form?.errors[block.block_id];
  const label = wordsOf(block.label);
  const notes = [block.hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean);
  const put = (value) => {
    form?.put(block.block_id, value);
    if (block.dispatch_action && !/_input$/.test(element.type)) press(block, element, value);
  };
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {block.optional && <small> (optional)</small>}
      </label>
      <Control
        element={element}
        label={label}
        value={form?.value(block.block_id)}
        put={put}
        about={{
          id,
          required: !block.optional,
          "aria-invalid": problem ? true : undefined,
          "aria-describedby": notes.join(" ") || undefined,
        }}
      />
      {block.hint && (
        <p className="hint" id={`${id}-hint`}>
          {wordsOf(block.hint)}
        </p>
      )}
      {problem && (
        <p className="field-problem" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
