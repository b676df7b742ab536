/**
 * The records of the Lambda API in one SQLite file, and zip files in a folder beside it. This process is the only writer, because the state folder is
 * locked.
 */
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase } from "../sqlite/open.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Reserve } from "../state-folder/reserve.ts";
import { noReserve, writeWithReserve } from "../state-folder/write-with-reserve.ts";
import type { LambdaStore, Zips } from "./lambda-store.ts";
import type { EventSourceRecord } from "./records.ts";
import { openZips } from "./open-zips.ts";
import { lambdaMigrations } from "./schema.ts";
import { openShelf, type ShelfParts } from "./shelf.ts";
import { openUnsettled } from "./unsettled.ts";

/** @param file its folder gets the zip files, too @param reserve for removals on a full disk */
export function openLambdaStore(file: string, reserve: Reserve = noReserve): LambdaStore {
  const db = openDatabase(file, { durability: "full", migrations: lambdaMigrations });
  let changes = 0;
  const write = <T>(work: () => T): T => {
    changes += 1;
    return db.isTransaction ? work() : inFile(file, () => transaction(db, work));
  };
  const writeByAllMeans = <T>(work: () => T): T => (db.isTransaction ? work() : writeWithReserve(write, reserve, work));
  const used = db.prepare("SELECT 1 FROM zips WHERE digest = ? LIMIT 1");
  const zips = openZips({
    folder: join(dirname(file), "lambda-zips"),
    isUsed: (digest) => used.get(digest) !== undefined,
  });
  const shelf = <R extends object>(kind: string) => openShelf<R>({ db, write, writeByAllMeans }, kind);
  return {
    functions: shelf("function"),
    versions: shelf("version"),
    aliases: shelf("alias"),
    policies: shelf("policy"),
    urls: shelf("url"),
    eventInvokes: shelf("event-invoke"),
    provisioned: shelf("provisioned"),
    layers: shelf("layer"),
    codeSignings: shelf("code-signing"),
    eventSources: shelf("event-source"),
    zips,
    together: write,
    togetherByAllMeans: writeByAllMeans,
    unsettled: openUnsettled(db, { write, writeByAllMeans }),
    ...queries(db, { write, writeByAllMeans }, zips),
    changes: () => changes,
    close: () => db.close(),
  };
}

function queries(db: DatabaseSync, { write, writeByAllMeans }: Omit<ShelfParts, "db">, zips: Pick<Zips, "release">) {
  const layers = db.prepare("SELECT DISTINCT owner FROM records WHERE tenant = ? AND kind = 'layer' AND owner > ? ORDER BY owner LIMIT ?");
  const next = db.prepare(
    "INSERT INTO layer_numbers (tenant, layer, last) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
  );
  const ofUrl = db.prepare("SELECT tenant, owner, key FROM records WHERE kind = 'url' AND json_extract(record, '$.id') = ?");
  const unfinished = db.prepare(
    "SELECT tenant, key FROM records WHERE kind = 'function' AND (json_extract(record, '$.state') = 'Pending' OR json_extract(record, '$.update') = 'InProgress')",
  );
  const provisioning = db.prepare("SELECT DISTINCT tenant, owner FROM records WHERE kind = 'provisioned'");
  const owned = db.prepare("DELETE FROM records WHERE tenant = ? AND kind <> 'layer' AND owner = ?");
  const itself = db.prepare("DELETE FROM records WHERE tenant = ? AND kind = 'function' AND key = ?");
  const inApp = db.prepare(
    "SELECT key FROM records WHERE tenant = ? AND kind = 'function' AND json_extract(record, '$.app') IS NOT NULL AND json_extract(record, '$.app') = ? ORDER BY key",
  );
  const like = db.prepare("SELECT key FROM records WHERE tenant = ? AND kind = 'function' AND lower(key) = lower(?)");
  const sources = db.prepare("SELECT tenant, record FROM records WHERE kind = 'event-source'");
  const sourcesOf = db.prepare("DELETE FROM records WHERE tenant = ? AND kind = 'event-source' AND json_extract(record, '$.function') = ?");
  const zipsOf = db.prepare(
    "SELECT DISTINCT digest FROM zips WHERE tenant = ? AND (owner = ? OR (kind = 'function' AND key = ?)) AND kind <> 'layer'",
  );
  const zipsOfTenant = db.prepare("SELECT DISTINCT digest FROM zips WHERE tenant = ?");
  const everything = db.prepare("DELETE FROM records WHERE tenant = ?");
  const numbers = db.prepare("DELETE FROM layer_numbers WHERE tenant = ?");
  const notes = db.prepare("DELETE FROM unsettled WHERE tenant = ? AND function = ?");
  const left = db.prepare("INSERT INTO unsettled (tenant, function, qualifier, app) VALUES (?, ?, '', ?)");
  const unsettled = db.prepare("DELETE FROM unsettled WHERE tenant = ?");
  const totals = db.prepare("DELETE FROM totals WHERE tenant = ?");
  const files = "SELECT coalesce(sum(bytes), 0) AS bytes FROM (SELECT digest, max(bytes) AS bytes FROM zips";
  const tenantsFiles = db.prepare(`${files} WHERE tenant = ? GROUP BY digest)`);
  const allFiles = db.prepare(`${files} GROUP BY digest)`);
  const releaseAll = (rows: Record<string, unknown>[]) => zips.release(rows.map((row) => ({ digest: String(row["digest"]) })));
  const signed = db.prepare(
    "SELECT key FROM records WHERE tenant = ? AND kind = 'function' AND json_extract(record, '$.codeSigning') = ? AND key > ? ORDER BY key LIMIT ?",
  );
  const reserved = db.prepare(
    "SELECT coalesce(sum(json_extract(record, '$.reserved')), 0) AS reserved FROM records WHERE tenant = ? AND kind = 'function' AND json_extract(record, '$.reserved') IS NOT NULL",
  );
  const bytes = db.prepare("SELECT zip_bytes AS bytes FROM totals WHERE tenant = ?");
  const count = db.prepare("SELECT records FROM totals WHERE tenant = ?");
  return {
    layerNames: (tenant: string, after: string, count: number) => layers.all(tenant, after, count).map((row) => String(row["owner"])),
    nextLayerVersion: (tenant: string, layer: string) => write(() => Number(next.get(tenant, layer)?.["last"])),
    ofUrl(id: string) {
      const row = ofUrl.get(id);
      return row && { tenant: String(row["tenant"]), function: String(row["owner"]), qualifier: String(row["key"]) };
    },
    unfinished: () => unfinished.all().map((row) => ({ tenant: String(row["tenant"]), name: String(row["key"]) })),
    provisioning: () => provisioning.all().map((row) => ({ tenant: String(row["tenant"]), name: String(row["owner"]) })),
    functionsIn: (tenant: string, app: string) => inApp.all(tenant, app).map((row) => String(row["key"])),
    allEventSources: () =>
      sources.all().map((row) => ({ tenant: String(row["tenant"]), record: JSON.parse(String(row["record"])) as EventSourceRecord })),
    functionLike(tenant: string, name: string) {
      const row = like.get(tenant, name);
      return row && String(row["key"]);
    },
    functionsSignedBy: (tenant: string, id: string, after: string, most: number) =>
      signed.all(tenant, id, after, most).map((row) => String(row["key"])),
    reservedInAll: (tenant: string) => Number(reserved.get(tenant)?.["reserved"]),
    removeFunction(tenant: string, name: string, leaves?: string) {
      const files = zipsOf.all(tenant, name, name);
      writeByAllMeans(() => {
        owned.run(tenant, name);
        itself.run(tenant, name);
        notes.run(tenant, name);
        sourcesOf.run(tenant, name);
        if (leaves !== undefined) left.run(tenant, name, leaves);
      });
      releaseAll(files);
    },
    removeTenant(tenant: string) {
      const files = zipsOfTenant.all(tenant);
      writeByAllMeans(() => {
        everything.run(tenant);
        numbers.run(tenant);
        totals.run(tenant);
        unsettled.run(tenant);
      });
      releaseAll(files);
    },
    zipBytes: (tenant: string | null) => Number((tenant === null ? allFiles.get() : tenantsFiles.get(tenant))?.["bytes"]),
    codeBytes: (tenant: string) => Number(bytes.get(tenant)?.["bytes"] ?? 0),
    countRecords: (tenant: string) => Number(count.get(tenant)?.["records"] ?? 0),
  };
}

function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, file);
  }
}
