import { randomInt } from "node:crypto";

/**
 * Unique for each start of Mayfly on a state folder. It is made of the second of the start, and of a random number in case the clock was
 * set back.
 */
export function createBootId(wall: number): string {
  const chance = randomInt(36 ** 3).toString(36);
  return Math.floor(wall / 1_000).toString(36) + chance.padStart(3, "0");
}
