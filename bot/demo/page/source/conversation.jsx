// A place or a thread: what was said, and where one types.

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Said } from "./message.jsx";
import { messagesOf, repliesTo } from "./world.js";

const NEAR = 80;

/** Follow the newest message, unless the reader has scrolled up. */
function useFollowing(list, newest) {
  const following = useRef(true);
  const toEnd = () => {
    if (following.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useLayoutEffect(toEnd, [newest]);
  useEffect(() => {
    const watching = new ResizeObserver(toEnd);
    watching.observe(list.current);
    if (list.current.firstElementChild) watching.observe(list.current.firstElementChild);
    return () => watching.disconnect();
  }, []);
  return () => {
    const { scrollHeight, scrollTop, clientHeight } = list.current;
    following.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };
}

function Composer({ place, parent, you, tell }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const typed = useRef([]);
  const back = useRef(0);
  const field = useRef(null);
  const name = place.direct ? place.name : `#${place.name}`;
  const label = parent ? "Reply in the thread" : `Message ${name}`;
  const hint = parent && !place.direct ? `, beginning with @${you.bot.name}` : "";

  useEffect(() => {
    field.current.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);

  const send = async () => {
    if (!text.trim() || busy) return;
    typed.current.unshift(text);
    back.current = 0;
    setText("");
    setBusy(true);
    const told = await tell("say", { place: place.id, text, thread: parent?.ts ?? null });
    setBusy(false);
    // What was not taken stays, to be put right.
    if (told.problem) setText((now) => now || text);
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (step && (text === "" || back.current > 0)) {
      back.current = Math.max(0, Math.min(typed.current.length, back.current + step));
      setText(typed.current[back.current - 1] ?? "");
      event.preventDefault();
    }
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        id={parent ? undefined : "composer"}
        ref={field}
        rows={1}
        value={text}
        aria-label={label}
        placeholder={`${label}${hint}`}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          back.current = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <button type="submit" className="send" disabled={!text.trim()}>
        Send
      </button>
    </form>
  );
}

function Start({ place, you, tell }) {
  const { command, bot } = you;
  const tries = place.direct
    ? ["status", "list release", "help"]
    : [
        command,
        `${command} status`,
        `${command} list release`,
        `${command} watch`,
        `@${bot.name} status`,
        `${command} help`,
      ];
  return (
    <div className="start">
      <h3>{place.direct ? `You and ${place.name}` : `Welcome to #${place.name}`}</h3>
      <p>
        {place.direct
          ? "Here the bot hears everything you type."
          : "Type a command, or mention the bot: its answers to commands are seen by you alone."}{" "}
        Try one of these:
      </p>
      <p className="tries">
        {tries.map((text) => (
          <button
            key={text}
            type="button"
            onClick={() => tell("say", { place: place.id, text, thread: null })}
          >
            {text}
          </button>
        ))}
      </p>
    </div>
  );
}

export function Conversation(props) {
  const { docs, place, parent, you, data, tell, confirm, open, close } = props;
  const said = parent
    ? [parent, ...repliesTo(docs, place.id, parent.ts)]
    : messagesOf(docs, place.id);
  const list = useRef(null);
  const onScroll = useFollowing(list, said.map((one) => `${one.ts} ${one.revision}`).join());
  const title = parent ? "Thread" : `${place.direct ? "" : "#"}${place.name}`;
  const Tag = parent ? "aside" : "main";
  return (
    <Tag
      className={parent ? "thread" : "conversation"}
      aria-label={title}
      onKeyDown={(event) => {
        if (close && event.key === "Escape") close();
      }}
    >
      <header>
        {!parent && (
          <button type="button" className="only-narrow plain" onClick={props.showDrawer}>
            Menu
          </button>
        )}
        <h2>{title}</h2>
        {parent && (
          <button type="button" className="plain" onClick={close} aria-label="Close the thread">
            Close
          </button>
        )}
      </header>
      <div className="messages" ref={list} onScroll={onScroll} tabIndex={-1}>
        <div>
          {!parent && <Start place={place} you={you} tell={tell} />}
          {said.map((message) => (
            <Said
              key={message.ts}
              message={message}
              replies={repliesTo(docs, place.id, message.ts)}
              open={parent ? null : () => open(message.ts)}
              data={data}
              tell={tell}
              confirm={confirm}
            />
          ))}
        </div>
      </div>
      {props.problem && (
        <p className="problem" role="alert">
          {props.problem}
          <button type="button" className="plain" onClick={props.dismiss}>
            Dismiss
          </button>
        </p>
      )}
      <Composer place={place} parent={parent} you={you} tell={tell} />
    </Tag>
  );
}
