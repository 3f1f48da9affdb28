/** The drawing of public/favicon.svg, inline: it is there without a connection, too. */
export function Logo({ size }: { size: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#3550b8" />
      <g fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round">
        <path d="M10.5 21.5a4.6 4.6 0 0 1-.4-9.2 6.4 6.4 0 0 1 12.2 1.2 4 4 0 0 1-.6 8h-3.2" />
        <path d="M15.2 17.6v7.2m0-7.2-2.6 2.6m2.6-2.6 2.6 2.6" />
      </g>
    </svg>
  );
}
