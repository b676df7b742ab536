/** Rows of versions. */
import type { ObjectAbout, ObjectVersion, Segment } from "../object.ts";

/** A version with where its content is. */
export interface StoredVersion extends ObjectVersion {
  seq: number;
  segments: Segment[];
}

export function versionOf(row: Record<string, unknown>): StoredVersion {
  return {
    seq: Number(row["seq"]),
    key: String(row["key"]),
    version: String(row["version"]),
    isLatest: row["is_latest"] === 1,
    isMarker: row["is_marker"] === 1,
    modifiedAt: Number(row["modified_at"]),
    size: Number(row["size"]),
    etag: String(row["etag"]),
    about: JSON.parse(String(row["about"])) as ObjectAbout,
    segments: JSON.parse(String(row["segments"])) as Segment[],
  };
}
