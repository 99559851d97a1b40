// What one fills in: the inputs of a form, with their labels, hints and problems.

import { useContext, useEffect, useId, useRef, useState } from "react";
import { Holder } from "./holder.js";
import { NotDrawn } from "./not_drawn.jsx";
import { groupsOf, wordsOf } from "./options.js";
import { Search } from "./search.jsx";

export const SELECTS = [
  "static_select",
  "external_select",
  "users_select",
  "channels_select",
  "conversations_select",
];

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
  const { data } = useContext(Holder);
  const none = wordsOf(element.placeholder) || "Choose …";
  return (
    <select
      {...about}
      defaultValue={value ?? ""}
      onChange={(event) => put(event.target.value || null)}
    >
      {!element.initial_option && <option value="">{none}</option>}
      {groupsOf(element, data).map((group, index) => {
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
  external_select: Search,
};

/** One control; `put` is called with what is now in it. */
export function Control({ element, label, value, put, about = {} }) {
  const Kind = CONTROLS[element.type];
  if (!Kind) return <NotDrawn what={element.type} value={element} />;
  const described = { "aria-label": about.id ? undefined : label, ...about };
  const first = value ?? initialOf(element);
  return <Kind element={element} label={label} value={first} put={put} about={described} />;
}

/** How long nothing is typed before the bot is told, in milliseconds. */
const PAUSE = 300;

/** Tell the bot of a change where the block wants that; of what is typed, after a pause. */
function useDispatch(block) {
  const { press } = useContext(Holder);
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (!block.dispatch_action) return () => {};
  const { element } = block;
  const when = element.dispatch_action_config?.trigger_actions_on ?? [];
  if (!/_input$/.test(element.type)) return (value) => press(block, element, value);
  return (value) => {
    clearTimeout(timer.current);
    if (!when.includes("on_character_entered")) return;
    timer.current = setTimeout(() => press(block, element, value || null), PAUSE);
  };
}

/** An `input` block. */
export function Field({ block }) {
  const { form } = useContext(Holder);
  const dispatch = useDispatch(block);
  const id = useId();
  const { element } = block;
  const problem = form?.errors[block.block_id];
  const label = wordsOf(block.label);
  const notes = [block.hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean);
  const put = (value) => {
    form?.put(block.block_id, value);
    dispatch(value);
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
