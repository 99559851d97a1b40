// A menu that is searched: what is typed goes to the bot, which answers with options.
// Arrow keys, Enter, Escape: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

import { useContext, useEffect, useId, useRef, useState } from "react";
import { Holder } from "./holder.js";
import { groupsOf, wordsOf } from "./options.js";

const PAUSE = 150;
/** How many characters have to be typed where the app does not say. */
const LEAST = 3;

/** The groups for what was typed; null while the bot is still asked, or not at all. */
function useFound(element, query, least) {
  const { suggest } = useContext(Holder);
  const [found, setFound] = useState({ query: null, groups: null });
  useEffect(() => {
    if (query === null || query.length < least) return undefined;
    let wanted = true;
    const ask = async () => {
      const told = await suggest(element, query);
      if (wanted) setFound({ query, groups: groupsOf(told) });
    };
    const timer = setTimeout(ask, query ? PAUSE : 0);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [query]);
  return found.query === query ? found.groups : null;
}

export function Search({ element, value, put, about }) {
  const [chosen, setChosen] = useState(value?.value ? value : element.initial_option);
  // What has been typed; null while the list is closed.
  const [query, setQuery] = useState(null);
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const id = useId();
  const least = element.min_query_length ?? LEAST;
  const groups = useFound(element, query, least);
  const open = query !== null;
  const all = (groups ?? []).flatMap((group) => group.options);
  const place = Math.min(at, all.length - 1);

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [place, groups]);

  const search = (text) => {
    setQuery(text);
    setAt(0);
  };
  const choose = (option) => {
    if (option) {
      setChosen(option.whole);
      put(option.whole);
    }
    setQuery(null);
  };
  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const { key } = event;
    if (!open && (key in steps || key === "Enter")) search("");
    else if (open && key in steps && all.length) {
      setAt((place + steps[key] + all.length) % all.length);
    } else if (open && key === "Enter") choose(all[place]);
    else if (open && key === "Escape") setQuery(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const words = wordsOf(chosen?.text);
  return (
    <div className="search">
      <input
        {...about}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={open && all.length ? `${id}-${place}` : undefined}
        value={query ?? words}
        placeholder={words || wordsOf(element.placeholder) || "Search …"}
        onChange={(event) => search(event.target.value)}
        onClick={() => open || search("")}
        onKeyDown={onKeyDown}
        onBlur={() => setQuery(null)}
      />
      {open && (
        // A press must not take the focus from the field before it is a click.
        <div
          className="search-list"
          role="listbox"
          id={`${id}-list`}
          ref={list}
          onMouseDown={(event) => event.preventDefault()}
        >
          {all.length === 0 && (
            <p className="menu-empty" role="status">
              {query.length < least && `Type ${least} characters or more`}
              {query.length >= least && (groups ? "Nothing fits" : "Searching …")}
            </p>
          )}
          {(groups ?? []).map((group, index) => (
            <div key={index} role="group" aria-label={group.label}>
              {group.label && <div className="menu-group">{group.label}</div>}
              {group.options.map((option) => (
                <div
                  key={option.value}
                  role="option"
                  id={`${id}-${all.indexOf(option)}`}
                  aria-selected={option === all[place]}
                  onClick={() => choose(option)}
                >
                  {option.label}
                  {option.description && <small>{option.description}</small>}
                </div>
              ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
