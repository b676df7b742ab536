/**
 * The definitions of appliances, by id, in one SQLite file of the state folder. Their names are claimed in the catalog.
 * A definition is on disk when `save` returns. Variables may be secrets, so they are encrypted with the key of the secrets.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mainTenant } from "../base/ids/new-id.ts";
import { type Seal, sealedAnew } from "../store/catalog/seal.ts";
import { failureOf } from "../store/sqlite/failure.ts";
import { MigratedAlready, type Migration } from "../store/sqlite/migrate.ts";
import { openDatabase } from "../store/sqlite/open.ts";
import type { ApplianceSpec } from "./spec.ts";

export interface Definition {
  id: string;
  /** The tenant's id. */
  tenant: string;
  /** `image` in it is an id. */
  spec: ApplianceSpec;
  /** Whether the appliance should run, also after the server's next start. */
  wanted: boolean;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export interface Definitions {
  /** @param skipped called with definitions that cannot be read, because they were encrypted with another key or by another version */
  all(skipped: (name: string, error: unknown) => void): Definition[];
  /** Ids of all appliances, even of those whose definitions cannot be read. */
  ids(): string[];
  save(definition: Definition): void;
  remove(id: string): void;
  close(): void;
}

const byName = `CREATE TABLE appliances (
    name TEXT PRIMARY KEY,
    spec TEXT NOT NULL,
    env BLOB NOT NULL,
    wanted INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT`;

function migrations(seal: Seal, idOf: (name: string) => string): readonly Migration[] {
  return [byName, (db) => takeOverNames(db, seal, idOf)];
}

/**
 * Takes over what an older Mayfly stored by name. The variables are encrypted for the appliance's id instead of its name. Throws
 * MigratedAlready if there are ids.
 */
function takeOverNames(db: DatabaseSync, seal: Seal, idOf: (name: string) => string): void {
  if (db.prepare("SELECT 1 FROM pragma_table_info('appliances') WHERE name = 'id'").get() !== undefined)
    throw new MigratedAlready("the table appliances has ids");
  db.exec(`
    ALTER TABLE appliances RENAME TO old_appliances;
    CREATE TABLE appliances (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      spec TEXT NOT NULL,
      env BLOB NOT NULL,
      wanted INTEGER NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT`);
  const add = db.prepare("INSERT INTO appliances SELECT ?, ?, name, spec, ?, wanted, created_at FROM old_appliances WHERE name = ?");
  for (const row of db.prepare("SELECT name, env FROM old_appliances").all()) {
    const name = String(row["name"]);
    const id = idOf(name);
    add.run(id, mainTenant, sealedAnew(seal, SEALED_AS, name, id, row["env"] as Uint8Array), name);
  }
  db.exec("DROP TABLE old_appliances");
}

/** The place that the variables are encrypted for, so that one appliance's variables cannot be used as another's. */
const SEALED_AS = "appliance env";

/** @param idOf claims a name for an appliance that an older Mayfly stored, and returns its id */
export function openDefinitions(file: string, seal: Seal, idOf: (name: string) => string): Definitions {
  const db = openDatabase(file, { durability: "full", migrations: migrations(seal, idOf) });
  return {
    all(skipped) {
      const rows = db.prepare("SELECT * FROM appliances ORDER BY tenant, name").all();
      return rows.flatMap((row) => {
        try {
          return [definitionOf(row, seal)];
        } catch (error) {
          skipped(String(row["name"]), error);
          return [];
        }
      });
    },
    ids: () =>
      db
        .prepare("SELECT id FROM appliances")
        .all()
        .map(({ id }) => String(id)),
    save: (definition) => telling(file, () => save(db, seal, definition)),
    remove: (id) => telling(file, () => void db.prepare("DELETE FROM appliances WHERE id = ?").run(id)),
    close: () => db.close(),
  };
}

/**
 * Ids of the images that the appliances of a state folder use, running or not. The file is only read, so this also works while a server has
 * the folder.
 */
export function imagesOfAppliances(stateDir: string): string[] {
  const file = definitionsFile(stateDir);
  if (!existsSync(file)) return [];
  return telling(file, () => {
    using db = new DatabaseSync(file, { readOnly: true });
    const rows = db.prepare("SELECT spec FROM appliances").all();
    return rows.map(({ spec }) => (JSON.parse(String(spec)) as ApplianceSpec).image);
  });
}

export function definitionsFile(stateDir: string): string {
  return join(stateDir, "appliances.db");
}

function save(db: DatabaseSync, seal: Seal, { id, tenant, spec, wanted, createdAt }: Definition): void {
  const { env, ...open } = spec;
  const sealed = seal.seal(id, SEALED_AS, JSON.stringify(env));
  db.prepare("INSERT OR REPLACE INTO appliances (id, tenant, name, spec, env, wanted, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)").run(
    id,
    tenant,
    spec.name,
    JSON.stringify(open),
    sealed,
    wanted ? 1 : 0,
    Math.trunc(createdAt),
  );
}

function definitionOf(row: Record<string, unknown>, seal: Seal): Definition {
  const id = String(row["id"]);
  const env = JSON.parse(seal.open(id, SEALED_AS, row["env"] as Uint8Array)) as ApplianceSpec["env"];
  const spec = { ...(JSON.parse(String(row["spec"])) as Omit<ApplianceSpec, "env">), env };
  return { id, tenant: String(row["tenant"]), spec, wanted: row["wanted"] === 1, createdAt: Number(row["created_at"]) };
}

function telling<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, file);
  }
}
