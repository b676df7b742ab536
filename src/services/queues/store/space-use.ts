import type { SpaceUse } from "../../../store/group-commit/space-use.ts";

/** What is not named needs space, or only reads. A message that is received or hidden has entries of indexes that it had not before. */
export const uses: Readonly<Record<string, SpaceUse>> = {
  delete: "frees",
  purge: "frees",
  forgetPurged: "frees",
  purgeSome: "frees",
  clear: "frees",
  expire: "frees",
  remove: "frees",
  removeOf: "frees",
  cancelMove: "frees",
  receive: "finishes",
  hide: "finishes",
  giveBack: "finishes",
  moveSome: "finishes",
};

export function spaceUse(operation: string): SpaceUse {
  return uses[operation] ?? "needs";
}
