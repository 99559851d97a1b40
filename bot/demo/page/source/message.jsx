// One message: who, when, to whom, what, and the replies below it.

import { useMemo } from "react";
import { Content } from "./blocks.jsx";
import { MessageTime } from "./dates.jsx";
import { Holder } from "./holder.js";
import { Bell, Eye } from "./marks.jsx";

function Avatar({ message }) {
  return (
    <span className={`avatar ${message.bot ? "of-bot" : ""}`} aria-hidden="true">
      {message.bot ? <Bell /> : message.name[0].toUpperCase()}
    </span>
  );
}

function Replies({ replies, open }) {
  if (replies.length === 0) return null;
  return (
    <button type="button" className="replies" onClick={open}>
      <strong>
        {replies.length} {replies.length === 1 ? "reply" : "replies"}
      </strong>{" "}
      <span>
        last at <MessageTime ts={replies.at(-1).ts} />
      </span>
    </button>
  );
}

export function Said({ message, replies, open, data, tell, confirm }) {
  const holder = useMemo(() => {
    const where = { place: message.place, ts: message.ts };
    return {
      data,
      confirm,
      form: null,
      press: (block, element, value) =>
        tell("press", {
          ...where,
          block_id: block.block_id,
          action_id: element.action_id,
          value,
        }),
      suggest: (element, query) =>
        tell("suggest", { ...where, action_id: element.action_id, query }),
    };
  }, [message.place, message.ts, data]);

  return (
    <article
      className={`message ${message.ephemeral ? "ephemeral" : ""}`}
      aria-label={`${message.name}, ${new Date(message.ts * 1000).toLocaleTimeString()}`}
      data-revision={message.revision}
    >
      {message.ephemeral && (
        <p className="only-you">
          <Eye /> Only visible to you
        </p>
      )}
      <Avatar message={message} />
      <div className="body">
        <p className="who">
          <strong>{message.name}</strong>
          {message.bot && <span className="app">App</span>}
          <MessageTime ts={message.ts} />
        </p>
        <Holder.Provider value={holder}>
          <div className="content">
            <Content message={message} />
            {message.edited && <small className="edited">(edited)</small>}
          </div>
        </Holder.Provider>
        <Reactions reactions={message.reactions} />
        {open && !message.ephemeral && (
          <>
            <Replies replies={replies} open={open} />
            {replies.length === 0 && (
              <button type="button" className="reply-here" onClick={open}>
                Reply in thread
              </button>
            )}
          </>
        )}
      </div>
    </article>
  );
}

function Reactions({ reactions }) {
  const all = Object.entries(reactions);
  if (all.length === 0) return null;
  return (
    <p className="reactions">
      {all.map(([name, count]) => (
        <span key={name}>
          :{name}: {count}
        </span>
      ))}
    </p>
  );
}
