import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";

/** Passes bytes between two sockets both ways. The close or failure of either ends the other. */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => to.destroy()); // "close" follows, and the peer sees the end
    from.once(
      "close",
      guarded(
        () => to.destroySoon(),
        () => to.destroy(),
      ),
    );
    from.pipe(to);
  }
}
