import type { SpaceUse } from "../../store/group-commit/space-use.ts";
import type { Ending } from "./settle.ts";

/** What is not named needs space, or only reads. */
export const uses: Readonly<Record<string, SpaceUse>> = {
  cancel: "frees",
  removeApp: "frees",
  forgetEnded: "frees",
  purgeDead: "frees",
  removeTrigger: "frees",
  removeTriggersOf: "frees",
  removeBus: "frees",
  removeRule: "frees",
  removeTargets: "frees",
  removeBusesOf: "frees",
  removeGroup: "frees",
  removeSchedule: "frees",
  removeGroupsOf: "frees",
  claim: "finishes",
  recover: "finishes",
  ripen: "finishes",
  again: "finishes",
  hurry: "finishes",
  pause: "finishes",
  pauseTrigger: "finishes",
  markTrigger: "finishes",
};

/** Of the result of an event and of what goes to its destination. */
const SMALL_BYTES = 16_384;

export function spaceUse(operation: string, argument: unknown): SpaceUse {
  if (operation === "end") return bytesOf(argument as Ending) <= SMALL_BYTES ? "finishes" : "needs";
  return uses[operation] ?? "needs";
}

function bytesOf({ result, message }: Ending): number {
  return (result?.length ?? 0) + (message?.payload.length ?? 0);
}
