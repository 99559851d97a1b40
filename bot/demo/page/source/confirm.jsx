// "Are you sure?", where an element asks for it.
// https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object

import { useEffect, useRef, useState } from "react";
import { wordsOf } from "./options.js";

/** Return `confirm(said)`, a promise of whether the person agrees, and its dialog. */
export function useConfirm() {
  const [asked, setAsked] = useState(null);
  const confirm = (said) => new Promise((answer) => setAsked({ said, answer }));
  const answer = (agreed) => {
    asked.answer(agreed);
    setAsked(null);
  };
  return [confirm, asked && <Confirm said={asked.said} answer={answer} />];
}

function Confirm({ said, answer }) {
  const dialog = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="modal small"
      aria-labelledby="confirm-title"
      onCancel={(event) => {
        event.preventDefault();
        answer(false);
      }}
    >
      <h2 id="confirm-title">{wordsOf(said.title)}</h2>
      <p>{wordsOf(said.text)}</p>
      <footer>
        <button type="button" className="button" onClick={() => answer(false)}>
          {wordsOf(said.deny) || "Cancel"}
        </button>
        <button
          type="button"
          className={`button ${said.style ?? "primary"}`}
          onClick={() => answer(true)}
        >
          {wordsOf(said.confirm) || "Yes"}
        </button>
      </footer>
    </dialog>
  );
}
