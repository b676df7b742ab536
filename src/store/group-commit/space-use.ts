/** Which operations may use what is held in reserve for a full disk. Pure. */

/**
 * What an operation is to the disk: it frees space; it *finishes* what was accepted before, for which it may need a little space; or it needs space for something new.
 */
export type SpaceUse = "frees" | "finishes" | "needs";

/** Of a file whose reserve is whole. An operation that removes a thousand rows writes about as much to the write-ahead log. */
export const RESERVE_BYTES = 2_097_152;

/** What an operation must leave, bytes: what finishes can't use up what those need that free space, and something new leaves all of it. */
const LEFT: Record<SpaceUse, number> = { frees: 0, finishes: RESERVE_BYTES / 2, needs: RESERVE_BYTES };

/** @param left what would be left of the reserve, and of pages of the file that are free again, bytes */
export function leavesEnough(use: SpaceUse, left: number): boolean {
  return left >= LEFT[use];
}
