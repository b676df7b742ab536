/**
 * What appliances there are, in one SQLite file of the state folder.
 *
 * A definition is on disk when `save` returns. Variables may be secrets: they are sealed with the key of the secrets.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Seal } from "../store/catalog/seal.ts";
import { failureOf } from "../store/sqlite/failure.ts";
import type { Migration } from "../store/sqlite/migrate.ts";
import { openDatabase } from "../store/sqlite/open.ts";
import type { ApplianceSpec } from "./spec.ts";

export interface Definition {
  /** `image` is an id. */
  spec: ApplianceSpec;
  /** Whether it is to run: at the server's next start, too. */
  wanted: boolean;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export interface Definitions {
  /** @param skipped told of those that cannot be read: sealed with another key, or not of this version */
  all(skipped: (name: string, error: unknown) => void): Definition[];
  save(definition: Definition): void;
  remove(name: string): void;
  close(): void;
}

const migrations: readonly Migration[] = [
  `CREATE TABLE appliances (
    name TEXT PRIMARY KEY,
    spec TEXT NOT NULL,
    env BLOB NOT NULL,
    wanted INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT`,
];

/** The sealed text's place, so that one appliance's variables cannot be passed off as another's. */
const SEALED_AS = "appliance env";

export function openDefinitions(file: string, seal: Seal): Definitions {
  const db = openDatabase(file, { durability: "full", migrations });
  return {
    all(skipped) {
      const rows = db.prepare("SELECT * FROM appliances ORDER BY name").all();
      return rows.flatMap((row) => {
        try {
          return [definitionOf(row, seal)];
        } catch (error) {
          skipped(String(row["name"]), error);
          return [];
        }
      });
    },
    save: (definition) => telling(file, () => save(db, seal, definition)),
    remove: (name) => telling(file, () => void db.prepare("DELETE FROM appliances WHERE name = ?").run(name)),
    close: () => db.close(),
  };
}

/** Ids of the images that the appliances of a state folder are of, running or not; only read, also while a server has the folder. */
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

function save(db: DatabaseSync, seal: Seal, { spec, wanted, createdAt }: Definition): void {
  const { env, ...open } = spec;
  const sealed = seal.seal(spec.name, SEALED_AS, JSON.stringify(env));
  db.prepare("INSERT OR REPLACE INTO appliances (name, spec, env, wanted, created_at) VALUES (?, ?, ?, ?, ?)").run(
    spec.name,
    JSON.stringify(open),
    sealed,
    wanted ? 1 : 0,
    Math.trunc(createdAt),
  );
}

function definitionOf(row: Record<string, unknown>, seal: Seal): Definition {
  const name = String(row["name"]);
  const env = JSON.parse(seal.open(name, SEALED_AS, row["env"] as Uint8Array)) as ApplianceSpec["env"];
  const spec = { ...(JSON.parse(String(row["spec"])) as Omit<ApplianceSpec, "env">), env };
  return { spec, wanted: row["wanted"] === 1, createdAt: Number(row["created_at"]) };
}

function telling<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, file);
  }
}
