/**
 * The catalog in one SQLite file.
 *
 * Owns: apps, versions with their code, live pointers and sealed secrets.
 * Invariants:
 * 1. A version, its code and the pointer to it change in one transaction, on disk when the call returns: kill -9 at any moment
 *    leaves the old or the new state.
 * 2. A version's id is the hash of its content, checked again when its code is read.
 * 3. An app keeps its live version and the newest 10, or as many as the quota of code has room for; older ones go in the transaction that
 *    adds another.
 * 4. `live` answers from memory: this process is the file's only writer (the state folder is locked).
 * 5. Removing always works, on a full disk too, and gives its space back.
 * 6. A version that cannot be read makes its own app unusable, and no other: the catalog opens, and lists the app with its problem.
 */
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase } from "../sqlite/open.ts";
import { createReclaimer, type Reclaimer } from "../sqlite/reclaim.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Reserve } from "../state-folder/reserve.ts";
import { type CodeQuota, fitIn, noQuota } from "./code-quota.ts";
import type { AppRow, Bundle, Catalog, Take, Version } from "./catalog.ts";
import type { Manifest } from "./manifest.ts";
import { parseManifest } from "./parse-manifest.ts";
import { prepareQueries, type Queries, type VersionRow } from "./queries.ts";
import { catalogMigrations } from "./schema.ts";
import { openSeal, type Seal } from "./seal.ts";
import { versionId } from "./version-id.ts";

export const VERSIONS_KEPT = 10;

/** @param keyFile 32 random bytes that seal the secrets, mode 0600; made where it is missing and no secret exists yet */
export function openCatalog(file: string, keyFile: string, options: CatalogOptions = {}): Catalog {
  const { clock = systemClock, quota = noQuota, reserve = noReserve, onFailure = () => {} } = options;
  const db = openDatabase(file, { durability: "full", migrations: catalogMigrations, shrinks: true });
  try {
    const queries = prepareQueries(db);
    const seal = openSeal(keyFile, queries.secretCount() === 0);
    const reclaimer = createReclaimer(db, (error) => onFailure(failureOf(error, file)));
    // What a killed server had not given back yet.
    reclaimer.start();
    return createCatalog({ db, file, clock, quota, reserve, reclaimer, queries, seal, live: readLive(queries, file) });
  } catch (error) {
    db.close();
    throw error;
  }
}

export interface CatalogOptions {
  clock?: Clock;
  /** Default: as much as the disk holds. */
  quota?: CodeQuota;
  /** Given up where a removal finds the disk full. */
  reserve?: Reserve;
  /** Told why what was removed could not be given back to the disk. */
  onFailure?: (error: unknown) => void;
}

const noReserve: Reserve = { giveUp: () => false, restore: () => undefined };

interface Parts {
  db: DatabaseSync;
  file: string;
  clock: Clock;
  quota: CodeQuota;
  reserve: Reserve;
  reclaimer: Reclaimer;
  queries: Queries;
  seal: Seal;
  live: Map<string, Version>;
}

function createCatalog(parts: Parts): Catalog {
  const { db, queries, seal, live } = parts;
  return {
    deploy: (manifest, bundles, take) => deploy(parts, manifest, bundles, take),
    pointTo: (app, version, take) => pointTo(parts, app, version, take),
    remove: (app) => remove(parts, app),
    list: () => queries.apps().map((row) => appRow(parts, row)),
    page: (after, count) => queries.appsAfter(after, count).map((row) => appRow(parts, row)),
    app(app) {
      const row = queries.app(app);
      return row && appRow(parts, row);
    },
    names: () => queries.apps().map(({ app }) => app),
    live: (app) => live.get(app),
    bundles: (app, version) => bundles(parts, app, version),
    setSecret: (app, name, value) => write(parts, () => queries.setSecret(app, name, seal.seal(app, name, value))),
    removeSecret: (app, name) => writeByAllMeans(parts, () => queries.removeSecret(app, name)),
    secretNames: (app) => queries.secretNames(app),
    secrets: (app, names) => Object.fromEntries(names.map((name) => [name, secret(parts, app, name)])),
    settled: () => parts.reclaimer.settled(),
    close() {
      parts.reclaimer.stop();
      db.close();
    },
  };
}

function deploy(parts: Parts, manifest: Manifest, code: Bundle[], take?: Take): Version {
  const { queries, clock, live, quota, reclaimer } = parts;
  const app = manifest.name;
  const id = versionId(manifest, code);
  const version = write(parts, () => {
    if (!queries.version(app, id))
      insert(queries, { app, id, manifest: JSON.stringify(manifest), createdAt: Math.trunc(clock.wall()) }, code);
    queries.setLive(app, id);
    queries.prune(app, VERSIONS_KEPT);
    fitIn(queries, quota, app);
    const stored = versionOf(parts, app, id);
    take?.(stored);
    return stored;
  });
  live.set(app, version);
  reclaimer.start();
  return version;
}

function insert(queries: Queries, row: VersionRow, code: Bundle[]): void {
  queries.addVersion(
    row,
    code.reduce((sum, bundle) => sum + bundle.code.byteLength, 0),
  );
  for (const bundle of code) queries.addBundle(row.app, row.id, bundle);
}

function pointTo(parts: Parts, app: string, id: string, take?: Take): Version {
  const version = write(parts, () => {
    const found = versionOf(parts, app, id);
    parts.queries.setLive(app, id);
    take?.(found);
    return found;
  });
  parts.live.set(app, version);
  return version;
}

/** Secrets may exist before the app does: removing an app that was never deployed removes those. */
function remove(parts: Parts, app: string): void {
  const removed = writeByAllMeans(parts, () => parts.queries.remove(app));
  if (removed === 0) throw new MayflyError("no-such-app", { app });
  parts.live.delete(app);
}

function bundles({ queries, file }: Parts, app: string, id: string): Bundle[] {
  const row = versionRow(queries, app, id);
  const code = queries.bundles(app, id);
  // What was stored: a newer Mayfly reads keys into it that it has not.
  if (versionId(JSON.parse(row.manifest) as Manifest, code) === id) return code;
  throw new MayflyError("state-damaged", { file, what: `the code of app ${app}, version ${id}, is not what was deployed` });
}

function secret({ queries, seal }: Parts, app: string, name: string): string {
  const sealed = queries.secret(app, name);
  if (!sealed) throw new MayflyError("no-such-secret", { app, secret: name });
  return seal.open(app, name, sealed);
}

/** Parsed anew: an older Mayfly may have stored it, or a failing disk. */
function versionOf({ queries, file }: Pick<Parts, "queries" | "file">, app: string, id: string): Version {
  const row = versionRow(queries, app, id);
  const manifest = parseManifest(row.manifest, `The manifest of app ${app}, version ${id.slice(0, 12)}, in ${file}`);
  return { app, id, manifest, createdAt: row.createdAt };
}

function versionRow(queries: Queries, app: string, id: string): VersionRow {
  const row = queries.version(app, id);
  if (!row) throw new MayflyError("no-such-version", { app, version: id });
  return row;
}

function readLive(queries: Queries, file: string): Map<string, Version> {
  const rows = queries.apps().map((row) => appRow({ queries, file }, row));
  return new Map(rows.flatMap(({ app, live }) => (live === null ? [] : [[app, live]])));
}

function appRow(parts: Pick<Parts, "queries" | "file">, { app, live }: { app: string; live: string }): AppRow {
  const versions = parts.queries.versions(app);
  try {
    return { app, live: versionOf(parts, app, live), problem: null, versions };
  } catch (error) {
    return { app, live: null, problem: (error as Error).message, versions };
  }
}

/** One transaction, with SQLite's failures (a full disk, say) told in our words. */
function write<T>({ db, file }: Parts, work: () => T): T {
  try {
    return transaction(db, work);
  } catch (error) {
    throw failureOf(error, file);
  }
}

/** What frees more than it takes: where the disk is full it gets the reserve. */
function writeByAllMeans<T>(parts: Parts, work: () => T): T {
  const { reserve, reclaimer } = parts;
  const done = () => {
    reclaimer.start();
    void reclaimer.settled().then(() => reserve.restore());
  };
  try {
    const result = write(parts, work);
    done();
    return result;
  } catch (error) {
    if (!(error instanceof MayflyError && error.code === "disk-full" && reserve.giveUp())) throw error;
    const result = write(parts, work);
    done();
    return result;
  }
}
