/** What a relay and the server tell each other over the relay's channel. The server checks the relay's word (../from-relay.ts). */
/** From the relay. */
export type FromRelay =
  /** It listens, and has no privileges any more. */
  | { type: "ready" }
  | { type: "lines"; lines: string[] }
  /** The console was closed, and every line of it told. */
  | { type: "console-end" }
  /** Asks for a connection to the outside. */
  | { type: "connect"; id: number; host: string; port: number }
  /** A connection that it was given is closed. */
  | { type: "closed"; id: number }
  /** For the appliance's log. */
  | { type: "note"; text: string };

/** To the relay. "connected" comes with the socket. */
export type ToRelay = { type: "connected"; id: number } | { type: "refused"; id: number; denied: boolean; text: string };

/** What a relay is to do: its only argument, as JSON. */
export interface RelayJob {
  /** Undefined without root: then it keeps the user that it has. */
  confine?: { uid: number; root: string };
  /** Ports of QEMU's on the namespace's loopback; the listening sockets are the descriptors from `firstPortFd`, in the same order. */
  ports: { name: string; qemu: number }[];
  proxy: boolean;
  /** Descriptors that it may have open. */
  descriptors: number;
}

/** Descriptors that a relay inherits besides its channel. */
export const RelayFd = { Channel: 3, Console: 4, Namespace: 5 } as const;
export const firstPortFd = 6;
