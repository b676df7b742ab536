import type { DatabaseSync } from "node:sqlite";
import { kindKeys } from "../../../base/kind/machine-kind.ts";
import { all, one, run } from "./rows.ts";

export interface StoredAlias {
  name: string;
  /** JSON; null: it is not set. */
  sticky: string | null;
  reserved: number;
}

export function aliasQueries(db: DatabaseSync) {
  return {
    add: run(db, "INSERT OR IGNORE INTO aliases (app, name) VALUES (?, ?)"),
    /** @returns also `name`, because capitals make no difference */
    find: one<StoredAlias>(db, "SELECT name, sticky, reserved FROM aliases WHERE app = ? AND name = ?"),
    findOfHost: one<StoredAlias>(db, "SELECT name, sticky, reserved FROM aliases WHERE app = ? AND lower(name) = lower(?)"),
    reserving: all<StoredAlias>(db, "SELECT name, sticky, reserved FROM aliases WHERE app = ? AND reserved > 0 ORDER BY name"),
    setSticky: run(db, "UPDATE aliases SET sticky = ?3 WHERE app = ?1 AND name = ?2"),
    setReserved: run(db, "UPDATE aliases SET reserved = ?3 WHERE app = ?1 AND name = ?2"),
    remove: run(db, "DELETE FROM aliases WHERE app = ? AND name = ?"),
    removeAll: run(db, "DELETE FROM aliases WHERE app = ?"),
    targets: all<{ revision: string; weight: number }>(
      db,
      "SELECT revision, weight FROM targets WHERE app = ? AND alias = ? ORDER BY weight DESC, revision",
    ),
    ofRevision: all<{ app: string }>(
      db,
      `SELECT targets.app AS app FROM targets JOIN revisions ON revisions.id = targets.revision
       WHERE targets.alias = 'live' AND (targets.revision = ?1 OR (targets.app = (SELECT app FROM revisions WHERE id = ?1) AND EXISTS
         (SELECT 1 FROM json_each(revisions.members) AS member WHERE json_extract(member.value, '$[1]') = ?1))) LIMIT 1`,
    ),
    /** Even of aliases that are missing. */
    removeTargets: run(db, "DELETE FROM targets WHERE app = ?"),
    clear: run(db, "DELETE FROM targets WHERE app = ? AND alias = ?"),
    addTarget: run(db, "INSERT INTO targets (app, alias, revision, weight) VALUES (?, ?, ?, ?)"),
    /**
     * Apps whose live revisions keep machines ready or list hosts, or whose aliases reserve machines. A manifest that is not JSON is skipped; it is reported when its app is
     * called.
     */
    eager: all<{ app: string }>(
      db,
      `SELECT DISTINCT targets.app AS app FROM targets JOIN revisions ON revisions.id = targets.revision
       WHERE targets.alias = 'live' AND CASE WHEN json_valid(manifest) THEN
         coalesce(json_extract(manifest, '$.minMachines'), 0) > 0 OR coalesce(json_extract(manifest, '$.reservedBlanks'), 0) > 0
         OR coalesce(json_extract(manifest, '$.hosts'), '{}') <> '{}' ELSE 0 END
       UNION SELECT app FROM aliases WHERE reserved > 0`,
    ),
    /** Apps whose live revisions have triggers. */
    triggered: all<{ app: string }>(
      db,
      `SELECT DISTINCT targets.app AS app FROM targets JOIN revisions ON revisions.id = targets.revision
       WHERE targets.alias = 'live' AND CASE WHEN json_valid(manifest) THEN EXISTS (
         SELECT 1 FROM json_each(manifest, '$.functions') AS each WHERE json_extract(manifest, each.fullkey || '.triggers') IS NOT NULL) ELSE 0 END`,
    ),
    /**
     * What the manifests of live revisions, and of those of which they are put together, say of the kind of their machines as JSON, each choice once. A key that a manifest leaves out is
     * null. JSON, because a damaged number may be larger than what a row can be read with. `functions` has the runtime that each
     * function names and the first word of its command.
     */
    kinds: all<Record<string, string | null>>(
      db,
      `SELECT DISTINCT ${Object.keys(kindKeys)
        .map((key) => `manifest -> '$.${key}' AS ${key}`)
        .join(", ")},
         (SELECT json_group_array(DISTINCT json_array(json_extract(manifest, each.fullkey || '.runtime'), json_extract(manifest, each.fullkey || '.command[0]')))
            FROM json_each(manifest, '$.functions') AS each) AS functions
       FROM revisions WHERE json_valid(manifest) AND members IS NULL AND id IN (
         SELECT revision FROM targets WHERE alias = 'live' UNION
         SELECT json_extract(member.value, '$[1]') FROM targets JOIN revisions AS whole ON whole.id = targets.revision, json_each(whole.members) AS member
           WHERE targets.alias = 'live' AND whole.members IS NOT NULL)`,
    ),
  };
}
