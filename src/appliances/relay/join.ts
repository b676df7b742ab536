import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { breakOff } from "../../base/network/break-off.ts";

/**
 * Passes bytes between two sockets both ways. The end of either is passed on, and what closes without an end resets the other: its peer must not
 * take what has come for all, and what waits for it is not kept for a peer that reads no more.
 */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const onClose = () => (from.readableEnded ? to.destroySoon() : breakOff(to));
    from.on("error", () => from.destroy()); // "close" follows
    from.once(
      "close",
      guarded(onClose, () => to.destroy()),
    );
    from.pipe(to);
  }
}
