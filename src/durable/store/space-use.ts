import type { SpaceUse } from "../../store/group-commit/space-use.ts";
import type { CheckpointCall } from "./checkpoint.ts";

/** What is not named needs space, or only reads. */
export const uses: Readonly<Record<string, SpaceUse>> = {
  stop: "frees",
  forget: "frees",
  removeApp: "frees",
  begin: "finishes",
  ripen: "finishes",
  recover: "finishes",
};

/** Of a result, or of the message to a callback, as JSON. */
const SMALL_BYTES = 16_384;

export function spaceUse(operation: string, argument: object): SpaceUse {
  if (operation === "checkpoint") return endsOnly(argument as CheckpointCall) && isSmall(argument) ? "finishes" : "needs";
  if (operation === "invoked" || operation === "callBack") return isSmall(argument) ? "finishes" : "needs";
  return uses[operation] ?? "needs";
}

/** Whether it tells how steps and the execution ended, and begins nothing. */
function endsOnly({ updates }: CheckpointCall): boolean {
  return updates.every(({ Action }) => Action === "SUCCEED" || Action === "FAIL");
}

function isSmall(argument: object): boolean {
  return JSON.stringify(argument).length <= SMALL_BYTES;
}
