import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Bucket, BucketSettings, Versioning } from "../object.ts";
import type { Used, UsedTable } from "./used.ts";

/** A bucket with the number of its row. */
export interface BucketRow extends Bucket {
  bucket: number;
}

export interface InBucket extends Used {
  /** Grows with each change of what is in it. */
  changes: number;
}

export interface NewBucket {
  name: string;
  tenant: string;
  region: string;
  isLocked: boolean;
  settings?: BucketSettings | undefined;
}

export interface BucketPage {
  prefix: string;
  /** The names after this one. */
  after: string;
  region?: string | undefined;
  most: number;
}

export interface BucketTable {
  /** Throws "no-such-bucket". */
  find(name: string): BucketRow;
}

export function createBuckets(db: DatabaseSync): BucketTable {
  const read = db.prepare("SELECT * FROM buckets WHERE name = ?");
  return {
    find(name) {
      const row = read.get(name);
      if (row === undefined) throw new MayflyError("no-such-bucket", { name });
      return rowOf(row);
    },
  };
}

export function bucketOperations(db: DatabaseSync, buckets: BucketTable, used: UsedTable) {
  const read = db.prepare("SELECT * FROM buckets WHERE name = ?");
  const insert = db.prepare("INSERT INTO buckets (name, tenant, region, created_at, versioning, settings) VALUES (?, ?, ?, ?, ?, ?)");
  const count = db.prepare("SELECT count(*) AS number FROM buckets WHERE tenant = ?");
  const page = db.prepare(
    `SELECT * FROM buckets WHERE tenant = ? AND name > ? AND substr(name, 1, length(?)) = ? AND (? IS NULL OR region = ?) ORDER BY name LIMIT ?`,
  );
  const ofApp = db.prepare("SELECT name FROM buckets WHERE settings ->> '$.app' = ? LIMIT ?");
  const apps = db.prepare("SELECT DISTINCT settings ->> '$.app' AS app FROM buckets WHERE app IS NOT NULL");
  const sums = db.prepare(
    "SELECT ifnull(settings ->> '$.app', tenant) AS owner, sum(bytes) AS bytes FROM buckets GROUP BY owner HAVING bytes > 0",
  );
  const set = db.prepare("UPDATE buckets SET settings = ?, versioning = ? WHERE bucket = ?");
  return {
    /** Returns the bucket that has the name; `isNew` is false if it had it before. Throws "object-storage-full". */
    createBucket({ bucket, now, most }: { bucket: NewBucket; now: number; most: number }): { bucket: Bucket; isNew: boolean } {
      const { name, tenant, region, isLocked, settings = {} } = bucket;
      const known = read.get(name);
      if (known !== undefined) return { bucket: shown(rowOf(known)), isNew: false };
      if (Number(count.get(tenant)!["number"]) >= most) throw new MayflyError("object-storage-full", { what: `${most} buckets` });
      const all = isLocked ? { ...settings, lock: settings.lock ?? {} } : settings;
      insert.run(name, tenant, region, now, isLocked ? "enabled" : "off", JSON.stringify(all));
      return { bucket: shown(buckets.find(name)), isNew: true };
    },
    /** Null: there is none. */
    findBucket({ name }: { name: string }): Bucket | null {
      const row = read.get(name);
      return row === undefined ? null : shown(rowOf(row));
    },
    /** In the order of their names. */
    listBuckets({ tenant, page: { prefix, after, region, most } }: { tenant: string; page: BucketPage }): Bucket[] {
      return page.all(tenant, after, prefix, prefix, region ?? null, region ?? null, most).map((row) => shown(rowOf(row)));
    },
    /** Changes the settings that are named; null takes one away. Throws "no-such-bucket". */
    setBucket({ name, settings, versioning }: { name: string; settings: BucketSettings; versioning?: Versioning | undefined }): void {
      const row = buckets.find(name);
      const all = Object.fromEntries(Object.entries({ ...row.settings, ...settings }).filter(([, value]) => value !== null));
      set.run(JSON.stringify(all), versioning ?? row.versioning, row.bucket);
    },
    /** Names of buckets that are an app's own. */
    bucketsOfApp: ({ app, most }: { app: string; most: number }): string[] => ofApp.all(app, most).map(({ name }) => String(name)),
    /** Ids of the apps that have such. */
    appsWithBuckets: (): string[] => apps.all().map(({ app }) => String(app)),
    used: ({ tenant }: { tenant: string }) => used.of(tenant),
    /** What whose buckets keep: of apps, and of tenants themselves. */
    kept: (): { owner: string; bytes: number }[] => sums.all().map(({ owner, bytes }) => ({ owner: String(owner), bytes: Number(bytes) })),
    /** What is in a bucket, as it counts for its tenant. Throws "no-such-bucket". */
    inBucket({ name }: { name: string }): InBucket {
      const row = read.get(name);
      if (row === undefined) throw new MayflyError("no-such-bucket", { name });
      return { objects: Number(row["objects"]), bytes: Number(row["bytes"]), changes: Number(row["changes"]) };
    },
  };
}

function rowOf(row: Record<string, unknown>): BucketRow {
  return {
    bucket: Number(row["bucket"]),
    name: String(row["name"]),
    tenant: String(row["tenant"]),
    region: String(row["region"]),
    createdAt: Number(row["created_at"]),
    versioning: String(row["versioning"]) as Versioning,
    settings: JSON.parse(String(row["settings"])) as BucketSettings,
  };
}

function shown({ bucket: _number, ...bucket }: BucketRow): Bucket {
  return bucket;
}
