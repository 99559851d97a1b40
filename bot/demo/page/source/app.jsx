// The page as a whole: places and clouds, the conversation, a thread, a modal.

import { useEffect, useMemo, useRef, useState } from "react";
import { Conversation } from "./conversation.jsx";
import { useConfirm } from "./confirm.jsx";
import { Modal } from "./modal.jsx";
import { Sidebar } from "./sidebar.jsx";
import { act, places, useWorld } from "./world.js";

const MENTIONS = /<[@#!][^>|]*\|?([^>]*)>/g;

/** Read out what the bot says: the text of its newest message, also of one that changed. */
function Announcer({ docs }) {
  const heard = useRef(null);
  const [words, setWords] = useState("");
  useEffect(() => {
    const messages = Object.entries(docs).filter(([key]) => key.startsWith("message:"));
    const states = new Map(messages.map(([key, doc]) => [key, `${doc.revision}`]));
    const before = heard.current;
    heard.current = states;
    if (before === null) return;
    const news = messages.filter(
      ([key, doc]) => doc.bot && before.get(key) !== states.get(key),
    );
    if (news.length === 0) return;
    const [, doc] = news.at(-1);
    const who = doc.ephemeral ? `${doc.name}, only visible to you` : doc.name;
    setWords(`${who}: ${doc.text.replace(MENTIONS, "$1")}`);
  }, [docs]);
  return (
    <p className="unseen" role="status" aria-live="polite" id="announcer">
      {words}
    </p>
  );
}

function useProblem() {
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    if (!problem) return undefined;
    const timer = setTimeout(() => setProblem(null), 12_000);
    return () => clearTimeout(timer);
  }, [problem]);
  return [problem, setProblem];
}

export function App() {
  const { connected, lost, docs } = useWorld();
  const [chosen, setChosen] = useState(null);
  const [thread, setThread] = useState(null);
  const [drawer, setDrawer] = useState(false);
  const [problem, setProblem] = useProblem();
  const [confirm, confirmDialog] = useConfirm();

  const all = places(docs);
  const place = all.find((one) => one.id === chosen) ?? all[0];
  const you = docs.you;
  const data = useMemo(() => {
    if (!you) return { users: [], channels: [], user_groups: [] };
    const users = [{ id: you.id, name: you.name }, you.bot];
    const channels = all.filter((one) => !one.direct);
    return { users, channels, user_groups: [] };
  }, [you, all.length]);

  if (!connected) return <p className="starting">{lost ? <Ended /> : "One moment …"}</p>;

  const tell = async (kind, wanted) => {
    setProblem(null);
    const told = await act(kind, wanted);
    if (told.problem) setProblem(told.problem);
    return told;
  };
  const parent = thread && docs[`message:${place.id}:${thread}`];
  const shared = { docs, place, you, data, tell, confirm };

  return (
    <div className={`page ${parent ? "with-thread" : ""} ${drawer ? "with-drawer" : ""}`}>
      <a className="skip" href="#composer">
        Go to the message field
      </a>
      <Sidebar
        docs={docs}
        place={place}
        choose={(id) => {
          setChosen(id);
          setThread(null);
          setDrawer(false);
        }}
        tell={tell}
        open={drawer}
        close={() => setDrawer(false)}
      />
      <Conversation
        {...shared}
        key={place.id}
        open={setThread}
        problem={problem}
        dismiss={() => setProblem(null)}
        showDrawer={() => setDrawer(true)}
      />
      {parent && (
        <Conversation
          {...shared}
          key={`${place.id} ${thread}`}
          parent={parent}
          close={() => setThread(null)}
        />
      )}
      {docs.modal && (
        <Modal key={docs.modal.id} view={docs.modal} data={data} tell={tell} confirm={confirm} problem={problem} />
      )}
      {confirmDialog}
      <Announcer docs={docs} />
      {lost && (
        <p className="lost" role="alert">
          <Ended />
        </p>
      )}
    </div>
  );
}

const Ended = () => (
  <>
    The demo has ended. Start it again with <code>make demo</code>; this page will notice.
  </>
);
