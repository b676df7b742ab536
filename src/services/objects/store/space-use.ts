import type { DatabaseSync } from "node:sqlite";
import type { SpaceUse } from "../../../store/group-commit/space-use.ts";
import type { Removal } from "./versions.ts";

/** What is not named needs space, or only reads. An upload that is completed becomes an object of the files that it has. */
export const uses: Readonly<Record<string, SpaceUse>> = {
  clear: "frees",
  removeBucket: "frees",
  abortUpload: "frees",
  collected: "frees",
  noticed: "frees",
  completeUpload: "finishes",
  setMark: "finishes",
};

export function spaceUse(operation: string, argument: { removal?: Removal }, db: DatabaseSync): SpaceUse {
  if (operation === "remove") return leavesMarker(argument.removal!, db) ? "finishes" : "frees";
  return uses[operation] ?? "needs";
}

/** A delete marker takes space, and any number of them can be made. */
function leavesMarker({ bucket, version }: Removal, db: DatabaseSync): boolean {
  if (version !== undefined) return false;
  const row = db.prepare("SELECT versioning FROM buckets WHERE name = ?").get(bucket);
  return row !== undefined && row["versioning"] !== "off";
}
