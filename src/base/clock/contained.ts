import { guarded } from "../errors/guarded.ts";
import type { Clock } from "./clock.ts";

/**
 * A clock whose callbacks cannot end the process: what one throws goes to `failed`. A callback of every() is called again at its next turn. The host may lack
 * something for a moment, for example descriptors, and that must cost nobody but the callback's own work.
 */
export function contained(clock: Clock, failed: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (ms, callback) => clock.after(ms, guarded(callback, failed)),
    every: (ms, callback) => clock.every(ms, guarded(callback, failed)),
  };
}
