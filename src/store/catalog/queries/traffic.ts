import type { DatabaseSync } from "node:sqlite";
import { all, one, run } from "./rows.ts";

/** A canary as it is stored. */
export interface StoredCanary {
  revision: string;
  number: number;
  app: string;
  old: string;
  oldNumber: number;
  share: number;
  /** JSON, as are `reason` and `counts`. */
  plan: string;
  startedAt: number;
  state: string;
  endedAt: number | null;
  reason: string | null;
  counts: string;
}

const columns = `
  canaries.revision AS revision, revisions.number AS number, canaries.app AS app, old, old_number AS oldNumber, share, plan, started_at AS startedAt,
  state, ended_at AS endedAt, reason, counts`;
const from = "FROM canaries JOIN revisions ON revisions.id = canaries.revision";

/** What `live` named one after the other, and the canaries. */
export function trafficQueries(db: DatabaseSync) {
  return {
    /** The revisions that had all calls, the last one first. */
    lives: all<{ at: number; revision: string }>(db, "SELECT at, revision FROM lives WHERE app = ? ORDER BY at DESC"),
    addLive: run(db, "INSERT INTO lives (app, at, revision) VALUES (?1, 1 + coalesce((SELECT max(at) FROM lives WHERE app = ?1), 0), ?2)"),
    removeLivesAfter: run(db, "DELETE FROM lives WHERE app = ? AND at > ?"),
    /** Only the last `keep` entries stay. */
    pruneLives: run(db, "DELETE FROM lives WHERE app = ?1 AND at NOT IN (SELECT at FROM lives WHERE app = ?1 ORDER BY at DESC LIMIT ?2)"),
    addCanary: run(
      db,
      `INSERT OR REPLACE INTO canaries (revision, app, old, old_number, share, plan, started_at, state, counts)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?)`,
    ),
    endCanary: run(db, "UPDATE canaries SET state = ?2, ended_at = ?3, reason = ?4 WHERE revision = ?1"),
    setCounts: run(db, "UPDATE canaries SET counts = ?2 WHERE revision = ?1"),
    canary: one<StoredCanary>(db, `SELECT ${columns} ${from} WHERE canaries.revision = ?`),
    runningOf: one<StoredCanary>(db, `SELECT ${columns} ${from} WHERE canaries.app = ? AND state = 'running'`),
    running: all<StoredCanary>(db, `SELECT ${columns} ${from} WHERE state = 'running'`),
  };
}
