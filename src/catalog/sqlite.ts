/**
 * The catalog in one SQLite file.
 *
 * Owns: apps, versions with their code, live pointers and sealed secrets.
 * Invariants:
 * 1. A version, its code and the pointer to it change in one transaction, on disk when the call returns: kill -9 at any moment
 *    leaves the old or the new state.
 * 2. A version's id is the hash of its content, checked again when its code is read.
 * 3. An app keeps its live version and the newest 10; older ones go in the transaction that adds another.
 * 4. `live` answers from memory: this process is the file's only writer (the state folder is locked).
 */
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../clock/clock.ts";
import { MayflyError } from "../errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase } from "../sqlite/open.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Bundle, Catalog, Version } from "./catalog.ts";
import type { Manifest } from "./manifest.ts";
import { prepareQueries, type Queries, type VersionRow } from "./queries.ts";
import { catalogMigrations } from "./schema.ts";
import { openSeal, type Seal } from "./seal.ts";
import { versionId } from "./version-id.ts";

export const VERSIONS_KEPT = 10;

/** @param keyFile 32 random bytes that seal the secrets, mode 0600; made where it is missing and no secret exists yet */
export function openCatalog(file: string, keyFile: string, clock: Clock = systemClock): Catalog {
  const db = openDatabase(file, { durability: "full", migrations: catalogMigrations });
  try {
    const queries = prepareQueries(db);
    return createCatalog({ db, file, clock, queries, seal: openSeal(keyFile, queries.secretCount() === 0), live: readLive(queries) });
  } catch (error) {
    db.close();
    throw error;
  }
}

interface Parts {
  db: DatabaseSync;
  file: string;
  clock: Clock;
  queries: Queries;
  seal: Seal;
  live: Map<string, Version>;
}

function createCatalog(parts: Parts): Catalog {
  const { db, queries, seal, live } = parts;
  return {
    deploy: (manifest, bundles) => deploy(parts, manifest, bundles),
    pointTo: (app, version) => pointTo(parts, app, version),
    remove: (app) => remove(parts, app),
    list: () => queries.apps().map(({ app, live }) => ({ app, live: versionOf(queries, app, live), versions: queries.versions(app) })),
    live: (app) => live.get(app),
    bundles: (app, version) => bundles(parts, app, version),
    setSecret: (app, name, value) => write(parts, () => queries.setSecret(app, name, seal.seal(app, name, value))),
    removeSecret: (app, name) => write(parts, () => queries.removeSecret(app, name)),
    secretNames: (app) => queries.secretNames(app),
    secrets: (app, names) => Object.fromEntries(names.map((name) => [name, secret(parts, app, name)])),
    close: () => db.close(),
  };
}

function deploy(parts: Parts, manifest: Manifest, code: Bundle[]): Version {
  const { queries, clock, live } = parts;
  const app = manifest.name;
  const id = versionId(manifest, code);
  const version = write(parts, () => {
    if (!queries.version(app, id))
      insert(queries, { app, id, manifest: JSON.stringify(manifest), createdAt: Math.trunc(clock.wall()) }, code);
    queries.setLive(app, id);
    queries.prune(app, VERSIONS_KEPT);
    return versionOf(queries, app, id);
  });
  live.set(app, version);
  return version;
}

function insert(queries: Queries, row: VersionRow, code: Bundle[]): void {
  queries.addVersion(row);
  for (const bundle of code) queries.addBundle(row.app, row.id, bundle);
}

function pointTo(parts: Parts, app: string, id: string): Version {
  const version = write(parts, () => {
    const found = versionOf(parts.queries, app, id);
    parts.queries.setLive(app, id);
    return found;
  });
  parts.live.set(app, version);
  return version;
}

/** Secrets may exist before the app does: removing an app that was never deployed removes those. */
function remove(parts: Parts, app: string): void {
  const removed = write(parts, () => parts.queries.remove(app));
  if (removed === 0) throw new MayflyError("no-such-app", { app });
  parts.live.delete(app);
}

function bundles({ queries, file }: Parts, app: string, id: string): Bundle[] {
  const { manifest } = versionOf(queries, app, id);
  const code = queries.bundles(app, id);
  if (versionId(manifest, code) === id) return code;
  throw new MayflyError("state-damaged", { file, what: `the code of app ${app}, version ${id}, is not what was deployed` });
}

function secret({ queries, seal }: Parts, app: string, name: string): string {
  const sealed = queries.secret(app, name);
  if (!sealed) throw new MayflyError("no-such-secret", { app, secret: name });
  return seal.open(app, name, sealed);
}

function versionOf(queries: Queries, app: string, id: string): Version {
  const row = queries.version(app, id);
  if (!row) throw new MayflyError("no-such-version", { app, version: id });
  return { app, id, manifest: JSON.parse(row.manifest) as Manifest, createdAt: row.createdAt };
}

function readLive(queries: Queries): Map<string, Version> {
  return new Map(queries.apps().map(({ app, live }) => [app, versionOf(queries, app, live)]));
}

/** One transaction, with SQLite's failures (a full disk, say) told in our words. */
function write<T>({ db, file }: Parts, work: () => T): T {
  try {
    return transaction(db, work);
  } catch (error) {
    throw failureOf(error, file);
  }
}
