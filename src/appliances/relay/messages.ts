/** What a relay and the server tell each other over the relay's channel. The relay reads what strangers sent, so its word is checked as theirs would be. */
import { z } from "zod";
import { LINE_BYTES, LINES_AT_ONCE } from "./console.ts";

const id = z.int().min(1);

/** From the relay. */
export const fromRelaySchema = z.discriminatedUnion("type", [
  /** It listens, and has no privileges any more. */
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("lines"), lines: z.array(z.string().max(LINE_BYTES)).max(LINES_AT_ONCE) }),
  /** The console was closed, and every line of it told. */
  z.strictObject({ type: z.literal("console-end") }),
  /** Asks for a connection to the outside. */
  z.strictObject({ type: z.literal("connect"), id, host: z.string().max(300), port: z.int() }),
  /** A connection that it was given is closed. */
  z.strictObject({ type: z.literal("closed"), id }),
  /** For the appliance's log. */
  z.strictObject({ type: z.literal("note"), text: z.string().max(500) }),
]);
export type FromRelay = z.infer<typeof fromRelaySchema>;

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
