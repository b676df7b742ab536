import type { Socket } from "node:net";

import type { Clock } from "../../base/clock/clock.ts";

/** The other end of the channel is gone by now, so all that will come is in the socket already. The time is for a busy host to read it. */
const DRAIN_MS = 2_000;

/** Resolves when the channel's reader has got the bytes that the guest sent last: they are still in the socket when the guest has ended. */
export async function drained(channel: Socket, clock: Clock): Promise<void> {
  if (channel.destroyed || channel.readableFlowing !== true) return;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(DRAIN_MS, resolve);
  // Not once(), which rejects at an error: the guest's end may reset the connection, and that is an end like others.
  channel.once("close", resolve);
  await over;
  cancel();
}
