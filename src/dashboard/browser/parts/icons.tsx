import type { JSX } from "preact";

function Icon({ children }: { children: JSX.Element | JSX.Element[] }) {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** A mayfly: two wings, and a tail of three threads. */
export const Logo = () => (
  <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M12 11C9 4 4.5 2.5 2.5 3.5c0 4.5 4 7.5 9.500 8Z" fill="currentColor" opacity=".85" />
    <path d="M12 11c3-7 7.500-8.500 9.500-7.500 0 4.500-4 7.500-9.500 8Z" fill="currentColor" opacity=".55" />
    <path
      d="M12 9.500v7m0 0-3.500 5.500M12 16.500V22m0-5.500 3.500 5.500"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      fill="none"
    />
  </svg>
);

export const OverviewIcon = () => (
  <Icon>
    <path d="M4 19V9m5 10V5m5 14v-8m5 8v-5" />
  </Icon>
);

export const FleetIcon = () => (
  <Icon>
    <path d="M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm10 0h6v6h-6z" />
  </Icon>
);

export const AppsIcon = () => (
  <Icon>
    <path d="m12 3 8 4.500v9L12 21l-8-4.500v-9zm0 9 8-4.500M12 12v9m0-9L4 7.500" />
  </Icon>
);

export const OperatorIcon = () => (
  <Icon>
    <path d="M4 7h10m4 0h2M4 17h2m4 0h10" />
    <circle cx="16" cy="7" r="2" />
    <circle cx="8" cy="17" r="2" />
  </Icon>
);

export const SimulatorIcon = () => (
  <Icon>
    <path d="M4 18c4 0 5-11 9-11s4 6 7 6" />
    <path d="M4 20h16" />
    <path d="M4 14c5 0 8 3 16 3" stroke-dasharray="2 3" />
  </Icon>
);

export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v2m0 14v2M3 12h2m14 0h2M5.600 5.600 7 7m10 10 1.400 1.400M18.400 5.600 17 7M7 17l-1.400 1.400" />
  </Icon>
);

export const MoonIcon = () => (
  <Icon>
    <path d="M20 14.500A8 8 0 0 1 9.500 4a8 8 0 1 0 10.500 10.500Z" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4" />
    <path d="M4 12h11m-4-4 4 4-4 4" />
  </Icon>
);
