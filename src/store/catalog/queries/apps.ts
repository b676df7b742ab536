import type { DatabaseSync } from "node:sqlite";
import { all, one } from "./rows.ts";

/** An app with everything that is shown of it, in one row. */
export interface StoredApp {
  id: string;
  tenant: string;
  name: string;
  /** JSON: RevisionRow[], in any order, with the formats of the code in place of the runtimes, and `members` as StoredRevision has it in place of the function. */
  revisions: string;
  /** JSON: { alias, revision, number, weight }[], in any order. `number` is null if the revision is missing. */
  targets: string;
  /** JSON: StoredCanary[], in any order. */
  canaries: string;
  /** JSON: StoredAlias[], in any order, of those with settings. */
  settings: string;
  /** The id of the revision that gets most calls of the alias live; null if the alias has no target, or the revision is missing. */
  live: string | null;
  /** The manifest of that revision, and of which others it is put together, as StoredRevision has them. */
  manifest: string | null;
  members: string | null;
}

const shown = `
  SELECT names.id AS id, names.tenant AS tenant, names.name AS name,
    (SELECT json_group_array(json_object('id', id, 'number', number, 'digest', digest, 'createdAt', created_at, 'members', members,
       'formats', (SELECT json_group_array(DISTINCT format) FROM functions WHERE functions.revision IN (
         SELECT revisions.id UNION ALL SELECT json_extract(member.value, '$[1]') FROM json_each(revisions.members) AS member))))
     FROM revisions WHERE app = names.id) AS revisions,
    (SELECT json_group_array(json_object('alias', alias, 'revision', revision, 'number', number, 'weight', weight))
     FROM targets LEFT JOIN revisions ON revisions.id = targets.revision WHERE targets.app = names.id) AS targets,
    (SELECT json_group_array(json_object('revision', revision, 'number', number, 'app', canaries.app, 'old', old, 'oldNumber', old_number,
       'share', share, 'plan', plan, 'startedAt', started_at, 'state', state, 'endedAt', ended_at, 'reason', reason, 'counts', counts))
     FROM canaries JOIN revisions ON revisions.id = canaries.revision WHERE canaries.app = names.id) AS canaries,
    (SELECT json_group_array(json_object('name', name, 'sticky', sticky, 'reserved', reserved))
     FROM aliases WHERE app = names.id AND (reserved > 0 OR sticky IS NOT NULL)) AS settings,
    live.id AS live, live.manifest AS manifest, live.members AS members
  FROM names LEFT JOIN revisions AS live ON live.id = (
    SELECT revision FROM targets WHERE app = names.id AND alias = 'live' ORDER BY weight DESC, revision LIMIT 1)
  WHERE names.kind = 'app'`;

export function appQueries(db: DatabaseSync) {
  return {
    byName: one<StoredApp>(db, `${shown} AND names.tenant = ? AND names.name = ?`),
    /** @param text that is part of the names; empty: any name */
    page: all<StoredApp>(
      db,
      `${shown} AND names.tenant = ?1 AND names.name > ?2 AND instr(lower(names.name), lower(?4)) > 0 ORDER BY names.name LIMIT ?3`,
    ),
    deployed: all<{ id: string }>(db, "SELECT id FROM names WHERE kind = 'app' AND tenant = ? ORDER BY name"),
    all: all<{ id: string }>(db, "SELECT id FROM names WHERE kind = 'app'"),
    count: one<{ apps: number }>(db, "SELECT count(*) AS apps FROM names WHERE kind = 'app'"),
  };
}
