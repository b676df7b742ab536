/** Every SQL statement of the catalog, prepared once. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Bundle } from "./catalog.ts";

export interface VersionRow {
  app: string;
  id: string;
  /** JSON */
  manifest: string;
  createdAt: number;
}

export type Queries = ReturnType<typeof prepareQueries>;

export function prepareQueries(db: DatabaseSync) {
  return { ...versionQueries(db), ...appQueries(db), ...secretQueries(db) };
}

function versionQueries(db: DatabaseSync) {
  const find = db.prepare("SELECT app, id, manifest, created_at AS createdAt FROM versions WHERE app = ? AND id = ?");
  const all = db.prepare("SELECT id, created_at AS createdAt FROM versions WHERE app = ? ORDER BY seq DESC");
  const add = db.prepare("INSERT INTO versions (app, id, manifest, created_at, bytes) VALUES (?, ?, ?, ?, ?)");
  const addBundle = db.prepare("INSERT INTO bundles (app, version, function, format, code) VALUES (?, ?, ?, ?, ?)");
  const bundles = db.prepare("SELECT function, format, code FROM bundles WHERE app = ? AND version = ? ORDER BY function");
  const bytesOf = db.prepare("SELECT coalesce(sum(bytes), 0) AS bytes FROM versions WHERE app = ?");
  const bytesInAll = db.prepare("SELECT coalesce(sum(bytes), 0) AS bytes FROM versions");
  const pruneOldest = db.prepare(`
    DELETE FROM versions WHERE seq = (
      SELECT min(seq) FROM versions WHERE app = :app AND id <> (SELECT live FROM apps WHERE app = :app))`);
  const prune = db.prepare(`
    DELETE FROM versions WHERE app = :app
      AND id <> (SELECT live FROM apps WHERE app = :app)
      AND seq NOT IN (SELECT seq FROM versions WHERE app = :app ORDER BY seq DESC LIMIT :kept)`);
  return {
    version: (app: string, id: string) => find.get(app, id) as VersionRow | undefined,
    /** Newest first. */
    versions: (app: string) => rows<{ id: string; createdAt: number }>(all, app).map(({ id, createdAt }) => ({ id, createdAt })),
    addVersion: ({ app, id, manifest, createdAt }: VersionRow, bytes: number) => void add.run(app, id, manifest, createdAt, bytes),
    addBundle: (app: string, version: string, bundle: Bundle) =>
      void addBundle.run(app, version, bundle.function, bundle.format, bundle.code),
    bundles: (app: string, version: string) =>
      rows<Bundle>(bundles, app, version).map(({ function: name, format, code }) => ({ function: name, format, code })),
    /** Of one app's versions, or of all. */
    codeBytes: (app?: string) => Number((app === undefined ? bytesInAll.get() : bytesOf.get(app))?.["bytes"]),
    /** @returns false: the app has no version but the live one */
    pruneOldest: (app: string) => pruneOldest.run({ app }).changes > 0,
    prune: (app: string, kept: number) => void prune.run({ app, kept }),
  };
}

function appQueries(db: DatabaseSync) {
  const all = db.prepare("SELECT app, live FROM apps ORDER BY app");
  const after = db.prepare("SELECT app, live FROM apps WHERE app > ? ORDER BY app LIMIT ?");
  const find = db.prepare("SELECT app, live FROM apps WHERE app = ?");
  const setLive = db.prepare("INSERT INTO apps (app, live) VALUES (?, ?) ON CONFLICT (app) DO UPDATE SET live = excluded.live");
  const removals = ["apps", "versions", "secrets"].map((table) => db.prepare(`DELETE FROM ${table} WHERE app = ?`));
  return {
    apps: () => rows<{ app: string; live: string }>(all),
    appsAfter: (name: string, count: number) => rows<{ app: string; live: string }>(after, name, count),
    app: (app: string) => find.get(app) as { app: string; live: string } | undefined,
    setLive: (app: string, id: string) => void setLive.run(app, id),
    /** @returns how many rows went; bundles go with their versions */
    remove: (app: string) => removals.reduce((sum, statement) => sum + Number(statement.run(app).changes), 0),
  };
}

function secretQueries(db: DatabaseSync) {
  const set = db.prepare(
    "INSERT INTO secrets (app, name, sealed) VALUES (?, ?, ?) ON CONFLICT (app, name) DO UPDATE SET sealed = excluded.sealed",
  );
  const remove = db.prepare("DELETE FROM secrets WHERE app = ? AND name = ?");
  const names = db.prepare("SELECT name FROM secrets WHERE app = ? ORDER BY name");
  const find = db.prepare("SELECT sealed FROM secrets WHERE app = ? AND name = ?");
  const count = db.prepare("SELECT count(*) AS secrets FROM secrets");
  return {
    setSecret: (app: string, name: string, sealed: Uint8Array) => void set.run(app, name, sealed),
    removeSecret: (app: string, name: string) => void remove.run(app, name),
    secretNames: (app: string) => rows<{ name: string }>(names, app).map(({ name }) => name),
    secret: (app: string, name: string) => find.get(app, name)?.["sealed"] as Uint8Array | undefined,
    secretCount: () => Number(count.get()?.["secrets"]),
  };
}

/** The one place where SQLite's rows become ours: the columns are named in the statement beside each use. */
function rows<T>(statement: StatementSync, ...parameters: (string | number)[]): T[] {
  return statement.all(...parameters) as T[];
}
