/** Handles what a machine is told first, and after every pause: the time, and randomness of its own. This runs before any user code. */
import { PROTOCOL_VERSION, type ReadyMessage, type ResumeMessage } from "../../../wire/protocol.ts";
import type { Transport } from "../channel.ts";
import { onOsv } from "../osv.ts";
import { spreadEntropy } from "./entropy.ts";
import { dropDrawnAhead } from "./drawn-ahead.ts";
import { resetTimeOrigin } from "./time-origin.ts";
import { nativeCall } from "./native.ts";
import { setWallClock } from "./wall-clock.ts";

export const AGENT_VERSION = "0.1.0";

/** @returns the answer, and sentences on what could not be done */
export function resume(message: ResumeMessage, transport: Transport): { ready: ReadyMessage; failures: string[] } {
  const kernel = kernelOf(transport);
  // Sandboxes and bare processes use the host's clock and kernel, which are right.
  if (transport === "tcp") setWallClock(message.now);
  // A Bind may need it (files/linked-folder.ts).
  if (kernel === "linux") nativeCall("mount");
  // A program of the app's needs it (log/output-pipe.ts).
  if (kernel !== "osv") nativeCall("pipe2");
  resetTimeOrigin();
  const failures = spreadEntropy(Buffer.from(message.entropy, "base64"), kernel === "linux");
  if (message.restored === true) dropDrawnAhead();
  const protocol = Math.min(message.protocol.max, PROTOCOL_VERSION);
  return { ready: { protocol, agent: AGENT_VERSION, node: process.versions.node, kernel, trailers: true }, failures };
}

function kernelOf(transport: Transport): ReadyMessage["kernel"] {
  if (transport === "fd") return "host";
  if (transport === "unix") return "gvisor";
  return onOsv ? "osv" : "linux";
}
