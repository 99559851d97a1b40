// The few pictures of the page.

export const Bell = () => (
  <svg className="bell" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M12 3a6 6 0 0 0-6 6v4.4l-1.7 3a.9.9 0 0 0 .8 1.4h13.8a.9.9 0 0 0 .8-1.4l-1.7-3V9a6 6 0 0 0-6-6Z" />
    <path d="M9.4 19.4a2.7 2.7 0 0 0 5.2 0Z" />
  </svg>
);

export const Eye = () => (
  <svg className="eye" viewBox="0 0 24 24" aria-hidden="true">
    <path
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      d="M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z"
    />
    <circle cx="12" cy="12" r="3" fill="currentColor" />
  </svg>
);
