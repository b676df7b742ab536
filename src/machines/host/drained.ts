import type { Socket } from "node:net";

import type { Clock } from "../../base/clock/clock.ts";

/** Milliseconds for a busy host to read what is still in the socket. The other end of the channel is gone by now, so nothing more comes. */
const DRAIN_MS = 2_000;

/** Resolves when the channel's reader has the bytes that the guest sent last, which are still in the socket when the guest has ended. */
export async function drained(channel: Socket, clock: Clock): Promise<void> {
  if (channel.destroyed || channel.readableFlowing !== true) return;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(DRAIN_MS, resolve);
  // once() is not used because it rejects at an error: the guest's end may reset the connection, which is an end like others.
  channel.once("close", resolve);
  await over;
  cancel();
}
