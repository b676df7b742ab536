import { MayflyError } from "../../base/errors/error.ts";
import type { ObjectVersion } from "./object.ts";

/** Throws "object-protected" if the version is under a legal hold, or to be kept for a time that is not over. @param bypasses whether that of mode GOVERNANCE counts for nothing */
export function assertRemovable({ key, about: { retention, legalHold } }: ObjectVersion, bypasses: boolean, now: number): void {
  const isKept = retention !== undefined && retention.until > now && !(bypasses && retention.mode === "GOVERNANCE");
  if (legalHold === true || isKept) throw new MayflyError("object-protected", { key });
}
