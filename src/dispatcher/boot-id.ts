import { randomInt } from "node:crypto";

/** Unique for each start of Mayfly on a state folder: the second of the start, and chance against a clock that was set back. */
export function createBootId(wall: number): string {
  return (
    Math.floor(wall / 1_000).toString(36) +
    randomInt(36 ** 3)
      .toString(36)
      .padStart(3, "0")
  );
}
