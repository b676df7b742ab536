/** Takes over what an older Mayfly stored by the names of apps into tables that are keyed by ids. Runs in one transaction. */
import type { DatabaseSync } from "node:sqlite";
import { mainTenant, newId } from "../../base/ids/new-id.ts";
import { codeDigest, inParts } from "./revision-digest.ts";
import { type Seal, sealedAnew } from "./seal.ts";

const OLD = ["versions", "apps", "bundles", "secrets"];

/**
 * A version becomes a revision. Its id was the digest of the upload, and stays so. Of an app's versions, the oldest gets the number 1.
 * @param tables the statements that make the new tables
 */
export function takeOverVersions(db: DatabaseSync, tables: string, seal: () => Seal): void {
  for (const table of OLD) db.exec(`ALTER TABLE ${table} RENAME TO old_${table}`);
  db.exec(tables);
  db.prepare("INSERT INTO tenants (id, name) VALUES (?, 'main')").run(mainTenant);
  takeOverApps(db);
  for (const { seq, app, id } of rowsOf(db, "SELECT seq, app, id FROM old_versions ORDER BY seq"))
    takeOverVersion(db, Number(seq), String(app), String(id));
  db.exec(`
    INSERT INTO aliases (app, name) SELECT apps.id, 'live' FROM old_apps JOIN apps ON apps.name = old_apps.app;
    INSERT INTO targets (app, alias, revision, weight)
    SELECT apps.id, 'live', revisions.id, 1 FROM old_apps JOIN apps ON apps.name = old_apps.app
    JOIN revisions ON revisions.app = apps.id AND revisions.digest = old_apps.live;
  `);
  takeOverSecrets(db, seal);
  for (const table of ["bundles", "apps", "versions", "secrets"]) db.exec(`DROP TABLE old_${table}`);
}

/** The apps that are deployed, and those for which secrets were set before their first deploy. */
function takeOverApps(db: DatabaseSync): void {
  const add = db.prepare("INSERT INTO apps (id, tenant, name) VALUES (?, ?, ?)");
  for (const { name } of rowsOf(db, "SELECT app AS name FROM old_apps UNION SELECT app FROM old_secrets"))
    add.run(newId("app"), mainTenant, String(name));
  db.prepare(
    "INSERT INTO names (tenant, name, kind, id) SELECT tenant, name, 'app', id FROM apps WHERE name IN (SELECT app FROM old_apps)",
  ).run();
}

function takeOverVersion(db: DatabaseSync, seq: number, app: string, digest: string): void {
  const id = newId("revision");
  const added = db
    .prepare(
      `INSERT INTO revisions (id, app, number, digest, manifest, created_at)
       SELECT ?, apps.id, apps.last_number + 1, old.id, old.manifest, old.created_at FROM old_versions AS old JOIN apps ON apps.name = old.app WHERE old.seq = ?`,
    )
    .run(id, seq);
  // When an older Mayfly removed an app, it removed its versions too, so versions without an app belong to nobody.
  if (added.changes === 0) return;
  db.prepare("UPDATE apps SET last_number = last_number + 1 WHERE name = ?").run(app);
  for (const row of rowsOf(db, "SELECT function, format, code FROM old_bundles WHERE app = ? AND version = ?", app, digest))
    takeOverBundle(db, id, row);
}

function takeOverBundle(db: DatabaseSync, revision: string, row: Record<string, unknown>): void {
  const bytes = row["code"] as Uint8Array;
  const code = codeDigest(bytes);
  const { changes } = db.prepare("INSERT OR IGNORE INTO code (digest, bytes) VALUES (?, ?)").run(code, bytes.byteLength);
  const addPart = db.prepare("INSERT INTO parts (code, at, bytes) VALUES (?, ?, ?)");
  let at = 0;
  if (changes > 0) for (const part of inParts(bytes)) addPart.run(code, at++, part);
  const add = db.prepare("INSERT INTO functions (revision, name, format, code) VALUES (?, ?, ?, ?)");
  add.run(revision, String(row["function"]), String(row["format"]), code);
}

/** A secret is encrypted for the app's id instead of its name. One that cannot be decrypted stays as unusable as it was. */
function takeOverSecrets(db: DatabaseSync, seal: () => Seal): void {
  const rows = rowsOf(db, "SELECT old_secrets.*, apps.id FROM old_secrets JOIN apps ON apps.name = old_secrets.app");
  if (rows.length === 0) return;
  const key = seal();
  const add = db.prepare("INSERT INTO secrets (app, name, sealed) VALUES (?, ?, ?)");
  for (const row of rows) {
    const [id, app, name, sealed] = [String(row["id"]), String(row["app"]), String(row["name"]), row["sealed"] as Uint8Array];
    add.run(id, name, sealedAnew(key, name, app, id, sealed));
  }
}

function rowsOf(db: DatabaseSync, statement: string, ...values: string[]): Record<string, unknown>[] {
  return db.prepare(statement).all(...values);
}
