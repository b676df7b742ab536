import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";

/** Both ways; each end's close or failure ends the other. */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => to.destroy()); // "close" follows; the peer sees the end
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
