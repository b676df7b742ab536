import { MayflyError } from "../../base/errors/error.ts";
import type { Reserve } from "./reserve.ts";

/** For stores that have no reserve, as in tests. */
export const noReserve: Reserve = { giveUp: () => false, restore: () => undefined, takeBack: () => false };

/**
 * Runs work that frees space, or takes a right away, on a full disk too: the reserve is given up for it then.
 * @param write throws "disk-full", and has stored nothing then
 */
export function writeWithReserve<T>(write: (work: () => T) => T, reserve: Reserve, work: () => T): T {
  try {
    return write(work);
  } catch (error) {
    if (!(error instanceof MayflyError && error.code === "disk-full" && reserve.giveUp())) throw error;
    return write(work);
  }
}
