import { MayflyError } from "../../base/errors/error.ts";
import type { Conditions, ObjectVersion } from "./object.ts";

/** @param current the object that is to be replaced or removed; undefined or a delete marker: there is none. Throws "object-condition" and "no-such-object" */
export function assertConditions(given: Conditions | undefined, key: string, current: ObjectVersion | undefined): void {
  if (given === undefined) return;
  const { ifMatch, ifNoneMatch, ifSize, ifModifiedAt } = given;
  const found = current?.isMarker === true ? undefined : current;
  if (ifNoneMatch !== undefined && found !== undefined && (ifNoneMatch === "*" || ifNoneMatch === found.etag)) throw unmet("If-None-Match");
  if (ifMatch !== undefined) {
    if (found === undefined) throw new MayflyError("no-such-object", { key });
    if (ifMatch !== "*" && ifMatch !== found.etag) throw unmet("If-Match");
  }
  if (ifSize !== undefined && found?.size !== ifSize) throw unmet("x-amz-if-match-size");
  if (ifModifiedAt !== undefined && Math.floor((found?.modifiedAt ?? 0) / 1_000) !== Math.floor(ifModifiedAt / 1_000))
    throw unmet("x-amz-if-match-last-modified-time");
}

function unmet(condition: string): MayflyError {
  return new MayflyError("object-condition", { condition });
}
