// A button that opens a menu: arrow keys, Home and End, letters, Enter, Escape.
// https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/

import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";

const MARGIN = 8;

function useClosing(open, box, close) {
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => {
      if (!box.current?.contains(event.target)) close();
    };
    document.addEventListener("pointerdown", outside);
    window.addEventListener("resize", close);
    return () => {
      document.removeEventListener("pointerdown", outside);
      window.removeEventListener("resize", close);
    };
  }, [open]);
}

/** Put the list below its button, or above it where there is more room. */
function place(button, list) {
  const at = button.getBoundingClientRect();
  const { offsetHeight: height, offsetWidth: width } = list;
  const below = window.innerHeight - at.bottom - MARGIN;
  const up = below < height && at.top > below;
  const left = Math.max(MARGIN, Math.min(at.left, window.innerWidth - width - MARGIN));
  list.style.left = `${left}px`;
  list.style.top = `${up ? Math.max(MARGIN, at.top - height - 4) : at.bottom + 4}px`;
}

/**
 * `groups`: `[{label, options: [{label, description, value, url}]}]`, or a function
 * that resolves to that; `choose(value, option)` is called with what was chosen.
 */
export function Menu({ label, className, children, groups, choose }) {
  const [open, setOpen] = useState(null);
  const box = useRef(null);
  const id = useId();
  const close = () => setOpen(null);
  const items = () => [...(box.current?.querySelectorAll("[role=menuitem]") ?? [])];
  useClosing(open !== null, box, close);

  useLayoutEffect(() => {
    if (open === null) return;
    place(box.current.querySelector("button"), box.current.querySelector("[role=menu]"));
    items()[0]?.focus();
  }, [open]);

  const show = async () => setOpen(typeof groups === "function" ? await groups() : groups);
  const leave = () => {
    close();
    box.current.querySelector("button").focus();
  };

  const onKeyDown = (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = {
      ArrowDown: all[(at + 1) % all.length],
      ArrowUp: all[(at - 1 + all.length) % all.length],
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    const letter =
      event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey;
    if (to) to.focus();
    else if (event.key === "Escape") leave();
    else if (event.key === "Tab") close();
    else if (letter) startingWith(all, at, event.key)?.focus();
    if (to || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <span className="menu" ref={box}>
      <button
        type="button"
        className={className}
        aria-haspopup="menu"
        aria-expanded={open !== null}
        aria-controls={open === null ? undefined : id}
        aria-label={label}
        onClick={() => (open === null ? show() : close())}
        onKeyDown={(event) => {
          if (open !== null) return onKeyDown(event);
          if (event.key === "ArrowDown") {
            event.preventDefault();
            show();
          }
          return undefined;
        }}
      >
        {children}
      </button>
      {open !== null && (
        <div className="menu-list" role="menu" id={id} aria-label={label} onKeyDown={onKeyDown}>
          {open.every((group) => group.options.length === 0) && (
            <p className="menu-empty">Nothing to choose from</p>
          )}
          {open.map((group, index) => (
            <div key={index} role="group" aria-label={group.label}>
              {group.label && <div className="menu-group">{group.label}</div>}
              {group.options.map((option) => (
                <Item
                  key={option.value}
                  option={option}
                  choose={() => {
                    leave();
                    choose(option.value, option);
                  }}
                />
              ))}
            </div>
          ))}
        </div>
      )}
    </span>
  );
}

function startingWith(all, at, letter) {
  const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  return order.find((item) => item.textContent.toLowerCase().startsWith(letter.toLowerCase()));
}

function Item({ option, choose }) {
  const Tag = option.url ? "a" : "button";
  const more = option.url
    ? { href: option.url, target: "_blank", rel: "noopener noreferrer" }
    : { type: "button" };
  return (
    <Tag role="menuitem" tabIndex={-1} onClick={choose} {...more}>
      {option.label}
      {option.description && <small>{option.description}</small>}
    </Tag>
  );
}
