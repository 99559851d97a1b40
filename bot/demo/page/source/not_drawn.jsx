/** Say of a part what it is, where it cannot be shown: nothing vanishes silently. */
export function NotDrawn({ what, value }) {
  return (
    <details className="not-drawn">
      <summary>This page cannot draw “{what}”; Slack can.</summary>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
