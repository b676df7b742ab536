/** The operations on buckets and objects, in the thread of their file: see ../../../store/group-commit/. Times are wall clock, in milliseconds since the epoch. */
import type { Engine, Operations } from "../../../store/group-commit/engine.ts";
import { bucketOperations, createBuckets } from "./buckets.ts";
import { createFiles } from "./files.ts";
import { listOperations } from "./list.ts";
import { createNotices, noticeOperations } from "./notices.ts";
import { migrations } from "./schema.ts";
import { spaceUse } from "./space-use.ts";
import { upkeepOperations } from "./upkeep.ts";
import { uploadOperations } from "./uploads.ts";
import { createUsed } from "./used.ts";
import { createVersions, versionOperations } from "./versions.ts";

export type ObjectOperations = ReturnType<(typeof engine)["operations"]>;

export const engine = {
  migrations,
  spaceUse,
  operations(db) {
    const parts = { buckets: createBuckets(db), files: createFiles(db), used: createUsed(db), notices: createNotices(db) };
    const versions = createVersions(db, parts);
    return {
      ...bucketOperations(db, parts.buckets, parts.used),
      ...versionOperations(db, versions, parts),
      ...listOperations(db, parts.buckets),
      ...uploadOperations(db, { ...parts, versions }),
      ...noticeOperations(db),
      ...upkeepOperations(db),
    };
  },
} satisfies Engine<Operations>;
