import type { Socket } from "node:net";

import type { Clock } from "../../base/clock/clock.ts";

/** The other end of the channel is gone by now: what comes is in the socket already. Long, for a host that has no time to read. */
const DRAIN_MS = 2_000;

/** What a guest sent last is still in the socket when it has ended: a reader gets it before the channel goes. */
export async function drained(channel: Socket, clock: Clock): Promise<void> {
  if (channel.destroyed || channel.readableFlowing !== true) return;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(DRAIN_MS, resolve);
  // Not once(): the reset of a connection that the guest had not read to its end is an end like others.
  channel.once("close", resolve);
  await over;
  cancel();
}
