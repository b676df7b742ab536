/** What a relay and the server send to each other over the relay's channel. The server checks the relay's messages (../from-relay.ts). */
/** Messages from the relay. */
export type FromRelay =
  /** The relay listens, and has given up its privileges. */
  | { type: "ready" }
  | { type: "lines"; lines: string[] }
  /** The console was closed, and all of its lines were reported. */
  | { type: "console-end" }
  /** The relay asks for a connection to the outside. */
  | { type: "connect"; id: number; host: string; port: number }
  /** A connection that the server gave to the relay is closed. */
  | { type: "closed"; id: number }
  /** A line for the appliance's log. */
  | { type: "note"; text: string };

/** Messages to the relay. "connected" comes with the socket. */
export type ToRelay = { type: "connected"; id: number } | { type: "refused"; id: number; denied: boolean; text: string };

/** What a relay must do: its only argument, as JSON. */
export interface RelayJob {
  /** Undefined if Mayfly does not run as root; then the relay keeps its user. */
  confine?: { uid: number; root: string };
  /** The ports that QEMU listens on, on the namespace's loopback. The published sockets are the descriptors from `firstPortFd` on, in the same order. */
  ports: { name: string; qemu: number }[];
  proxy: boolean;
  /** The number of descriptors that the relay may have open. */
  descriptors: number;
}

/** Descriptors that a relay inherits, besides its channel. */
export const RelayFd = { Channel: 3, Console: 4, Namespace: 5 } as const;
export const firstPortFd = 6;
