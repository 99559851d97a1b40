// The modal the bot has opened.
// https://docs.slack.dev/surfaces/modals

import { useEffect, useMemo, useRef, useState } from "react";
import { Blocks } from "./blocks.jsx";
import { Holder } from "./holder.js";
import { wordsOf } from "./options.js";

const inputsOf = (blocks) =>
  blocks.filter((block) => block.type === "input").map((block) => block.block_id);
const actionsOf = (blocks) =>
  blocks
    .filter((block) => block.type !== "input")
    .flatMap((block) => [block.accessory, ...(block.elements ?? [])])
    .flatMap((element) => (element?.action_id ? [element.action_id] : []));

export function Modal({ view, data, tell, confirm, problem }) {
  const dialog = useRef(null);
  const values = useRef({});
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    dialog.current.querySelector(".modal-body :is(input, select, textarea)")?.focus();
    return () => before?.focus();
  }, []);
  useEffect(() => {
    dialog.current.querySelector("[aria-invalid]")?.focus();
  }, [errors]);

  const holder = useMemo(
    () => ({
      data,
      confirm,
      form: {
        errors,
        value: (key) => values.current[key],
        put: (key, value) => {
          values.current[key] = value;
          if (errors[key]) setErrors(({ [key]: _, ...others }) => others);
        },
      },
      press: (block, element, value) =>
        tell("press", {
          view: view.id,
          block_id: block.block_id,
          action_id: element.action_id,
          value,
          values: values.current,
        }),
      suggest: (element, query) =>
        tell("suggest", { view: view.id, action_id: element.action_id, query }),
    }),
    [view.id, errors, data],
  );

  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const fields = new Set([...inputsOf(view.blocks), ...actionsOf(view.blocks)]);
    const given = Object.entries(values.current).filter(
      ([key, value]) => fields.has(key) && value !== undefined,
    );
    const told = await tell("submit", { view: view.id, values: Object.fromEntries(given) });
    setErrors(told.errors ?? {});
    setBusy(false);
  };
  const close = () => tell("close", { view: view.id });

  return (
    <dialog
      ref={dialog}
      className="modal"
      aria-labelledby="modal-title"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <form onSubmit={submit} noValidate>
        <header>
          <h2 id="modal-title">{wordsOf(view.title)}</h2>
          <button type="button" className="plain" aria-label="Close" onClick={close}>
            <span aria-hidden="true">✕</span>
          </button>
        </header>
        <Holder.Provider value={holder}>
          <div className="modal-body">
            <Blocks blocks={view.blocks} />
          </div>
        </Holder.Provider>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" className="button" onClick={close}>
            {wordsOf(view.close) || "Close"}
          </button>
          {view.submit && (
            <button type="submit" className="button primary" aria-busy={busy}>
              {wordsOf(view.submit)}
            </button>
          )}
        </footer>
      </form>
    </dialog>
  );
}
