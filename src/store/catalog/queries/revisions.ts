import type { DatabaseSync } from "node:sqlite";
import type { Bundle } from "../catalog.ts";
import { all, one, run } from "./rows.ts";

/** A revision as it is stored. */
export interface StoredRevision {
  id: string;
  app: string;
  tenant: string;
  /** The app's name. */
  name: string;
  number: number;
  digest: string;
  /** JSON */
  manifest: string;
  createdAt: number;
  /** JSON: [function, revision's id][], of a revision that is put together of others. */
  members: string | null;
}

const columns = `
  revisions.id AS id, revisions.app AS app, apps.tenant AS tenant, apps.name AS name, revisions.number AS number, revisions.digest AS digest,
  revisions.manifest AS manifest, revisions.created_at AS createdAt, revisions.members AS members`;
const from = "FROM revisions JOIN apps ON apps.id = revisions.app";

/** Of which stored revisions of the app are put together. What is not JSON, names none. */
const members = `SELECT json_extract(member.value, '$[1]') FROM revisions AS whole, json_each(whole.members) AS member
  WHERE whole.app = ?1 AND whole.members IS NOT NULL AND json_valid(whole.members)`;

export function revisionQueries(db: DatabaseSync) {
  return {
    byId: one<StoredRevision>(db, `SELECT ${columns} ${from} WHERE revisions.id = ?`),
    byDigest: one<StoredRevision>(db, `SELECT ${columns} ${from} WHERE revisions.app = ? AND revisions.digest = ?`),
    /** Finds a revision by its id, its digest or its number, given as text. */
    chosen: one<StoredRevision>(
      db,
      `SELECT ${columns} ${from} WHERE revisions.app = ?1 AND (revisions.id = ?2 OR revisions.digest = ?2 OR CAST(revisions.number AS TEXT) = ?2)`,
    ),
    byShortDigest: one<StoredRevision>(db, `SELECT ${columns} ${from} WHERE revisions.app = ?1 AND substr(revisions.digest, 1, 12) = ?2`),
    nextNumber: one<{ number: number }>(db, "UPDATE apps SET last_number = last_number + 1 WHERE id = ? RETURNING last_number AS number"),
    add: run(db, "INSERT INTO revisions (id, app, number, digest, manifest, created_at) VALUES (?, ?, ?, ?, ?, ?)"),
    addWhole: run(db, "INSERT INTO revisions (id, app, number, digest, manifest, created_at, members) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    addFunction: run(db, "INSERT INTO functions (revision, name, format, code) VALUES (?, ?, ?, ?)"),
    setManifest: run(db, "UPDATE revisions SET manifest = ?2 WHERE id = ?1"),
    removeFunctions: run(db, "DELETE FROM functions WHERE revision = ?"),
    /** Even those whose code is missing. */
    storedFunctions: all<{ name: string; format: string; code: string }>(db, "SELECT name, format, code FROM functions WHERE revision = ?"),
    /** A damaged number of bytes is brought into the range that a number can have; reading the code then finds that it is wrong. */
    functions: all<{ name: string; format: Bundle["format"]; code: string; bytes: number; stored: number }>(
      db,
      "SELECT name, format, code, stored, max(0, min(bytes, 9007199254740991)) AS bytes FROM functions JOIN code ON code.digest = functions.code WHERE revision = ? ORDER BY name",
    ),
    /** Removes all revisions of an app except the newest, those that an alias names, the one that a rollback goes back to, and those of which others are put together. */
    prune: run(
      db,
      `DELETE FROM revisions WHERE app = ?1 AND id NOT IN (SELECT revision FROM targets WHERE app = ?1)
       AND id NOT IN (SELECT revision FROM lives WHERE app = ?1 ORDER BY at DESC LIMIT 2)
       AND number NOT IN (SELECT number FROM revisions WHERE app = ?1 ORDER BY number DESC LIMIT ?2)
       AND id NOT IN (${members})`,
    ),
    /** Removes the oldest revision that no alias names, and of which no other is put together. */
    pruneOldest: run(
      db,
      `DELETE FROM revisions WHERE app = ?1 AND number = (
         SELECT min(number) FROM revisions WHERE app = ?1 AND id NOT IN (SELECT revision FROM targets WHERE app = ?1)
           AND id NOT IN (${members}))`,
    ),
    removeAll: run(db, "DELETE FROM revisions WHERE app = ?"),
  };
}
