// Where one can talk, and the clouds with their switches.

import { useEffect, useRef } from "react";
import { Bell } from "./marks.jsx";
import { clouds, places } from "./world.js";

const ENDINGS = [
  ["fails", "fail"],
  ["passes", "pass"],
];

function Cloud({ cloud, tell }) {
  const { name, title, down, pipeline } = cloud;
  return (
    <li className={`cloud ${down ? "down" : ""}`}>
      <span className="cloud-state" aria-hidden="true" />
      <span className="cloud-name">
        {name}
        <small>{down ? "broken" : title}</small>
      </span>
      <button
        type="button"
        aria-label={`${down ? "Repair" : "Break"} ${name}`}
        onClick={() => tell("break", { cloud: name, down: !down })}
      >
        {down ? "Repair" : "Break"}
      </button>
      <span className="cloud-runs">
        Let <em>{pipeline}</em>
        {ENDINGS.map(([ending, word]) => (
          <button
            key={ending}
            type="button"
            aria-label={`Let ${pipeline} of ${name} ${word}`}
            onClick={() => tell("start", { cloud: name, ending })}
          >
            {word}
          </button>
        ))}
      </span>
    </li>
  );
}

/** On a narrow screen the side bar is a drawer, `open` or not. */
export function Sidebar({ docs, place, choose, tell, open, close }) {
  const first = useRef(null);
  useEffect(() => {
    if (open) first.current.focus();
  }, [open]);
  const group = (heading, some) => (
    <>
      <h2>{heading}</h2>
      <ul>
        {some.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className="place"
              aria-current={one.id === place.id ? "page" : undefined}
              onClick={() => choose(one.id)}
            >
              <span className="place-mark" aria-hidden="true">
                {one.direct ? <Bell /> : "#"}
              </span>
              {one.name}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
  const all = places(docs);
  return (
    <nav
      className="sidebar"
      aria-label="Places and clouds"
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <header>
        <h1>
          <Bell /> Runbell demo
        </h1>
        <button type="button" ref={first} className="only-narrow plain" onClick={close}>
          Close
        </button>
      </header>
      {group(
        "Channels",
        all.filter((one) => !one.direct),
      )}
      {group(
        "Direct messages",
        all.filter((one) => one.direct),
      )}
      <h2>Simulated clouds</h2>
      <ul>
        {clouds(docs).map((cloud) => (
          <Cloud key={cloud.name} cloud={cloud} tell={tell} />
        ))}
      </ul>
      <p className="note">
        Everything here runs on this machine: five simulated clouds, a small local Slack, and
        the real bot. Break a cloud and ask again: an answer is kept for a few seconds. A run
        that you start takes a minute or two.
      </p>
    </nav>
  );
}
