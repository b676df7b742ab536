import { randomInt } from "node:crypto";

/** Unique for each start of Mayfly on a state folder: the second of the start, and chance against a clock that was set back. */
export function createBootId(wall: number): string {
  const chance = randomInt(36 ** 3).toString(36);
  return Math.floor(wall / 1_000).toString(36) + chance.padStart(3, "0");
}
